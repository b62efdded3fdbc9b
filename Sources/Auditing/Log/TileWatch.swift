import Primitives
import Signatures
import TransparencyLog

/// The tiles that a log must have, from its leaf hashes alone, in the order in which they become complete.
///
/// Keeps at most 256 hashes a level, however long the log is.
struct TileWatch {
    private static let width = 256

    /// A tile as it must be: its hashes, 1 to 256.
    struct Expected {
        let id: TileID
        let hashes: [Digest]

        var bytes: [UInt8] { hashes.flatMap(\.bytes) }
    }

    private struct Level {
        var index = 0
        var hashes: [Digest] = []
    }

    private var levels: [Level] = []

    /// One entry more, by its leaf hash; the tiles that are full with it.
    mutating func append(_ leaf: Digest) throws(LogFault) -> [Expected] {
        var full: [Expected] = []
        var hash = leaf
        for level in 0... {
            if level == levels.count { levels.append(Level()) }
            levels[level].hashes.append(hash)
            guard levels[level].hashes.count == Self.width else { break }
            let tile = try expected(level)
            full.append(tile)
            hash = Self.root(of: tile.hashes)
            levels[level] = Level(index: tile.id.index + 1)
        }
        return full
    }

    /// The tiles at the right end that are not full.
    func ends() throws(LogFault) -> [Expected] {
        var ends: [Expected] = []
        for level in levels.indices where !levels[level].hashes.isEmpty { ends.append(try expected(level)) }
        return ends
    }

    private func expected(_ level: Int) throws(LogFault) -> Expected {
        let hashes = levels[level].hashes
        return Expected(
            id: try TileID(level: level, index: levels[level].index, width: hashes.count), hashes: hashes)
    }

    /// Of 256 hashes.
    private static func root(of hashes: [Digest]) -> Digest {
        var hashes = hashes
        while hashes.count > 1 {
            hashes = stride(from: 0, to: hashes.count - 1, by: 2).map { MerkleHash.node(hashes[$0], hashes[$0 + 1]) }
        }
        return hashes.first ?? MerkleHash.emptyTree
    }
}
