import Primitives
import Processes
import Releases
import SystemPackage
import UpdatePlan

/// Runs programs around a switch: the release's hooks, the administrator's commands, and `systemctl`. What a program
/// says is kept; that it says no is no fault of the agent's.
struct InstanceCommands {
    let configuration: AgentConfiguration
    let folders: InstanceFolders
    let step: UpdateStep
    let run: (ProcessRequest) throws -> ProcessResult

    /// Bytes of one program's output that are kept.
    private static let outputLimit = 64 << 10
    /// Where programs look for others.
    static let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

    /// Where a program may be that a hook calls `tool`, a name or an absolute path.
    static func places(of tool: String) -> [FilePath] {
        let place = FilePath(tool)
        guard !place.isAbsolute else { return [place] }
        return path.split(separator: ":").map { FilePath(String($0)).appending(place.components) }
    }

    // MARK: the release's programs

    /// Runs a hook out of the tree of `version`, in that tree.
    func hook(_ hook: InstallSection.Hook, of version: Version) -> CommandOutcome {
        let tree = folders.tree(version)
        guard let program = hook.run.first else { return .refused("a hook without a program", "") }
        return perform(program.description) {
            ProcessRequest(
                executable: tree.appending(program.asWritten), arguments: hook.run.dropFirst().map(\.asWritten),
                environment: environment(version, user: try user()), folder: tree, user: try user(),
                timeLimit: .seconds(hook.seconds), outputLimit: Self.outputLimit)
        }
    }

    private func user() throws -> ProcessUser? { try configuration.hooks.user.map(ProcessUser.named) }

    // MARK: the administrator's programs

    /// Runs a command of the configuration, as the agent itself.
    func command(_ words: [String], _ seconds: Duration, input: [UInt8] = []) -> CommandOutcome {
        guard let program = words.first else { return .done("") }
        return perform(program) {
            ProcessRequest(
                executable: FilePath(program), arguments: Array(words.dropFirst()),
                environment: environment(step.to, user: nil), folder: "/", timeLimit: seconds,
                outputLimit: Self.outputLimit, input: input)
        }
    }

    private func perform(
        _ name: String, _ request: () throws -> ProcessRequest
    ) -> CommandOutcome {
        do {
            let result = try run(try request())
            let output = String(decoding: result.output, as: UTF8.self)
            if result.succeeded { return .done(output) }
            return .refused("\(name) \(result.outcome.text)", output)
        } catch let fault as any ReportableFault {
            return .notRun("\(name) could not be run: [\(fault.codeText)] \(fault.message)")
        } catch {
            return .notRun("\(name) could not be run")
        }
    }

    /// What every program gets, and nothing else: nothing of the agent's own environment reaches it.
    private func environment(_ version: Version, user: ProcessUser?) -> [String: String] {
        var environment = [
            "PATH": Self.path, "LANG": "C.UTF-8", "HOME": user?.home.string ?? "/",
            "SCEAU_PRODUCT": configuration.product.description, "SCEAU_CHANNEL": configuration.channel.description,
            "SCEAU_KIND": step.kind.rawValue, "SCEAU_TO": step.to.description,
            "SCEAU_TREE": folders.tree(version).string, "SCEAU_PREFIX": folders.prefix.string,
            "SCEAU_SHARED": folders.shared.string,
        ]
        if let from = step.from { environment["SCEAU_FROM"] = from.description }
        return environment
    }
}

/// How a program that was run around a switch ended.
enum CommandOutcome {
    /// With what it said.
    case done(String)
    /// Why, in one line; and what it said.
    case refused(String, String)
    /// The same; the line holds already what of its words is worth it.
    case explained(String, String)
    /// It never began, and why: that says nothing of what it would have said.
    case notRun(String)

    var output: String {
        switch self {
        case .done(let output), .refused(_, let output), .explained(_, let output): output
        case .notRun: ""
        }
    }

    /// The same, where one that never began counts as a no.
    var asRefusal: CommandOutcome {
        if case .notRun(let reason) = self { .refused(reason, "") } else { self }
    }

    /// Nil: all is well. Otherwise one line with the last thing the program said.
    var trouble: String? { trouble(keptIn: nil) }

    /// The same, naming the file with all that the program said.
    func trouble(keptIn file: String?) -> String? {
        switch self {
        case .done: return nil
        case .notRun(let reason), .explained(let reason, _): return reason
        case .refused(let reason, let output):
            let last = output.split(whereSeparator: \.isNewline).last { !$0.allSatisfy(\.isWhitespace) }
            let place = file.map { " (\($0))" } ?? ""
            return last.map { "\(reason)\(place); it said last: \($0)" } ?? reason
        }
    }
}

extension ProcessResult.Outcome {
    /// For people: `PROGRAM …`.
    var text: String {
        switch self {
        case .exited(let status): "ended with status \(status)"
        case .signalled(let signal): "was ended by signal \(signal)"
        case .timedOut: "took too long and was ended"
        }
    }
}

extension ByteString {
    /// Every character as it was signed, for paths and arguments; `description` is for people.
    var asWritten: String { String(decoding: bytes, as: UTF8.self) }
}
