import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Releases
import SystemPackage
import Updating

/// `--config` and `--json`, which every command has.
struct InstanceOptions: ParsableArguments {
    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("The instance's configuration (default: the only file in /etc/sceau).", valueName: "file"))
    var file: FilePath?

    @OptionGroup var json: JSONOption

    func configuration() throws -> AgentConfiguration { try ConfigurationFile.load(try located(), DurableStorage()) }

    /// Where the configuration is.
    func located() throws -> FilePath { try ConfigurationFile.locate(named: file, DurableStorage()) }

    /// Runs `body` with the agent of the configuration. A fault says how the instance stands after it.
    ///
    /// `isStopping` is as in `AgentPorts`.
    func withAgent<Result>(
        isStopping: @escaping () -> Bool = { false }, _ body: (Agent) throws -> Result
    ) throws -> Result {
        try withAgent(
            making: { configuration, storage, progress in
                try Agent.overHTTP(
                    configuration, storage: storage, now: SystemClock.now(), agentVersion: try Version(Tool.version),
                    isStopping: isStopping, workers: .ownProgram, progress: progress)
            }, body)
    }

    /// The same with an agent that asks a bundle instead of the configured mirrors.
    func withAgent<Result>(asking bundle: FilePath, _ body: (Agent) throws -> Result) throws -> Result {
        try withAgent(
            making: { configuration, storage, progress in
                Agent.offline(
                    configuration, try BundleMirror(bundle, storage: storage), storage: storage,
                    now: SystemClock.now(), agentVersion: try Version(Tool.version), workers: .ownProgram,
                    progress: progress)
            }, body)
    }

    private typealias Making = (AgentConfiguration, DurableStorage, @escaping (AgentProgress) -> Void) throws -> Agent

    private func withAgent<Result>(making make: Making, _ body: (Agent) throws -> Result) throws -> Result {
        let (storage, configuration) = (DurableStorage(), try configuration())
        return try namingConfiguration {
            try configuration.becomeOwner(storage)
            return try showingProgress { progress in
                let agent = try make(configuration, storage, progress)
                let before = agent.linkedVersion
                return try stating(after: { agent.stateInWords(before: before, after: $0) }) { try body(agent) }
            }
        }
    }

    // MARK: what is said

    /// Prints the report in the form that was asked for. Commands in the lines are for this instance.
    func print(_ object: @autoclosure () -> JSONObject, orText lines: @autoclosure () -> [String]) throws {
        try json.print(object(), orText: lines().map(commands.named))
    }

    private var commands: TypedCommands { TypedCommands(configuration: file) }

    /// Commands in the hint of a fault are for this instance.
    private func namingConfiguration<Result>(_ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let fault as any ReportableFault {
            throw HintedFault(fault: fault, hint: fault.hint.map(commands.named))
        }
    }

    /// Says on standard error which mirrors could not be used, though another one could.
    func warn(_ complaints: [MirrorComplaint]) {
        for complaint in complaints {
            // What cannot be said is lost; the report itself matters more.
            try? StandardError.print(
                "sceau-agent: warning: \(complaint.mirror) was passed over: "
                    + "[\(complaint.fault.codeText)] \(complaint.fault.message)")
        }
    }
}

/// Runs `body`, which says what it is busy with, and shows that on a terminal.
func showingProgress<Result>(_ body: (@escaping (AgentProgress) -> Void) throws -> Result) throws -> Result {
    let display = ProgressDisplay()
    defer { display.finish() }
    return try body { display.show($0) }
}

/// The line on the terminal that says what a long run is busy with.
private final class ProgressDisplay {
    private var line: (title: String, line: ProgressLine)?

    func show(_ progress: AgentProgress) {
        switch progress {
        case .refreshing: line(titled: "refreshing metadata").update { "…" }
        case .readingLog(let read, let total): line(titled: "reading the log").update { "\(read) of \(total) entries" }
        case .fetching(let path, let done, let total): line(titled: "fetching \(path)").update(bytes: done, of: total)
        case .building(let version): line(titled: "building \(version)").update { "…" }
        case .verifying(let version): line(titled: "verifying \(version)").update { "…" }
        case .checkingHealth(let version): line(titled: "checking the health of \(version)").update { "…" }
        }
    }

    func finish() {
        line?.line.finish()
        line = nil
    }

    private func line(titled title: String) -> ProgressLine {
        if let line, line.title == title { return line.line }
        finish()
        let new = ProgressLine(title)
        line = (title, new)
        return new
    }
}

extension [WithdrawalNotice] {
    /// Why a release is not offered, or is no longer good, and what to do.
    func lines(installed: Version?) -> [String] {
        map { notice in
            let subject = notice.version == installed ? "the installed release \(notice.version)" : "\(notice.version)"
            return "\(subject) was \(notice.reasonText); \(notice.advice(with: installed))"
        }
    }
}

extension Version: ExpressibleByArgument {
    public init?(argument: String) {
        try? self.init(argument)
    }
}
