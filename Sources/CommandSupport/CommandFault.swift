import Primitives

package typealias CommandFault = Fault<CommandFaultCode>

/// What goes wrong at the command line itself.
package enum CommandFaultCode: String, FaultCode {
    case arguments = "command/arguments"
    case notATerminal = "command/not-a-terminal"
    case output = "command/output"
    case terminal = "command/terminal"
    case unexpected = "command/unexpected"

    package var family: FaultFamily {
        switch self {
        case .arguments, .notATerminal: .usage
        case .output, .terminal, .unexpected: .local
        }
    }

    package var summary: String {
        switch self {
        case .arguments: "the command line is wrong"
        case .notATerminal: "there is a question to answer, but standard input is not a terminal"
        case .output: "cannot write the output"
        case .terminal: "cannot use the terminal"
        case .unexpected: "an unexpected failure"
        }
    }

    package var hint: String? {
        switch self {
        case .unexpected: "this is probably a mistake in the program; please report it"
        case .arguments, .notATerminal, .output, .terminal: nil
        }
    }
}

/// A fault together with the state it leaves us in, which is said behind its message:
///
///     throw StatedFault(fault, state: "nothing was changed; still on release 2.4.1")
package struct StatedFault: ReportableFault, CustomStringConvertible {
    package let fault: any ReportableFault
    /// Lower case, no final stop.
    package let state: String

    package init(_ fault: any ReportableFault, state: String) {
        self.fault = fault
        self.state = state
    }

    package var codeText: String { fault.codeText }
    package var family: FaultFamily { fault.family }
    package var message: String { "\(fault.message); \(state)" }
    package var hint: String? { fault.hint }
    package var description: String { "[\(codeText)] \(message)" }
}

/// A fault in what the person typed: the same code and words, but wrong usage instead of what it would be in a file.
package struct TypedFault: ReportableFault, CustomStringConvertible {
    package let fault: any ReportableFault

    package var codeText: String { fault.codeText }
    package var family: FaultFamily { .usage }
    package var message: String { fault.message }
    package var hint: String? { fault.hint }
    package var description: String { "[\(codeText)] \(message)" }
}

/// Reads an argument with `body`; a fault it throws is one of usage.
package func typed<Result>(_ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let fault as any ReportableFault { throw TypedFault(fault: fault) }
}

/// Runs `body`; a fault it throws says `state` too. Other errors pass as they are.
package func stating<Result>(_ state: @autoclosure () -> String, _ body: () throws -> Result) throws -> Result {
    do { return try body() } catch let fault as any ReportableFault { throw StatedFault(fault, state: state()) }
}

/// Like the above, where the state in words depends on what went wrong.
package func stating<Result>(
    after state: (any ReportableFault) -> String, _ body: () throws -> Result
) throws -> Result {
    do { return try body() } catch let fault as any ReportableFault { throw StatedFault(fault, state: state(fault)) }
}

/// Like the first, for work that waits.
package func stating<Result>(
    _ state: @autoclosure () -> String, isolation: isolated (any Actor)? = #isolation,
    _ body: () async throws -> sending Result
) async throws -> sending Result {
    do { return try await body() } catch let fault as any ReportableFault { throw StatedFault(fault, state: state()) }
}
