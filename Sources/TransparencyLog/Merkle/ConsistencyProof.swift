import Primitives
import Signatures

/// That a longer log begins with all of a shorter one (RFC 6962 section 2.1.2).
package struct ConsistencyProof: Hashable, Sendable {
    /// From the leaves up. Empty from the empty tree, and between equal trees.
    package let hashes: [Digest]

    package init(hashes: [Digest]) {
        self.hashes = hashes
    }

    /// Throws `log/shrunk` when `new` is shorter than `old`, `log/fork` when both are of one size with different roots,
    /// and `log/wrong-proof` unless the hashes, all of them and no more, lead to both roots.
    package func check(from old: TreeHead, to new: TreeHead) throws(LogFault) {
        guard old.size <= new.size else {
            throw LogFault(.shrunk, found: "\(new.size) entries", expected: "at least \(old.size)")
        }
        guard old.size < new.size || old.root == new.root else {
            throw LogFault(.fork, found: "root \(new.root)", expected: "root \(old.root)", at: "size \(old.size)")
        }
        guard old.size > 0, old.size < new.size else {
            guard hashes.isEmpty else { throw LogFault(.wrongProof, found: "too many hashes") }
            return
        }
        try checkGrowth(from: old, to: new)
    }

    /// `0 < old.size < new.size`.
    private func checkGrowth(from old: TreeHead, to new: TreeHead) throws(LogFault) {
        var walk = TreeWalk(index: old.size - 1, last: new.size - 1)
        while !walk.isLeftChild { walk.climb() }
        // The largest subtree both trees end the old one with: the old tree itself when its size is a power of two.
        let isWhole = old.size & (old.size - 1) == 0
        guard let first = isWhole ? old.root : hashes.first else {
            throw LogFault(.wrongProof, found: "too few hashes")
        }
        var (oldRoot, newRoot) = (first, first)
        for hash in hashes.dropFirst(isWhole ? 0 : 1) {
            guard !walk.isAtRoot else { throw LogFault(.wrongProof, found: "too many hashes") }
            if walk.siblingIsLeft {
                oldRoot = MerkleHash.node(hash, oldRoot)
                newRoot = MerkleHash.node(hash, newRoot)
            } else {
                newRoot = MerkleHash.node(newRoot, hash)
            }
            walk.ascend()
        }
        guard walk.isAtRoot else { throw LogFault(.wrongProof, found: "too few hashes") }
        guard oldRoot == old.root, newRoot == new.root else {
            throw LogFault(
                .wrongProof, found: "roots \(oldRoot) and \(newRoot)", expected: "\(old.root) and \(new.root)")
        }
    }
}
