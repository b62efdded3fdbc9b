import Releases
import TransparencyLog

/// What the administrator asks of the transparency log before a release may be installed on this instance.
package struct LogSettings: Hashable, Sendable {
    package var transparency = Transparency.required
    /// Hours; a quorum's cosignatures older than this are refused.
    package var freshness = Self.defaultFreshness
    package var holdBack = HoldBack()
    /// What this instance demands of cosignatures whatever the signed policy says: maintainers cannot weaken it.
    package var floor = CosignatureFloor()

    package static let defaultFreshness = 72

    package init() {}

    package var isRequired: Bool {
        get { transparency == .required }
        set { transparency = newValue ? .required : .off }
    }
}

package enum Transparency: String, CaseIterable, Sendable {
    case required
    /// Products without a log, or without a witness policy in their root. What else is asked of a log is then unused.
    case off
}

/// For how long a release must have been public before it is installed, in hours by severity.
package struct HoldBack: Hashable, Sendable {
    package var critical = 1
    package var important = 6
    package var otherwise = 24

    package init(critical: Int = 1, important: Int = 6, otherwise: Int = 24) {
        self.critical = critical
        self.important = important
        self.otherwise = otherwise
    }

    package func hours(_ severity: Severity) -> Int {
        switch severity {
        case .critical: critical
        case .important: important
        case .none, .low, .moderate: otherwise
        }
    }
}
