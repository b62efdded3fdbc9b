import ArgumentParser
import Primitives

/// How a command ended: what is left to print, and the exit status.
struct Ending: Equatable {
    var output: [String] = []
    var errorLines: [String] = []
    var status: Int32 = 0

    static let done = Ending()

    private static let usageStatus = FaultFamily.usage.exitStatus
    private static let longestForeignDescription = 400

    private init(status: Int32 = 0) {
        self.status = status
    }

    /// `--help`, `--version` and the like, or a command line that is wrong.
    init<Root: ParsableCommand>(tool: String, root: Root.Type, didNotParse error: any Error) {
        let text = root.fullMessage(for: error)
        if root.exitCode(for: error) == .success {
            output = Self.lines(of: text)
            return
        }
        status = Self.usageStatus
        let message = Self.lines(of: root.message(for: error)).map { $0.escapingUnprintable() }
        let code = CommandFaultCode.arguments.rawValue
        errorLines = ["\(tool): error: [\(code)] " + Self.joined(message)]
        errorLines += Self.advice(in: text).map { "\(tool): hint: \($0)" }
    }

    init<Root: ParsableCommand>(tool: String, root: Root.Type, ranInto error: any Error) {
        switch error {
        case let fault as any ReportableFault:
            self.init(tool: tool, fault: fault)
        case let code as ExitCode:
            self.init(status: code.rawValue)
        // The help of a subcommand is an error of `run()`, and of a type that is ArgumentParser's own.
        case let error where error is ValidationError || root.exitCode(for: error) == .success:
            self.init(tool: tool, root: root, didNotParse: error)
        case is OutputClosed:
            // Not 0: who reads only the beginning of a report has not seen that the rest was well.
            self.init(status: FaultFamily.local.exitStatus)
        default:
            self.init(tool: tool, fault: CommandFault(.unexpected, found: Self.description(of: error)))
        }
    }

    init(tool: String, fault: any ReportableFault) {
        status = fault.family.exitStatus
        errorLines = ["\(tool): error: [\(fault.codeText)] \(fault.message)".escapingUnprintable()]
        if let hint = fault.hint { errorLines.append("\(tool): hint: \(hint)".escapingUnprintable()) }
    }

    private static func description(of error: any Error) -> String {
        if error is CancellationError { return "an interruption" }
        return String("\(type(of: error)): \(error)".prefix(longestForeignDescription))
    }

    /// What ArgumentParser says below its message: `Usage: …`, `See '… --help' for more information.`
    private static func advice(in text: String) -> [String] {
        let lines = lines(of: text).map { $0.trimming(" ") }
        var advice: [String] = []
        if let start = lines.firstIndex(where: { $0.hasPrefix("Usage: ") }) {
            let usage = lines[start...].prefix { !$0.isEmpty && !$0.hasPrefix("See '") }
            advice.append("usage: " + joined(Array(usage)).dropFirst("Usage: ".count))
        }
        if let see = lines.first(where: { $0.hasPrefix("See '") }) {
            advice.append("see " + see.dropFirst("See ".count).prefix { $0 != "." })
        }
        return advice
    }

    private static func lines(of text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    }

    private static func joined(_ lines: [String]) -> String {
        lines.map { $0.trimming(" ") }.filter { !$0.isEmpty }.joined(separator: " ")
    }
}

extension String {
    fileprivate func trimming(_ character: Character) -> String {
        let start = drop { $0 == character }
        let end = start.lastIndex { $0 != character }
        return end.map { String(start[...$0]) } ?? ""
    }
}
