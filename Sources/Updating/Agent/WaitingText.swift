import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

extension HeldRelease {
    /// Which release waits, for what, and until when.
    package var line: String {
        let place = waiting.isReady ? "here and verified" : "not fetched yet"
        return "\(release.version), severity \(release.severity): \(waiting.text(for: release.version)) (\(place))"
    }
}

extension Waiting {
    package func text(for version: Version) -> String {
        let time = until.map { " until \(UTCTime.encode($0))" } ?? ""
        return switch reason {
        case .hold: "waits while updates are on hold\(time); sceau-agent unhold ends that"
        case .holdBack: "held back\(time): it has not been public for long enough"
        case .rollout:
            until == nil
                ? "waits for the rollout, which does not reach this instance"
                : "waits for its turn in the rollout,\(time)"
        case .window: "waits for the next window,\(time)"
        case .approval: "waits for approval: sceau-agent approve \(version)"
        case .irreversible:
            "waits for approval, since what it does to the data cannot be undone: sceau-agent approve \(version)"
        case .lock: "waits for the lock, which this node did not get" + (said.map { ": \($0)" } ?? "")
        }
    }
}

extension Hold {
    /// `until T: REASON`.
    package var line: String {
        let time = until.map { "until \(UTCTime.encode($0))" } ?? "until sceau-agent unhold"
        return reason.isEmpty ? time : "\(time): \(reason)"
    }
}
