/// What kind of failure this is; it decides the exit status and whether a retry may help.
package enum FaultFamily: String, Sendable {
    /// Somebody gave us something wrong: a security event. A retry does not help.
    case refusal
    /// The network or a server failed. A retry may help.
    case transport
    /// This machine failed: disk, permission, a missing file. A retry may help.
    case local
    /// The command line or the configuration is wrong.
    case usage

    package var exitStatus: Int32 {
        switch self {
        case .refusal: 3
        case .transport, .local: 1
        case .usage: 64
        }
    }
}

/// The stable codes of one module. A code is never reused for another meaning; scripts and tests match on it.
package protocol FaultCode: RawRepresentable<String>, Hashable, Sendable {
    var family: FaultFamily { get }
    /// What happened: lower case, no final stop.
    var summary: String { get }
    /// What to do about it, if there is something to do.
    var hint: String? { get }
}

/// Every error of the house, whatever its module: what the command lines print and decide by.
package protocol ReportableFault: Error {
    var codeText: String { get }
    var family: FaultFamily { get }
    var message: String { get }
    var hint: String? { get }
    var found: String? { get }
    var expected: String? { get }
    /// The same fault with other advice, where it can take some.
    func hinting(_ hint: String) -> any ReportableFault
}

extension ReportableFault {
    package var found: String? { nil }
    package var expected: String? { nil }
    package func hinting(_ hint: String) -> any ReportableFault { self }
}

/// One failure: a code, and the data a person needs to judge it. Never holds a secret.
package struct Fault<Code: FaultCode>: ReportableFault, Equatable {
    package let code: Code
    package let found: String?
    package let expected: String?
    /// The file, URL, role or field at fault.
    package let location: String?
    /// Advice more exact than the code's own.
    private var advice: String?

    package init(
        _ code: Code, found: String? = nil, expected: String? = nil, at location: String? = nil, hint: String? = nil
    ) {
        self.code = code
        self.found = found?.shownInFault
        self.expected = expected?.shownInFault
        self.location = location?.shownInFault
        advice = hint
    }

    package var codeText: String { code.rawValue }
    package var family: FaultFamily { code.family }
    package var hint: String? { advice ?? code.hint }

    package func hinting(_ hint: String) -> any ReportableFault {
        var fault = self
        fault.advice = hint
        return fault
    }

    /// `summary: found …, expected … (where)`.
    package var message: String {
        let data = [found.map { "found \($0)" }, expected.map { "expected \($0)" }].compactMap(\.self)
        let detail = data.isEmpty ? "" : ": " + data.joined(separator: ", ")
        return code.summary + detail + (location.map { " (\($0))" } ?? "")
    }

    /// Wording of the hint is free; code and data are what two faults have in common.
    package static func == (left: Self, right: Self) -> Bool {
        left.code == right.code && left.found == right.found && left.expected == right.expected
            && left.location == right.location
    }
}

extension Fault: CustomStringConvertible {
    package var description: String { "[\(codeText)] \(message)" }
}

extension String {
    /// Of an endless name from outside its beginning will do: a message goes to a terminal, a journal and a file.
    private static let longestShown = 2000

    fileprivate var shownInFault: String {
        let scalars = unicodeScalars
        let end = scalars.index(scalars.startIndex, offsetBy: Self.longestShown, limitedBy: scalars.endIndex)
        guard let end, end < scalars.endIndex else { return escapingUnprintable() }
        return String(self[..<end]).escapingUnprintable() + "… (\(utf8.count) bytes in all)"
    }
}
