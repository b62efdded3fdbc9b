import Primitives
import Processes
import Releases
import SystemPackage
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
            let command = [Self.systemctl, "--no-ask-password"] + verb + ["--"] + services.map(\.description)
            return Self.explained(commands.command(command, settings.timeLimit), verb)
        }
    }

    /// systemctl says first what is wrong, and last where one could read more.
    private static func explained(_ outcome: CommandOutcome, _ verb: [String]) -> CommandOutcome {
        guard case .refused(_, let output) = outcome,
            let first = output.split(whereSeparator: \.isNewline).first
        else { return outcome }
        let isForbidden = ["authentication required", "Access denied"].contains { first.contains($0) }
        let advice =
            isForbidden
            ? " The agent's user may not do that: name the unit in a rule for polkit (50-sceau.rules), or let the agent run as root"
            : ""
        return .explained("systemctl \(verb.joined(separator: " ")): \(first)\(advice)", output)
    }

    /// Whether systemd is stopping everything; where there is none, it is not.
    static func isMachineStopping(_ run: (ProcessRequest) throws -> ProcessResult) -> Bool {
        let question = ProcessRequest(
            executable: FilePath(systemctl), arguments: ["is-system-running"], environment: ["LANG": "C.UTF-8"],
            timeLimit: .seconds(10), outputLimit: 1024)
        let answer = (try? run(question))?.output ?? []
        return answer.starts(with: Array("stopping".utf8))
    }
}
