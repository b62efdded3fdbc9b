import DurableStorage
import Primitives
import Processes
import Releases
import SystemPackage
import Transport

/// Something about a configuration that is valid, and yet may not do what it is for.
package struct ConfigurationFinding: Hashable, Sendable {
    /// The key or path.
    package let about: String
    package let problem: String
    /// What to do.
    package let advice: String
    /// Something would fail. Otherwise it may be meant so.
    package let isFatal: Bool
}

/// Looks at what can be seen of a configuration from this machine, without asking any server, and changes nothing.
package struct ConfigurationCheck {
    private let configuration: AgentConfiguration
    let storage: DurableStorage
    private let folders: InstanceFolders
    private let file: FilePath?
    /// Finds a user of this machine.
    private let user: (String) throws -> ProcessUser
    /// Why nobody can listen at an address; nil when that is no matter.
    private let obstacle: (ListenAddress) -> String?

    private static let systemctl: FilePath = "/usr/bin/systemctl"

    /// `file` is where the configuration was read from.
    package init(
        _ configuration: AgentConfiguration, from file: FilePath? = nil, storage: DurableStorage,
        user: @escaping (String) throws -> ProcessUser = { try ProcessUser.named($0) },
        obstacle: @escaping (ListenAddress) -> String? = { _ in nil }
    ) {
        self.configuration = configuration
        self.storage = storage
        self.user = user
        self.obstacle = obstacle
        self.file = file
        folders = InstanceFolders(configuration)
    }

    package func findings() -> [ConfigurationFinding] {
        own() + fetching() + state() + prefix() + around() + telling()
    }

    func fatal(_ about: String, _ problem: String, _ advice: String) -> ConfigurationFinding {
        ConfigurationFinding(about: about, problem: problem, advice: advice, isFatal: true)
    }

    func remark(_ about: String, _ problem: String, _ advice: String) -> ConfigurationFinding {
        ConfigurationFinding(about: about, problem: problem, advice: advice, isFatal: false)
    }

    /// It says what is run as the agent.
    private func own() -> [ConfigurationFinding] {
        file.map { writers($0, "the configuration") } ?? []
    }

    // MARK: fetching

    private func fetching() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        let goesThroughTor = configuration.transport.proxy?.hasPrefix("socks5h://") == true
        for mirror in configuration.mirrors where Self.isOnion(mirror) && !goesThroughTor {
            findings.append(
                fatal("mirrors", "\(mirror) can be reached through Tor only", "set proxy: socks5h://127.0.0.1:9050"))
        }
        if let file = configuration.transport.authorities, (try? ReadableFile(file)) == nil {
            findings.append(fatal("ca_file", "\(file) cannot be read", "check the path, and who may read it"))
        }
        if !configuration.log.isRequired {
            findings.append(
                remark(
                    "transparency", "off: nobody would see what is published for this instance alone",
                    "set transparency: required if the product has a log"))
        }
        return findings
    }

    private static func isOnion(_ mirror: String) -> Bool {
        let rest = mirror.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first ?? ""
        let host = rest.split(separator: "@").last?.split(separator: ":").first ?? ""
        return host.lowercased().hasSuffix(".onion")
    }

    // MARK: folders

    private func state() -> [ConfigurationFinding] {
        let (state, prefix) = (configuration.state, configuration.prefix)
        var findings: [ConfigurationFinding] = []
        if state.starts(with: prefix) || prefix.starts(with: state) {
            findings.append(fatal("state", "\(state) and the prefix are one inside the other", "choose folders apart"))
        }
        guard exists(state) else {
            let advice = "run sceau-agent init --root root.json with the root the publisher gave you"
            return findings + [fatal("state", "\(state) is not there yet", advice)] + parent(of: state, "state")
        }
        findings += folder(state, "state")
        guard mayLook(into: state) else { return findings }
        if let foreign = foreignInState {
            findings.append(
                fatal(
                    "state", "there is \"\(foreign)\" in \(state), which is not the agent's",
                    "name a folder for the agent alone"))
        } else if !exists(folders.pinnedRoot) {
            findings.append(
                fatal(
                    "state", "no root is trusted yet",
                    "run sceau-agent init --root root.json with the root the publisher gave you"))
        }
        return findings
    }

    private func mayLook(into path: FilePath) -> Bool {
        do {
            _ = try storage.info(path.appending("."))
            return true
        } catch { return false }
    }

    /// Of a folder that is the agent's nothing is asked: what is not its own in there it leaves, or clears away.
    private var foreignInState: String? {
        guard !exists(folders.pinnedRoot) else { return nil }
        return (try? Instance(folders: folders, storage: storage).foreignInState()) ?? nil
    }

    private func prefix() -> [ConfigurationFinding] {
        let prefix = configuration.prefix
        return exists(prefix) ? folder(prefix, "prefix") : parent(of: prefix, "prefix")
    }

    private func exists(_ path: FilePath) -> Bool { ((try? storage.info(path)) ?? nil) != nil }

    /// What has to be made first.
    private func parent(of path: FilePath, _ key: String) -> [ConfigurationFinding] {
        var place = path.folder
        while !place.isEmpty, place != "/", !exists(place) { place = place.folder }
        guard !storage.isWritable(place) else { return [] }
        return [fatal(key, "\(path) cannot be made in \(place)", "make it, and give it to the agent's user")]
    }

    // MARK: programs

    private func around() -> [ConfigurationFinding] {
        let (install, services) = (configuration.install, configuration.services)
        var findings =
            otherUser(configuration.hooks.user, "hooks.user") + otherUser(configuration.worker.user, "worker.user")
        findings += program(install.lock.take, "lock.take") + program(install.lock.giveBack, "lock.give_back")
        findings += program(services.start, "services.start") + program(services.stop, "services.stop")
        findings += program(configuration.health.run, "health.run")
        if !install.lock.take.isEmpty, install.lock.giveBack.isEmpty {
            findings.append(
                remark(
                    "lock.give_back", "the lock is taken and never given back",
                    "set give_back, unless it ends by itself"))
        }
        switch services.through {
        case .systemd where !storage.isExecutable(Self.systemctl):
            findings.append(
                fatal(
                    "services.through", "systemd, but \(Self.systemctl) is not here",
                    "set services: {through: commands, …}, or through: none"))
        case .commands where services.start.isEmpty:
            findings.append(
                fatal(
                    "services.start", "services are started by a command, and there is none",
                    "set start, or through: none"))
        case .systemd where !(services.start + services.stop).isEmpty,
            .none where !(services.start + services.stop).isEmpty:
            findings.append(
                remark(
                    "services", "start and stop are not used with through: \(services.through.rawValue)",
                    "set through: commands to use them"))
        default: break
        }
        return findings
    }

    private func otherUser(_ name: String?, _ key: String) -> [ConfigurationFinding] {
        guard let name else { return [] }
        do {
            let user = try user(name)
            guard storage.user != 0, storage.user != user.uid else { return [] }
            return [
                fatal(key, "only root can run programs as \(name)", "run the agent as root, or take the key out")
            ]
        } catch {
            return [fatal(key, "this machine has no user \(name)", "make the user, or correct the name")]
        }
    }

    private func program(_ words: [String], _ key: String) -> [ConfigurationFinding] {
        guard let program = words.first else { return [] }
        let path = FilePath(program)
        guard !storage.isExecutable(path) else { return writers(path, key) }
        let isThere = exists(path)
        return [
            fatal(
                key, isThere ? "\(path) cannot be executed" : "\(path) is not here",
                isThere ? "chmod +x \(path), or correct the path" : "install it, or correct the path")
        ]
    }

    // MARK: telling

    private func telling() -> [ConfigurationFinding] {
        let (notify, metrics) = (configuration.notify, configuration.metrics)
        var findings = program(notify.command, "notify.command")
        if !notify.mail.isEmpty { findings += program(notify.sendmail, "notify.sendmail") }
        if notify.channels.isEmpty {
            findings.append(
                remark(
                    "notify", "nobody is told when an update fails or the metadata expires",
                    "set notify: {mail: [you@example.org]}, or a command"))
        }
        if let folder = metrics.file?.folder, !storage.isWritable(folder) {
            findings.append(
                fatal(
                    "metrics.file", "\(folder) is not here, or cannot be written",
                    "make it, and give it to the agent's user"))
        }
        if let listen = metrics.listen, !listen.isLoopback {
            findings.append(
                remark(
                    "metrics.listen", "\(listen) may be reached from other machines",
                    "use 127.0.0.1 unless something guards it: the numbers say which release runs here"))
        }
        if let listen = metrics.listen, let obstacle = obstacle(listen) {
            findings.append(
                fatal(
                    "metrics.listen", "sceau-agent run could not listen on \(listen): \(obstacle)",
                    "choose another port, or end what listens there"))
        }
        return findings
    }
}
