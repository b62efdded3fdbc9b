import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// What the published roots say about the log and its witnesses.
package struct TransparencyStatus: Sendable {
    /// An earlier root's policy that instances ask for besides the newest: what came after it asks for less.
    package struct Older: Sendable {
        package let rule: WitnessingRule
        /// The root that weakened it.
        package let rootVersion: Int
        /// Until when; nil when that cannot be told, since the root's proof is not there.
        package let until: Date?
    }

    /// Of the newest root; nil when it names none that can be read.
    package let rule: WitnessingRule?
    package let older: [Older]
    /// How the log that is live stands with the witnesses of the newest policy; nil when nothing of it is live.
    package let live: LogReport?

    static func load(_ workspace: Workspace, _ published: PublishedMetadata, now: Date) throws -> TransparencyStatus {
        let policies = published.roots.map { $0.content.readableWitnessPolicy }
        var older: [Older] = []
        for (index, root) in published.roots.enumerated().dropFirst() {
            guard let old = policies.asked(at: index), policies[index] != nil || policies[index - 1] != nil,
                policies[index]?.isWeaker(than: old) ?? true
            else { continue }
            let until = try workspace.endOfNotice(root, from: old, to: policies[index], now)
            guard until.map({ $0 > now }) ?? (index == policies.count - 1) else { continue }
            older.append(
                Older(rule: WitnessingRule(old), rootVersion: root.content.header.version, until: until))
        }
        let policy = policies.last.flatMap { $0 }
        return TransparencyStatus(
            rule: policy.map { WitnessingRule($0) }, older: older,
            live: try policy.flatMap { try workspace.liveLog($0) })
    }
}

extension Workspace {
    /// Nil when nothing of this policy's log is live, or what stands there is not of it.
    fileprivate func liveLog(_ policy: WitnessPolicy) throws -> LogReport? {
        guard let note = try storage.readIfPresent(liveCheckpoint, limit: SignedNote.byteLimit),
            let checkpoint = try? VerifiedCheckpoint.verify(note, log: policy.log)
        else { return nil }
        return try? LogReport(checkpoint, policy)
    }

    /// When a weakening by `root` counts: what every instance finds out by its proof. Nil when there is none that holds. In
    /// the distant past when `root` is public by its own policy alone: it was published without the former witnesses, and
    /// an instance that took it by its fingerprint asks them for nothing.
    fileprivate func endOfNotice(
        _ root: UnverifiedMetadata<Root>, from old: WitnessPolicy, to new: WitnessPolicy?, _ now: Date
    ) throws -> Date? {
        let path = LogPaths.proof(of: .sha256(of: root.bytes), in: liveLog)
        guard let proof = try storage.readIfPresent(path, limit: TlogProof.byteLimit) else { return nil }
        let version = root.content.header.version
        var gate = RootGate(from: old, now: now)
        if (try? gate.pass(root.bytes, version: version, naming: new, proof: proof)) != nil {
            return gate.older.first?.until
        }
        guard let new else { return nil }
        var own = RootGate(from: new, now: now)
        return (try? own.pass(root.bytes, version: version, naming: new, proof: proof)) == nil ? nil : .distantPast
    }
}

extension TransparencyStatus {
    /// What should be seen to: whether there is a policy, what it lacks, and what is under way.
    func warnings(_ staging: Staging, now: Date) -> [StatusWarning] {
        guard let root = staging.published.root?.content else { return [] }
        var warnings: [StatusWarning] = []
        if rule == nil {
            let isUnreadable = root.extra[Root.witnessPolicyField] != nil
            let isStaged = staging.staged(.root)?.rootContent?.readableWitnessPolicy != nil
            warnings.append(
                Self.warning(
                    "root names \(isUnreadable ? "a witness policy that cannot be read" : "no witness policy"): instances "
                        + "refuse everything, unless they are told to do without transparency",
                    remedy: isStaged
                        ? "sign and publish what is staged"
                        : "sceau root propose --witness-policy FILE, then sign and publish"))
        }
        if rule != nil { warnings += heartbeat(now) }
        warnings += older.map { older in
            let end = older.until.map { "until \(UTCTime.encode($0))" } ?? "until seven days after it is public"
            return Self.warning(
                "root version \(older.rootVersion) asks witnesses for less than the one before: \(end) instances ask for "
                    + "the former quorum too (\(older.rule.quorum))", time: older.until)
        }
        return warnings + WitnessWarnings.about(staging.witnessPolicy).map { Self.warning($0) }
    }

    /// Twice as long as a timer should let pass: instances go without updates when it has been three days.
    private static let patience: TimeInterval = 2 * 86_400

    private func heartbeat(_ now: Date) -> [StatusWarning] {
        func warning(_ text: String, _ time: Date? = nil) -> [StatusWarning] {
            [StatusWarning(kind: .heartbeat, role: nil, time: time, text: text, remedy: "sceau refresh")]
        }
        guard let live else { return warning("nothing of the log is live: instances refuse everything") }
        guard let freshAt = live.freshAt else {
            return warning("too few witnesses have cosigned the log that is live: instances refuse it")
        }
        guard now.timeIntervalSince(freshAt) > Self.patience else { return [] }
        let time = UTCTime.encode(freshAt)
        return warning("witnesses cosigned the log last at \(time): instances refuse one of 72 hours ago", freshAt)
    }

    private static func warning(_ text: String, time: Date? = nil, remedy: String? = nil) -> StatusWarning {
        StatusWarning(kind: .transparency, role: .root, time: time, text: text, remedy: remedy)
    }
}
