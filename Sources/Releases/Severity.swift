import Primitives

/// How urgent a release is, from the advisories it answers. Ordered.
package enum Severity: String, CaseIterable, Comparable, Sendable, CustomStringConvertible {
    case none
    case low
    case moderate
    case important
    case critical

    package init(_ text: ByteString) throws(ReleaseFault) {
        guard let severity = Self.allCases.first(where: { ByteString($0.rawValue) == text }) else {
            throw ReleaseFault(
                .invalidName, found: "\"\(text)\"", expected: "none, low, moderate, important or critical")
        }
        self = severity
    }

    private var rank: Int {
        switch self {
        case .none: 0
        case .low: 1
        case .moderate: 2
        case .important: 3
        case .critical: 4
        }
    }

    package static func < (left: Severity, right: Severity) -> Bool { left.rank < right.rank }
    package var description: String { rawValue }
}
