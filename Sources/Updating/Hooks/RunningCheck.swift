import Primitives
import Processes
import SystemPackage

/// Looks whether this agent can run what a release brings, without running any of it. One look for `check-config` and for
/// updates.
struct RunningCheck {
    private let configuration: AgentConfiguration
    /// The number of the agent's own user.
    private let own: UInt32
    private let isExecutable: (FilePath) -> Bool
    private let run: (ProcessRequest) throws -> ProcessResult
    private let find: (String) throws -> ProcessUser

    /// - Parameter find: finds a user of this machine by name.
    init(
        _ configuration: AgentConfiguration, user own: UInt32, isExecutable: @escaping (FilePath) -> Bool,
        run: @escaping (ProcessRequest) throws -> ProcessResult,
        find: @escaping (String) throws -> ProcessUser = { try ProcessUser.named($0) }
    ) {
        (self.configuration, self.own) = (configuration, own)
        (self.isExecutable, self.run, self.find) = (isExecutable, run, find)
    }

    /// What keeps programs from being run as `name`.
    func otherUser(_ name: String?) -> String? {
        guard let name else { return nil }
        guard let user = try? find(name) else { return "this machine has no user \(name)" }
        return own == 0 || own == user.uid ? nil : "only root can run programs as \(name)"
    }

    /// Long enough for a machine that has much to do.
    private static let patience = Duration.seconds(30)

    /// What keeps `systemctl` from being of use, where services are its business: it is asked what changes nothing.
    func serviceManager() -> String? {
        guard configuration.services.through == .systemd else { return nil }
        let systemctl = ServiceCommands.systemctl
        guard isExecutable(FilePath(systemctl)) else { return "\(systemctl) is not here" }
        let request = ProcessRequest(
            executable: FilePath(systemctl), arguments: ["show", "--property=Version"],
            environment: ["PATH": InstanceCommands.path, "LANG": "C.UTF-8"], timeLimit: Self.patience)
        do {
            let result = try run(request)
            let output = String(decoding: result.output, as: UTF8.self)
            // Where systemd is away on purpose, in a chroot for instance, systemctl does nothing and calls that good.
            if result.succeeded, output.hasPrefix("Version=") { return nil }
            let outcome = CommandOutcome.refused("\(systemctl) show \(result.outcome.text)", output)
            return outcome.trouble
        } catch let fault as any ReportableFault {
            return "\(systemctl) could not be run: [\(fault.codeText)] \(fault.message)"
        } catch {
            return "\(systemctl) could not be run"
        }
    }
}
