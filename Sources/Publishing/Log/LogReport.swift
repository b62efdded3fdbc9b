import FoundationEssentials
import Primitives
import TransparencyLog

/// How a tree of the log stands with the witnesses.
package struct LogReport: Sendable {
    package struct Witness: Sendable {
        package let name: ByteString
        package let vkey: ByteString
        /// When it cosigned; nil when it has not.
        package let cosignedAt: Date?
        /// What it said instead, lately; nil when it was not asked or has cosigned.
        package var answer: String?
    }

    package let key: NoteKey
    /// Entries of the tree.
    package let size: Int
    /// `2 of 3 must cosign`.
    package let quorum: String
    /// Of the policy, in its order.
    package private(set) var witnesses: [Witness]
    /// When a quorum saw it last, and since when it is public; nil without a quorum.
    package let freshAt: Date?
    package let publicAt: Date?

    /// Throws when a line of a witness does not hold.
    init(_ checkpoint: VerifiedCheckpoint, _ policy: WitnessPolicy, answers: [ByteString: String] = [:]) throws {
        let cosignatures = try checkpoint.cosignatures(by: policy.witnesses.map(\.key))
        (key, size, quorum) = (checkpoint.log, checkpoint.head.size, Quorum(policy).rule(of: policy))
        witnesses = policy.witnesses.map { witness in
            let found = cosignatures.first { $0.key.publicKey == witness.key.publicKey }
            return Witness(
                name: witness.name, vkey: witness.key.vkey,
                cosignedAt: found.map { Date(timeIntervalSince1970: Double($0.time)) })
        }
        let witnessed = try? policy.verify(checkpoint)
        (freshAt, publicAt) = (witnessed?.freshAt, witnessed?.publicAt)
        add(answers)
    }

    /// The same, with what witnesses said in an earlier round of this run.
    func with(_ answers: [ByteString: String]) -> LogReport {
        var report = self
        report.add(answers)
        return report
    }

    private mutating func add(_ answers: [ByteString: String]) {
        for index in witnesses.indices where witnesses[index].cosignedAt == nil && witnesses[index].answer == nil {
            witnesses[index].answer = answers[witnesses[index].vkey]
        }
    }

    package var cosigned: [Witness] { witnesses.filter { $0.cosignedAt != nil } }
    package var missing: [Witness] { witnesses.filter { $0.cosignedAt == nil } }
}
