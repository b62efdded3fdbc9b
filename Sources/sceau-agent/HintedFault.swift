import Primitives

/// The same fault with another hint.
struct HintedFault: ReportableFault, CustomStringConvertible {
    let fault: any ReportableFault
    let hint: String?

    var codeText: String { fault.codeText }
    var family: FaultFamily { fault.family }
    var message: String { fault.message }
    var found: String? { fault.found }
    var expected: String? { fault.expected }
    var description: String { "[\(codeText)] \(message)" }
}
