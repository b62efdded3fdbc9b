import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TransparencyLog

/// What an audit saw of a log.
package struct LogFacts: Hashable, Sendable {
    package let origin: ByteString
    package let head: TreeHead
    /// The names that the policy has for the witnesses who cosigned the checkpoint, in its order.
    package let cosignedBy: [ByteString]
    /// How many the policy names.
    package let witnesses: Int
    /// Nil when the checkpoint has no quorum.
    package let freshAt: Date?
    package let publicAt: Date?
    /// Entries read, and tiles, bundles and proofs found as they must be.
    package var entries = 0
    package var tiles = 0
    package var bundles = 0
    package var proofs = 0

    init(_ verified: WitnessedCheckpoint, _ policy: WitnessPolicy) {
        self.init(
            verified.checkpoint, policy, keys: verified.cosignatures.map(\.key), freshAt: verified.freshAt,
            publicAt: verified.publicAt)
    }

    /// Of a checkpoint without a quorum.
    init(_ signed: VerifiedCheckpoint, _ policy: WitnessPolicy) {
        let cosignatures = try? signed.cosignatures(by: policy.witnesses.map(\.key))
        self.init(
            signed.checkpoint, policy, keys: (cosignatures ?? []).map(\.key), freshAt: nil, publicAt: nil)
    }

    private init(
        _ checkpoint: Checkpoint, _ policy: WitnessPolicy, keys: [NoteKey], freshAt: Date?, publicAt: Date?
    ) {
        let present = Set(keys.map(\.publicKey))
        origin = checkpoint.origin
        head = checkpoint.head
        cosignedBy = policy.witnesses.filter { present.contains($0.key.publicKey) }.map(\.name)
        witnesses = policy.witnesses.count
        self.freshAt = freshAt
        self.publicAt = publicAt
    }

    var json: JSONObject {
        var object: JSONObject = [
            "origin": .string(origin), "size": .integer(Int64(head.size)),
            "root_sha256": .string(ByteString(head.root.hex)),
            "cosigned_by": .array(cosignedBy.map(JSONValue.string)), "witnesses": .integer(Int64(witnesses)),
            "entries": .integer(Int64(entries)), "tiles": .integer(Int64(tiles)),
            "bundles": .integer(Int64(bundles)), "proofs": .integer(Int64(proofs)),
        ]
        for (name, date) in [("fresh_at", freshAt), ("public_at", publicAt)] {
            if let date { object[ByteString(name)] = .string(ByteString(UTCTime.encode(date))) }
        }
        return object
    }
}
