import DurableStorage
import Primitives
import Processes
import Releases
import SystemPackage
import Transport
import UpdatePlan

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
    let configuration: AgentConfiguration
    let storage: DurableStorage
    let folders: InstanceFolders
    let running: RunningCheck
    private let file: FilePath?
    /// Finds a user of this machine.
    private let user: (String) throws -> ProcessUser
    /// Why nobody can listen at an address; nil when that is no matter.
    private let obstacle: (ListenAddress) -> String?

    /// - Parameters:
    ///   - file: where the configuration was read from.
    ///   - user: finds a user of this machine.
    ///   - run: asks systemd whether it is there.
    package init(
        _ configuration: AgentConfiguration, from file: FilePath? = nil, storage: DurableStorage,
        user: @escaping (String) throws -> ProcessUser = { try ProcessUser.named($0) },
        run: @escaping (ProcessRequest) throws -> ProcessResult = { try ProcessRunner().run($0) },
        obstacle: @escaping (ListenAddress) -> String? = { _ in nil }
    ) {
        self.configuration = configuration
        self.storage = storage
        self.obstacle = obstacle
        self.file = file
        self.user = user
        running = RunningCheck(
            configuration, user: storage.user, isExecutable: { storage.isExecutable($0) }, run: run, find: user)
        folders = InstanceFolders(configuration)
    }

    package func findings() -> [ConfigurationFinding] {
        own() + fetching() + state() + prefix() + release() + around() + telling()
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

    /// Whether `worker.user` cannot read it, as far as its mode tells.
    private func isHidden(_ file: FilePath) -> Bool {
        guard storage.user == 0, let name = configuration.worker.user, let user = try? user(name), user.uid != 0,
            let info = try? storage.info(file), info.kind == .file
        else { return false }
        return info.permissions.rawValue & (info.owner == user.uid ? 0o400 : 0o044) == 0
    }

    // MARK: fetching

    private func fetching() -> [ConfigurationFinding] {
        var findings: [ConfigurationFinding] = []
        let goesThroughTor = configuration.transport.proxy?.hasPrefix("socks5h://") == true
        for mirror in configuration.mirrors where Self.isOnion(mirror) && !goesThroughTor {
            findings.append(
                fatal("mirrors", "\(mirror) can be reached through Tor only", "set proxy: socks5h://127.0.0.1:9050"))
        }
        if let file = configuration.transport.authorities { findings += authorities(file) }
        if !configuration.log.isRequired {
            findings.append(
                remark(
                    "transparency", "off: nobody would see what is published for this instance alone",
                    "set transparency: required if the product has a log"))
        }
        return findings
    }

    /// Far more than all authorities of the world.
    private static let authoritiesLimit = 16 << 20

    private func authorities(_ file: FilePath) -> [ConfigurationFinding] {
        guard let bytes = try? storage.read(file, limit: Self.authoritiesLimit), !isHidden(file) else {
            return [
                fatal(
                    "ca_file", "\(file) cannot be read by who asks the servers", "check the path, and who may read it")
            ]
        }
        guard !String(decoding: bytes, as: UTF8.self).contains("-----BEGIN CERTIFICATE-----") else { return [] }
        return [
            fatal(
                "ca_file", "\(file) holds no certificate in PEM form",
                "a certificate in it begins with -----BEGIN CERTIFICATE-----; "
                    + "openssl x509 -inform der makes one of a .der file")
        ]
    }

    private static func isOnion(_ mirror: String) -> Bool {
        let rest = mirror.split(separator: "/", omittingEmptySubsequences: false).dropFirst(2).first ?? ""
        let host = rest.split(separator: "@").last?.split(separator: ":").first ?? ""
        return host.lowercased().hasSuffix(".onion")
    }

    // MARK: programs

    private func around() -> [ConfigurationFinding] {
        let (install, services) = (configuration.install, configuration.services)
        var findings =
            otherUser(configuration.hooks.user, "hooks.user") + otherUser(configuration.worker.user, "worker.user")
        for window in install.windows?.windows ?? [] where window.from == window.to {
            findings.append(
                remark(
                    "window", "\(window) is the whole day",
                    "correct from or to, or take the window out: any time is good then"))
        }
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
        running.otherUser(name).map {
            [fatal(key, $0, "run the agent as root and make the user, or correct the name or take the key out")]
        } ?? []
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
