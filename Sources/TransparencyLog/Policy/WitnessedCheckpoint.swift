import FoundationEssentials
import Primitives

/// A checkpoint that its log signed and a policy's quorum of witnesses saw. Nothing becomes one except by
/// `WitnessPolicy.verify`.
package struct WitnessedCheckpoint: Hashable, Sendable {
    package let verified: VerifiedCheckpoint
    /// All that hold of the policy's witnesses, also beyond the quorum.
    package let cosignatures: [VerifiedCosignature]
    /// A quorum saw it at this time or later: the latest time for which that is so. Says how fresh it is.
    ///
    /// Together with `publicAt` better than a median: while the quorum can do without a witness, its clock alone takes
    /// neither beyond the times of the others, and groups count as the policy says. In the distant past when the policy
    /// asks nobody.
    package let freshAt: Date
    /// A quorum had seen it by this time: the earliest time for which that is so. Says since when it is public. In the
    /// distant future when the policy asks nobody.
    package let publicAt: Date

    fileprivate init(_ verified: VerifiedCheckpoint, _ cosignatures: [VerifiedCosignature], _ times: QuorumTimes) {
        self.verified = verified
        self.cosignatures = cosignatures
        freshAt = times.freshAt.map { Date(timeIntervalSince1970: Double($0)) } ?? .distantPast
        publicAt = times.publicAt.map { Date(timeIntervalSince1970: Double($0)) } ?? .distantFuture
    }

    package var checkpoint: Checkpoint { verified.checkpoint }
    package var head: TreeHead { verified.checkpoint.head }
    package var note: SignedNote { verified.note }
}

/// Seconds since 1970; nil when no witness is asked for.
struct QuorumTimes: Hashable {
    let freshAt: Int?
    let publicAt: Int?
}

extension WitnessPolicy {
    /// Throws as `VerifiedCheckpoint.verify` and as `verify` of a `VerifiedCheckpoint`.
    package func verify(_ note: [UInt8]) throws(LogFault) -> WitnessedCheckpoint {
        try verify(VerifiedCheckpoint.verify(note, log: log))
    }

    /// Throws `log/no-quorum`, which names the witnesses that are missing; `log/bad-signature` when a line of one of
    /// the witnesses does not hold; `log/other-origin` for a checkpoint of another log than the policy's.
    package func verify(_ checkpoint: VerifiedCheckpoint) throws(LogFault) -> WitnessedCheckpoint {
        guard checkpoint.log == log else {
            throw LogFault(.otherOrigin, found: checkpoint.log.description, expected: log.description)
        }
        let cosignatures = try checkpoint.cosignatures(by: witnesses.map(\.key))
        guard let times = quorumTimes(cosignatures.map { ($0.key.publicKey, $0.time) }) else {
            throw noQuorum(cosignatures)
        }
        return WitnessedCheckpoint(checkpoint, cosignatures, times)
    }

    /// The witnesses that did not cosign.
    package func missing(_ cosignatures: [VerifiedCosignature]) -> [Witness] {
        witnesses.filter { witness in !cosignatures.contains { $0.key.publicKey == witness.key.publicKey } }
    }

    /// Nil when these witnesses do not suffice.
    func quorumTimes(_ times: [(publicKey: [UInt8], time: Int)]) -> QuorumTimes? {
        guard quorum != nil else { return QuorumTimes(freshAt: nil, publicAt: nil) }
        let early = times.sorted { $0.time < $1.time }
        guard let publicAt = sufficing(early), let freshAt = sufficing(early.reversed()) else { return nil }
        return QuorumTimes(freshAt: freshAt, publicAt: publicAt)
    }

    /// The time of the first with whom all up to there suffice.
    private func sufficing(_ times: [(publicKey: [UInt8], time: Int)]) -> Int? {
        var agreed: UInt64 = 0
        return times.first { publicKey, _ in
            agreed |= mask { $0.key.publicKey == publicKey }
            return rule.isSatisfied(by: agreed)
        }?.time
    }

    func noQuorum(_ cosignatures: [VerifiedCosignature]) -> LogFault {
        let missing = missing(cosignatures).map(\.name.description).joined(separator: ", ")
        return LogFault(
            .noQuorum, found: "\(Counted.text(cosignatures.count, "cosignature")), missing \(missing)",
            expected: "quorum \(quorum ?? "none")", at: log.name.description)
    }
}
