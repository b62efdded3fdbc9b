import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

/// What a run was for.
package enum AgentOperation: String, CaseIterable, Sendable {
    case check
    case update
    case revert
    case bundle
    case gc

    /// It asks the mirrors.
    var looks: Bool { self == .check || self == .update }
}

/// What a run found out, as far as somebody may want to be told.
struct RunFacts {
    let operation: AgentOperation
    let time: Date
    /// How it ended, when not well.
    var fault: (any ReportableFault)?
    /// What went wrong in an earlier run, of another kind, still stands.
    var isTroubled = false
    var held: HeldRelease?
    /// Of mirrors in whose place another one did.
    var complaints: [MirrorComplaint] = []
    /// When the first part of the trusted metadata expires.
    var expires: Date?
    /// The whole history, oldest first.
    var history: [HistoryEntry] = []
    /// What is known of a release that was installed.
    var manifest: (Version) -> ReleaseManifest? = { _ in nil }
}

/// A report from which people may have to be told something besides what the history says.
protocol ToldReport {
    var held: HeldRelease? { get }
    var complaints: [MirrorComplaint] { get }
}

extension CheckReport: ToldReport {}
extension UpdateReport: ToldReport {}

extension HeldRelease {
    /// Somebody has to do something, or ought to know: a critical release waits for what people decided.
    var concernsPeople: Bool {
        switch waiting.reason {
        case .approval, .irreversible: true
        case .hold, .lock: release.severity == .critical
        case .holdBack, .rollout, .window: false
        }
    }
}
