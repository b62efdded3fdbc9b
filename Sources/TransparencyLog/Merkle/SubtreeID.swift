/// A complete subtree: the `1 << level` entries from `index << level` on.
package struct SubtreeID: Hashable, Sendable {
    /// 0 for a leaf.
    package let level: Int
    package let index: Int

    package init(level: Int, index: Int) {
        self.level = level
        self.index = index
    }
}

extension SubtreeID {
    /// The complete subtrees whose hashes make the hash of the entries `range`, largest first. `range` is a node of the
    /// tree: it begins at a multiple of a power of two not less than its length. Not negative, and not empty.
    static func covering(_ range: Range<Int>) -> [SubtreeID] {
        var subtrees: [SubtreeID] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let level = Int.bitWidth - 1 - (range.upperBound - start).leadingZeroBitCount
            subtrees.append(SubtreeID(level: level, index: start >> level))
            start += 1 << level
        }
        return subtrees
    }
}
