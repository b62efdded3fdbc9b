import Primitives
import Signatures

/// The hashes of a Merkle tree (RFC 6962 section 2.1, SHA-256).
///
/// Leaves and inner nodes begin with different bytes, so that no node can pass for an entry.
package enum MerkleHash {
    /// The root of a tree without entries: the SHA-256 of nothing.
    package static let emptyTree = Digest.sha256(of: [])

    /// The hash of one entry.
    package static func leaf(_ entry: [UInt8]) -> Digest {
        let hasher = SHA256Hasher()
        hasher.update([0])
        hasher.update(entry)
        return hasher.finish()
    }

    /// The hash of a subtree from the hashes of its two halves.
    package static func node(_ left: Digest, _ right: Digest) -> Digest {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(1 + 2 * Digest.byteCount)
        bytes.append(1)
        bytes += left.bytes
        bytes += right.bytes
        return Digest.sha256(of: bytes)
    }
}
