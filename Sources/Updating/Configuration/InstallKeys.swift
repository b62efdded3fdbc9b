import Settings
import SystemPackage
import UpdatePlan

extension AgentConfiguration {
    /// When, and how far by itself.
    static let installKeys: [ConfigurationKey] = [
        .integer(
            "poll", "minutes", in: 5...10080,
            "How often sceau-agent run looks for a release; a quarter more or less, by chance, so that instances do not all ask at "
                + "once.", \.install.poll),
        .word(
            "mode",
            "automatic: releases are installed when nothing stands against it. download: they are made ready and verified, and "
                + "installed in the next window, or when sceau-agent approve says so. notify: they are only reported.",
            \.install.mode),
        ConfigurationKey(
            "window", "days, from, to, time_zone; or a list of such",
            "When releases may be installed; without it at any time. They are fetched and made ready before. For example "
                + "{days: [tue, thu], from: '02:00', to: '05:00', time_zone: Europe/Brussels}; without days it is every day."
        ) {
            $1.install.windows = try UpdateWindows.decode($0, zones: TimeZoneFile())
        } value: { configuration in
            configuration.install.windows.map { "[" + $0.windows.map(\.text).joined(separator: ", ") + "]" }
        },
        .flag("critical_at_any_time", "A critical release does not wait for a window.", \.install.criticalAtAnyTime),
        .table(
            "lock",
            "A command that is run before the switch, and one that is run after it: so that two nodes of a pair are never down "
                + "together. Status 0 of the first: this node has the lock.",
            of: [
                .command("take", "Takes the lock, or ends with another status at once.", \.install.lock.take),
                .command("give_back", "Gives it back; it may be run twice.", \.install.lock.giveBack),
                .seconds("seconds", in: 1...3600, "How long each may run.", \.install.lock.timeLimit),
            ]),
    ]

    /// What is done around the switch.
    static let aroundKeys: [ConfigurationKey] = [
        .table(
            "worker",
            "The processes that ask servers and build releases' trees. Each reaches nothing but what its work takes.",
            of: [
                ConfigurationKey(
                    "user", "a user of this machine",
                    "As whom, where the agent runs as root; without it as the agent itself.",
                    read: { $1.worker.user = try $0.text() }, value: { $0.worker.user.map(yamlScalar) })
            ]),
        .table(
            "hooks", "How the programs that releases bring are run.",
            of: [
                ConfigurationKey(
                    "user", "a user of this machine", "As whom; without it as the agent itself.",
                    read: { $1.hooks.user = try $0.text() }, value: { $0.hooks.user.map(yamlScalar) })
            ]),
        .table(
            "services", "How what runs the product is stopped and started.",
            of: [
                .word(
                    "through",
                    "systemd: the units that the release names. commands: those below in their place. none: not by the agent.",
                    \.services.through),
                .command("start", "Starts it, or starts it anew.", \.services.start),
                .command("stop", "Stops it, before data are changed.", \.services.stop),
                .seconds("seconds", in: 1...86_400, "How long each may take.", \.services.timeLimit),
            ]),
        .table(
            "health", "Your own look at a new release, besides the one it brings itself.",
            of: [
                .command("run", "Status 0: it is well.", \.health.run),
                .seconds("seconds", in: 1...3600, "How long one try may take.", \.health.timeLimit),
                .seconds("every", in: 1...3600, "Between two tries, where the release does not say.", \.health.every),
                .seconds(
                    "within", in: 1...86_400, "After so long it counts as broken, where the release does not say.",
                    \.health.within),
            ]),
    ]
}

extension UpdateWindow {
    fileprivate var text: String {
        func time(_ minutes: Int) -> String {
            let (hour, minute) = minutes.quotientAndRemainder(dividingBy: 60)
            return "'" + [hour, minute].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":") + "'"
        }
        let days = Weekday.allCases.filter(self.days.contains).map(\.name).joined(separator: ", ")
        return "{days: [\(days)], from: \(time(from)), to: \(time(to)), time_zone: \(yamlScalar(zone.name))}"
    }
}
