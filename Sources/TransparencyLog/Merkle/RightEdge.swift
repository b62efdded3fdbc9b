import Primitives
import Signatures

/// All that has to be remembered of a tree to let it grow: the hashes of the complete subtrees it is made of. At most 54.
///
/// Who has one and reads all new entries knows the new root by own arithmetic, and needs no proof from anybody.
package struct RightEdge: Hashable, Sendable {
    /// Entries of the tree, 0 to `LogSize.limit`.
    package private(set) var size: Int
    /// One for each binary digit 1 of `size`, the largest subtree first.
    package private(set) var hashes: [Digest]

    /// Of the empty tree.
    package init() {
        self.init(unchecked: 0, hashes: [])
    }

    /// Throws `log/out-of-range` for a size no log has or another number of hashes than that size has.
    package init(size: Int, hashes: [Digest]) throws(LogFault) {
        try LogSize.check(size)
        guard hashes.count == size.nonzeroBitCount else {
            throw LogFault(
                .outOfRange, found: "\(hashes.count) hashes", expected: "\(size.nonzeroBitCount)",
                at: "right edge of \(size) entries")
        }
        self.init(unchecked: size, hashes: hashes)
    }

    private init(unchecked size: Int, hashes: [Digest]) {
        self.size = size
        self.hashes = hashes
    }

    /// The edge of a tree of `size` entries whose hashes somebody has, such as `TileHashes`.
    package init(size: Int, hash: (SubtreeID) throws -> Digest) throws {
        try LogSize.check(size)
        self.init(unchecked: size, hashes: try SubtreeID.covering(0..<size).map(hash))
    }

    /// One entry more, by its hash. Throws `log/out-of-range` when the log is full.
    package mutating func append(leaf: Digest) throws(LogFault) {
        guard size < LogSize.limit else { throw LogFault(.outOfRange, found: "one entry more than \(size)") }
        appendUnchecked(leaf)
    }

    private mutating func appendUnchecked(_ leaf: Digest) {
        var hash = leaf
        for _ in 0..<size.trailingOneBitCount {
            guard let left = hashes.popLast() else { break }
            hash = MerkleHash.node(left, hash)
        }
        hashes.append(hash)
        size += 1
    }

    package var head: TreeHead {
        TreeHead(unchecked: size, root: Self.root(of: hashes) ?? MerkleHash.emptyTree)
    }

    /// The hash of neighbouring complete subtrees, the largest first; nil of none.
    static func root(of hashes: [Digest]) -> Digest? {
        guard var root = hashes.last else { return nil }
        for hash in hashes.dropLast().reversed() {
            root = MerkleHash.node(hash, root)
        }
        return root
    }

    /// The complete subtrees that neighbouring hashes of one level make, the largest first.
    static func subtrees(of hashes: [Digest]) -> [Digest] {
        var edge = RightEdge()
        for hash in hashes { edge.appendUnchecked(hash) }
        return edge.hashes
    }

    /// The edge of a tree from the hashes of its tiles that are not full, level 0 first.
    static func ofTree(size: Int, partialTiles: [[Digest]]) throws(LogFault) -> RightEdge {
        try RightEdge(size: size, hashes: partialTiles.reversed().flatMap(Self.subtrees))
    }
}

extension Int {
    /// How many digits 1 the number ends with, in binary.
    fileprivate var trailingOneBitCount: Int { (~self).trailingZeroBitCount }
}
