import Primitives
import Signatures

/// Makes proofs from the hashes of complete subtrees (RFC 6962 sections 2.1.1 and 2.1.2). `hash` is asked only for
/// subtrees within the tree; what it throws is passed on.
package enum ProofBuilder {
    /// Throws `log/out-of-range` when a tree of `size` entries has no such index.
    package static func inclusion(
        of index: Int, in size: Int, hash: (SubtreeID) throws -> Digest
    ) throws -> InclusionProof {
        try LogSize.check(size)
        guard index >= 0, index < size else {
            throw LogFault(.outOfRange, found: "index \(index)", expected: "one of \(size) entries")
        }
        var (node, siblings) = (0..<size, [Range<Int>]())
        while node.count > 1 {
            let (left, right) = halves(of: node)
            siblings.append(index < right.lowerBound ? right : left)
            node = index < right.lowerBound ? left : right
        }
        return InclusionProof(index: index, hashes: try siblings.reversed().map { try root(of: $0, hash: hash) })
    }

    /// Throws `log/out-of-range` unless `0 <= old <= size`.
    package static func consistency(
        from old: Int, to size: Int, hash: (SubtreeID) throws -> Digest
    ) throws -> ConsistencyProof {
        try LogSize.check(size)
        guard 0...size ~= old else {
            throw LogFault(.outOfRange, found: "\(old) entries", expected: "0 to \(size)")
        }
        guard old > 0, old < size else { return ConsistencyProof(hashes: []) }
        var (node, wanted) = (0..<size, [Range<Int>]())
        while node.upperBound != old {
            let (left, right) = halves(of: node)
            wanted.append(old <= right.lowerBound ? right : left)
            node = old <= right.lowerBound ? left : right
        }
        // A tree that is itself a subtree of the new one is known to who checks.
        if node.lowerBound > 0 { wanted.append(node) }
        return ConsistencyProof(hashes: try wanted.reversed().map { try root(of: $0, hash: hash) })
    }

    /// The two children of a node of more than one entry: the left one has the greatest power of two below its length.
    private static func halves(of node: Range<Int>) -> (left: Range<Int>, right: Range<Int>) {
        let middle = node.lowerBound + 1 << (Int.bitWidth - 1 - (node.count - 1).leadingZeroBitCount)
        return (node.lowerBound..<middle, middle..<node.upperBound)
    }

    private static func root(of node: Range<Int>, hash: (SubtreeID) throws -> Digest) throws -> Digest {
        // All nodes but those at the right end of the tree are complete.
        if node.count.nonzeroBitCount == 1 {
            let level = node.count.trailingZeroBitCount
            return try hash(SubtreeID(level: level, index: node.lowerBound >> level))
        }
        // A node is not empty, so that there is always a hash.
        return RightEdge.root(of: try SubtreeID.covering(node).map(hash)) ?? MerkleHash.emptyTree
    }
}
