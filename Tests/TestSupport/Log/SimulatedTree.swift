import Signatures

/// A Merkle tree as RFC 6962 section 2.1 defines it, written from the definition and not with the module under test, so
/// that each can find the other wrong. Keeps every hash, and is as simple as that.
package struct SimulatedTree {
    /// `levels[k][i]` is the hash of the 2^k entries from i·2^k.
    private var levels: [[Digest]] = [[]]

    package init() {}

    package var size: Int { levels[0].count }

    package mutating func append(_ entry: [UInt8]) {
        levels[0].append(Digest.sha256(of: [0] + entry))
        var level = 0
        while levels[level].count.isMultiple(of: 2) {
            let pair = levels[level].suffix(2)
            if levels.count == level + 1 { levels.append([]) }
            levels[level + 1].append(Self.node(pair[pair.startIndex], pair[pair.startIndex + 1]))
            level += 1
        }
    }

    /// MTH(D[range]), for the ranges that occur in a tree.
    package func hash(_ range: Range<Int>) -> Digest {
        if range.isEmpty { return Digest.sha256(of: []) }
        if range.count.nonzeroBitCount == 1 {
            return levels[range.count.trailingZeroBitCount][range.lowerBound / range.count]
        }
        let middle = range.lowerBound + Self.half(range.count)
        return Self.node(hash(range.lowerBound..<middle), hash(middle..<range.upperBound))
    }

    package func root(of size: Int) -> Digest { hash(0..<size) }

    /// PATH(index, D[0:size]): the leaf's sibling first.
    package func inclusion(of index: Int, in size: Int) -> [Digest] { path(index, 0..<size) }

    /// PROOF(old, D[0:size]); empty when either is the whole or nothing.
    package func consistency(from old: Int, to size: Int) -> [Digest] {
        0 < old && old < size ? subproof(old, 0..<size, isWhole: true) : []
    }

    /// The hashes of one tile: `width` of them from number 256·index of level 8·level.
    package func tile(level: Int, index: Int, width: Int) -> [UInt8] {
        levels[8 * level][256 * index..<256 * index + width].flatMap(\.bytes)
    }

    private func path(_ index: Int, _ range: Range<Int>) -> [Digest] {
        guard range.count > 1 else { return [] }
        let middle = range.lowerBound + Self.half(range.count)
        let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
        return index < middle ? path(index, left) + [hash(right)] : path(index, right) + [hash(left)]
    }

    private func subproof(_ old: Int, _ range: Range<Int>, isWhole: Bool) -> [Digest] {
        if old == range.upperBound { return isWhole ? [] : [hash(range)] }
        let middle = range.lowerBound + Self.half(range.count)
        let (left, right) = (range.lowerBound..<middle, middle..<range.upperBound)
        return old <= middle
            ? subproof(old, left, isWhole: isWhole) + [hash(right)]
            : subproof(old, right, isWhole: false) + [hash(left)]
    }

    /// The greatest power of two below `count`, which is 2 or more.
    private static func half(_ count: Int) -> Int { 1 << (Int.bitWidth - 1 - (count - 1).leadingZeroBitCount) }

    private static func node(_ left: Digest, _ right: Digest) -> Digest {
        Digest.sha256(of: [1] + left.bytes + right.bytes)
    }
}
