import FoundationEssentials
import Primitives
import Releases

/// How far the agent goes by itself.
package enum UpdateMode: String, CaseIterable, Sendable {
    /// All the way, when nothing stands against it.
    case automatic
    /// Everything is here and verified; it is installed in the next window, or when somebody approves.
    case download
    /// It says that there is a release, and no more.
    case notify
}

/// The administrator's word that nothing is to be installed for now.
package struct Hold: Hashable, Sendable {
    /// Nil: until it is taken back.
    package let until: Date?
    package let reason: ByteString

    package init(until: Date?, reason: ByteString) {
        self.until = until
        self.reason = reason
    }

    package func counts(at time: Date) -> Bool { until.map { time < $0 } ?? true }
}

/// What stands between a release that is chosen and its installation on this instance, besides verification: the
/// administrator's wishes, and the staged rollout.
package struct UpdateRules: Hashable, Sendable {
    package var mode = UpdateMode.automatic
    package var hold: Hold?
    /// Nil: any time is good.
    package var windows: UpdateWindows?
    /// A critical release does not wait for a window.
    package var criticalAtAnyTime = false
    /// What the administrator said may be installed.
    package var approved: Version?
    /// What the administrator asked for in this very run; it counts as approved.
    package var requested: Version?
    /// `update --now`.
    package var isNow = false
    /// Of this instance, for rollouts; see `RolloutNumber`. Nil for who only looks, before one was drawn: whether a rollout has
    /// come here nobody knows then, and nothing is said of it.
    package var seed: [UInt8]?
    package var now: Date
    /// Nothing was ever installed here: there are no data yet that somebody could want back.
    package var isFirst = false

    package init(seed: [UInt8]?, now: Date) {
        self.seed = seed
        self.now = now
    }

    private func isApproved(_ version: Version) -> Bool { version == approved || version == requested }

    /// Why nothing of `release` is fetched yet.
    ///
    /// - Parameter public: until when it is held back, because it has not been public for long enough.
    package func waiting(before release: ReleaseFacts, heldBackUntil: Date? = nil) -> Waiting? {
        let version = release.version
        if let hold, hold.counts(at: now) { return Waiting(version, .hold, until: hold.until) }
        if let heldBackUntil { return Waiting(version, .holdBack, until: heldBackUntil) }
        if isApproved(version) || isNow { return nil }
        if let seed, let rollout = release.rollout {
            let opening = rollout.opening(for: RolloutNumber(seed: seed, version: version))
            guard let opening, opening <= now else { return Waiting(version, .rollout, until: opening) }
        }
        return mode == .notify ? Waiting(version, .approval) : nil
    }

    /// Why `release`, which is here and verified, is not installed yet.
    package func waiting(toApply release: ReleaseFacts, _ step: UpdateStep) -> Waiting? {
        let version = release.version
        if let hold, hold.counts(at: now) { return Waiting(version, .hold, until: hold.until, isReady: true) }
        if isApproved(version) { return nil }
        if step.return == .none, !isFirst { return Waiting(version, .irreversible, isReady: true) }
        if isNow { return nil }
        if mode == .download, windows == nil { return Waiting(version, .approval, isReady: true) }
        if let windows, !windows.contains(now), !(criticalAtAnyTime && release.severity == .critical) {
            return Waiting(version, .window, until: windows.nextOpening(after: now), isReady: true)
        }
        return nil
    }
}
