import Primitives
import Signatures

/// That an entry stands in a log: the hashes beside the way from its leaf to the root (RFC 6962 section 2.1.1).
package struct InclusionProof: Hashable, Sendable {
    /// The entry's place, from 0.
    package let index: Int
    /// The leaf's sibling first, the root's child last.
    package let hashes: [Digest]

    package init(index: Int, hashes: [Digest]) {
        self.index = index
        self.hashes = hashes
    }

    /// Throws `log/out-of-range` when the log has no such index, and `log/wrong-proof` unless the hashes, all of them
    /// and no more, lead from `leaf` (`MerkleHash.leaf`) to the root of `head`.
    package func check(leaf: Digest, in head: TreeHead) throws(LogFault) {
        guard index >= 0, index < head.size else {
            throw LogFault(.outOfRange, found: "index \(index)", expected: "one of \(head.size) entries")
        }
        var walk = TreeWalk(index: index, last: head.size - 1)
        var root = leaf
        for hash in hashes {
            guard !walk.isAtRoot else { throw LogFault(.wrongProof, found: "too many hashes") }
            root = walk.siblingIsLeft ? MerkleHash.node(hash, root) : MerkleHash.node(root, hash)
            walk.ascend()
        }
        guard walk.isAtRoot else { throw LogFault(.wrongProof, found: "too few hashes") }
        guard root == head.root else {
            throw LogFault(.wrongProof, found: "root \(root)", expected: "root \(head.root)")
        }
    }
}

/// The way of a node up to the root of a tree whose size is no power of two (RFC 9162 section 2.1.3.2).
struct TreeWalk {
    /// Where on the present level the way runs, and where that level ends.
    private var index: Int
    private var last: Int

    /// Neither is negative.
    init(index: Int, last: Int) {
        self.index = index
        self.last = last
    }

    var isAtRoot: Bool { last == 0 }
    var isLeftChild: Bool { index & 1 == 0 }
    var siblingIsLeft: Bool { !isLeftChild || index == last }

    /// To the next node that has a sibling. A node at the right end that is a left child has none: it is its own
    /// parent's value, for as many levels as that lasts.
    mutating func ascend() {
        if index == last {
            while index & 1 == 0, index != 0 { climb() }
        }
        climb()
    }

    mutating func climb() {
        index >>= 1
        last >>= 1
    }
}
