import Primitives
import Signatures

/// How many entries a log has, and the one hash that commits to all of them in their order.
package struct TreeHead: Hashable, Sendable {
    package static let empty = TreeHead(unchecked: 0, root: MerkleHash.emptyTree)

    /// 0 to `LogSize.limit`.
    package let size: Int
    package let root: Digest

    /// Throws `log/out-of-range` for a size no log has, and `log/wrong-root` for an empty tree with another root than
    /// `MerkleHash.emptyTree`.
    package init(size: Int, root: Digest) throws(LogFault) {
        try LogSize.check(size)
        guard size > 0 || root == MerkleHash.emptyTree else {
            throw LogFault(.wrongRoot, found: root.hex, expected: MerkleHash.emptyTree.hex)
        }
        self.init(unchecked: size, root: root)
    }

    init(unchecked size: Int, root: Digest) {
        self.size = size
        self.root = root
    }
}

/// How long a log may become.
package enum LogSize {
    /// 2^53 entries: what every number format of every reader can say, and far from where sums overflow.
    package static let limit = 1 << 53

    /// Throws `log/out-of-range` unless `size` is that of a possible log.
    package static func check(_ size: Int) throws(LogFault) {
        guard 0...limit ~= size else {
            throw LogFault(.outOfRange, found: "\(size) entries", expected: "0 to \(limit)")
        }
    }

    /// Throws `log/out-of-range` unless both are sizes of possible logs, and `log/shrunk` unless `old <= size`.
    static func check(_ old: Int, grownTo size: Int) throws(LogFault) {
        try check(old)
        try check(size)
        guard old <= size else {
            throw LogFault(.shrunk, found: "\(size) entries", expected: "at least \(old)")
        }
    }
}
