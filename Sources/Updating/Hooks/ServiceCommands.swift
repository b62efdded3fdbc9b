import Primitives
import Releases
import UpdatePlan

/// Stops, starts and asks after what runs the product: systemd units that the release names, or the administrator's
/// commands in their place.
struct ServiceCommands {
    let commands: InstanceCommands
    let settings: ServiceSettings
    var services: [ServiceName]

    static let systemctl = "/usr/bin/systemctl"

    func stop() -> CommandOutcome {
        // What was started last is stopped first.
        run(settings.stop, ["stop"], services.reversed())
    }

    /// Also what runs already is started anew: it runs the release of before.
    func start() -> CommandOutcome { run(settings.start, ["restart"], services) }

    /// Only what does not run.
    func startWhatStands() -> CommandOutcome { run(settings.start, ["start"], services) }

    /// Whether every unit runs; commands cannot be asked.
    func areActive() -> CommandOutcome { run([], ["is-active"], services) }

    private func run(
        _ command: [String], _ verb: [String], _ services: [ServiceName]
    ) -> CommandOutcome {
        switch settings.through {
        case .none: return .done("")
        case .commands: return commands.command(command, settings.timeLimit)
        case .systemd:
            guard !services.isEmpty else { return .done("") }
            return commands.command(
                [Self.systemctl] + verb + ["--"] + services.map(\.description), settings.timeLimit)
        }
    }
}
