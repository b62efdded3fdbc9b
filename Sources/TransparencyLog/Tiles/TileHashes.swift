import Primitives
import Signatures

/// The hashes of a tree out of its tiles, each loaded at most once.
///
/// Nothing a tile says is believed alone: a full tile must hash to what the tile above says it does, up to the tiles at
/// the tree's right end, and those must make the root of a head (`check`). Not for use from two threads at once.
package final class TileHashes {
    private struct Place: Hashable {
        let level: Int
        let index: Int
    }

    private let size: Int
    private let load: (TileID) throws -> [UInt8]
    private var tiles: [Place: TileSubtrees] = [:]

    /// Of a tree of `size` entries; its head is yet to be checked. `load` gets a tile's content, exactly as wide as asked.
    package init(size: Int, load: @escaping (TileID) throws -> [UInt8]) throws(LogFault) {
        try LogSize.check(size)
        self.size = size
        self.load = load
    }

    /// Of the tree with this head, checked. Throws like `check`.
    package convenience init(head: TreeHead, load: @escaping (TileID) throws -> [UInt8]) throws {
        try self.init(size: head.size, load: load)
        try check(head)
    }

    /// Tiles loaded so far.
    package var loaded: Int { tiles.count }

    /// The hash of a complete subtree. Throws `log/out-of-range` when it is not within the tree, `log/malformed-tile`,
    /// `log/wrong-root` for a tile that is not the one the tile above it promises, and what `load` throws.
    package func hash(_ id: SubtreeID) throws -> Digest {
        guard 0...LogSize.limit.trailingZeroBitCount ~= id.level, id.index >= 0, id.index < size >> id.level else {
            throw LogFault(.outOfRange, found: "subtree \(id.index) of level \(id.level)", at: "\(size) entries")
        }
        let (level, inner) = id.level.quotientAndRemainder(dividingBy: TileShape.height)
        let (index, place) = (id.index << inner).quotientAndRemainder(dividingBy: TileShape.width)
        guard let hash = try tile(level: level, index: index).hash(level: inner, index: place >> inner) else {
            throw LogFault(.outOfRange, found: "subtree \(id.index) of level \(id.level)", at: "\(size) entries")
        }
        return hash
    }

    /// The hashes at the right end of the tree.
    package func edge() throws -> RightEdge { try RightEdge(size: size, hash: hash) }

    /// Throws `log/wrong-root` unless the tiles make the tree of this head, and like `hash`.
    package func check(_ head: TreeHead) throws {
        let found = try edge().head
        guard found == head else {
            throw LogFault(
                .wrongRoot, found: "\(found.size) entries, root \(found.root)",
                expected: "\(head.size) entries, root \(head.root)", at: "tiles")
        }
    }

    private func tile(level: Int, index: Int) throws -> TileSubtrees {
        if let known = tiles[Place(level: level, index: index)] { return known }
        guard let id = TileID.inTree(size: size, level: level, index: index) else {
            throw LogFault(.outOfRange, found: "tile \(index) of level \(level)", at: "\(size) entries")
        }
        let tile = TileSubtrees(try Tile(decoding: load(id), width: id.width))
        if id.isFull {
            let promised = try hash(SubtreeID(level: (level + 1) * TileShape.height, index: index))
            guard tile.hash(level: TileShape.height, index: 0) == promised else {
                throw LogFault(.wrongRoot, at: id.path.description)
            }
        }
        tiles[Place(level: level, index: index)] = tile
        return tile
    }
}

/// A tile's hashes, and those of all complete subtrees they make: a full tile needs them once to be checked, and proofs
/// of many entries ask for the same ones again and again.
private struct TileSubtrees {
    /// `levels[l][i]` spans `1 << l` of the tile's hashes.
    private let levels: [[Digest]]

    init(_ tile: Tile) {
        var levels = [tile.hashes]
        while let below = levels.last, below.count > 1 {
            levels.append(
                stride(from: 0, to: below.count - 1, by: 2).map { MerkleHash.node(below[$0], below[$0 + 1]) })
        }
        self.levels = levels
    }

    /// Nil when the tile has no such subtree.
    func hash(level: Int, index: Int) -> Digest? {
        guard levels.indices.contains(level), levels[level].indices.contains(index) else { return nil }
        return levels[level][index]
    }
}
