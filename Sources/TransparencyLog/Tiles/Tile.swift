import Primitives
import Signatures

/// A tile's content: hashes one after the other.
package struct Tile: Hashable, Sendable {
    /// Bytes of a full tile.
    package static let byteLimit = TileShape.width * Digest.byteCount

    /// 1 to 256.
    package let hashes: [Digest]

    /// Throws `log/malformed-tile` unless `bytes` are exactly `width` hashes, 1 to 256.
    package init(decoding bytes: [UInt8], width: Int) throws(LogFault) {
        guard 1...TileShape.width ~= width, bytes.count == width * Digest.byteCount else {
            throw LogFault(.malformedTile, found: "\(bytes.count) bytes", expected: "\(width) hashes")
        }
        hashes = stride(from: 0, to: bytes.count, by: Digest.byteCount).compactMap { start in
            Digest(bytes: Array(bytes[start..<start + Digest.byteCount]))
        }
    }

    /// `hashes`: 1 to 256.
    init(unchecked hashes: some Sequence<Digest>) {
        self.hashes = Array(hashes)
    }

    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(hashes.count * Digest.byteCount)
        for hash in hashes { bytes += hash.bytes }
        return bytes
    }

    /// The hash of the subtree a full tile spans.
    var root: Digest? { RightEdge.root(of: RightEdge.subtrees(of: hashes)) }
}
