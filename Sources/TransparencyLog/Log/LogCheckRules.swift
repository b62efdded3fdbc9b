import FoundationEssentials
import Primitives

/// A policy of an earlier root that asks for more than the one after it: in force until the weakening has been public for
/// long enough to be noticed.
package struct PolicyInForce: Hashable, Sendable {
    /// Seven days, from the time at which the weakening root was public under the policy it weakens.
    package static let notice: TimeInterval = 7 * 86_400

    package let policy: WitnessPolicy
    /// From then on it is no longer asked for.
    package let until: Date

    package init(_ policy: WitnessPolicy, until: Date) {
        self.policy = policy
        self.until = until
    }
}

/// What one reader asks of a checkpoint besides the signed policies. Signed metadata cannot lower it.
package struct CosignatureFloor: Hashable, Sendable {
    /// So many different keys, of the policies' witnesses and of those below.
    package var count: Int
    /// Each of these, whether a policy names it or not.
    package var witnesses: [NoteKey]

    package init(count: Int = 0, witnesses: [NoteKey] = []) {
        self.count = count
        self.witnesses = witnesses
    }
}

/// All that a checkpoint is held against: an instance's rules, or those an auditor or a publisher asks about.
package struct CheckpointRules: Hashable, Sendable {
    /// How far a clock may be off before it is wrong: this machine's, or a quorum of witnesses'.
    package static let clockTolerance: TimeInterval = 15 * 60

    /// Of the trusted root. Its log is the one that counts.
    package let policy: WitnessPolicy
    /// Of earlier roots.
    package let older: [PolicyInForce]
    package let floor: CosignatureFloor
    /// How old the quorum's cosignatures may be, in seconds; nil for any age.
    package let freshness: TimeInterval?
    /// The time of the whole check.
    package let now: Date

    package init(
        policy: WitnessPolicy, older: [PolicyInForce] = [], floor: CosignatureFloor = CosignatureFloor(),
        freshness: TimeInterval?, now: Date
    ) {
        self.policy = policy
        self.older = older.filter { $0.until > now }
        self.floor = floor
        self.freshness = freshness
        self.now = now
    }

    /// Every policy that a checkpoint has to satisfy now, that of the trusted root first.
    package var policies: [WitnessPolicy] { [policy] + older.map(\.policy) }

    /// Throws `log/clock-behind` when it was later before.
    ///
    /// - Parameter latest: the latest time known from earlier checks, or from witnesses.
    package static func checkClock(_ now: Date, latest: Date?) throws(LogFault) {
        guard let latest, now < latest - clockTolerance else { return }
        throw LogFault(
            .clockBehind, found: UTCTime.encode(now), expected: "\(UTCTime.encode(latest)) or later")
    }
}

/// What the cosignatures of one checkpoint say under some rules.
package struct CosignatureCheck: Equatable, Sendable {
    /// A quorum of every policy saw it then, or later; nil when one of them has none.
    package let freshAt: Date?
    /// By then a quorum of every policy had seen it; nil when one of them has none.
    package let publicAt: Date?
    /// What keeps the checkpoint from being believed. Empty: nothing does.
    package let doubts: [LogFault]
}

extension CheckpointRules {
    /// Holds `checkpoint` against every policy, the floor and the clock.
    ///
    /// What is missing is given back as doubts: `log/no-quorum`, `log/below-floor`, `log/stale`. Throws
    /// `log/bad-signature` when a line of a known witness does not hold, and `log/clock-behind` when the quorum's times
    /// are still to come.
    package func check(_ checkpoint: VerifiedCheckpoint) throws(LogFault) -> CosignatureCheck {
        var doubts: [LogFault] = []
        var times: [QuorumTimes] = []
        // All keys at once: most stand in several policies, and verifying is what takes the time.
        var keys: [NoteKey] = []
        for key in policies.flatMap({ $0.witnesses.map(\.key) }) + floor.witnesses where !keys.contains(key) {
            keys.append(key)
        }
        let all = try checkpoint.cosignatures(by: keys)
        for policy in policies {
            let known = Set(policy.witnesses.map(\.key.publicKey))
            let cosignatures = all.filter { known.contains($0.key.publicKey) }
            // A new root may have moved to another log: then the old policy's witnesses have to have seen that one.
            if let found = policy.quorumTimes(cosignatures.map { ($0.key.publicKey, $0.time) }) {
                times.append(found)
            } else {
                doubts.append(policy.noQuorum(cosignatures))
            }
        }
        if let fault = belowFloor(Set(all.map(\.key.publicKey))) { doubts.append(fault) }
        guard times.count == policies.count else {
            return CosignatureCheck(freshAt: nil, publicAt: nil, doubts: doubts)
        }
        let freshAt = times.compactMap(\.freshAt).min().map { Date(timeIntervalSince1970: Double($0)) }
        let publicAt = times.compactMap(\.publicAt).max().map { Date(timeIntervalSince1970: Double($0)) }
        try Self.checkClock(now, latest: freshAt)
        if let fault = stale(freshAt) { doubts.append(fault) }
        return CosignatureCheck(freshAt: freshAt, publicAt: publicAt, doubts: doubts)
    }

    /// A quorum that asks nobody has no time: it is never fresh.
    private func stale(_ freshAt: Date?) -> LogFault? {
        guard let freshness, (freshAt ?? .distantPast) < now - freshness else { return nil }
        return LogFault(
            .stale, found: freshAt.map(UTCTime.encode) ?? "no cosignature",
            expected: "\(UTCTime.encode(now - freshness)) or later", at: policy.log.name.description)
    }

    private func belowFloor(_ found: Set<[UInt8]>) -> LogFault? {
        let missing = floor.witnesses.filter { !found.contains($0.publicKey) }.map(\.name.description)
        guard found.count < floor.count || !missing.isEmpty else { return nil }
        let absent = missing.isEmpty ? "" : ", none of \(missing.joined(separator: ", "))"
        let wanted = missing.isEmpty ? "at least \(floor.count)" : "each of the configured witnesses"
        return LogFault(
            .belowFloor, found: "\(Counted.text(found.count, "cosignature"))\(absent)", expected: wanted,
            at: policy.log.name.description)
    }
}
