import Signatures
import Testing

@testable import TransparencyLog

@Suite("Merkle hashes")
struct MerkleHashTests {
    @Test func `an empty tree has the hash of nothing as its root`() throws {
        #expect(MerkleHash.emptyTree.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(RightEdge().head == .empty)
        #expect(code { _ = try TreeHead(size: 0, root: MerkleHash.leaf([])) } == .wrongRoot)
    }

    @Test func `an entry made of two hashes does not hash like the node above them`() {
        let (left, right) = (MerkleHash.leaf([1]), MerkleHash.leaf([2]))
        #expect(MerkleHash.node(left, right) != MerkleHash.leaf(left.bytes + right.bytes))
        #expect(MerkleHash.node(left, right) != MerkleHash.node(right, left))
    }

    @Test func `leaf hashes and the roots of 0 to 300 entries are those of the vectors`() throws {
        let vectors: LogVectors.Hashing = try LogVectors.load("hashing")
        let roots = vectors.roots_base64_by_size_0_to_300.map(LogVectors.digest)
        var edge = RightEdge()
        #expect(edge.head.root == roots[0])
        for (index, expected) in vectors.leaf_hashes_base64.enumerated() {
            let leaf = MerkleHash.leaf(LogVectors.entry(index))
            #expect(leaf == LogVectors.digest(expected), "leaf \(index)")
            try edge.append(leaf: leaf)
            #expect(try edge.head == TreeHead(size: index + 1, root: roots[index + 1]))
        }
        #expect(edge.size == 300)
    }

    @Test(arguments: [-1, .min, LogSize.limit + 1, .max])
    func `a size that no log has is refused`(size: Int) {
        let root = MerkleHash.leaf([])
        #expect(code { _ = try TreeHead(size: size, root: root) } == .outOfRange)
        #expect(code { _ = try RightEdge(size: size, hashes: [root]) } == .outOfRange)
        #expect(code { _ = try ProofBuilder.inclusion(of: 0, in: size) { _ in root } } == .outOfRange)
        #expect(code { _ = try ProofBuilder.consistency(from: 0, to: size) { _ in root } } == .outOfRange)
        #expect(code { _ = try TileHashes(size: size) { _ in [] } } == .outOfRange)
        #expect(code { _ = try TileID.needed(size: size) } == .outOfRange)
        #expect(code { _ = try BundleID.needed(from: size, size: 5) } == .outOfRange)
    }

    @Test func `a right edge has a hash for each complete subtree and takes no entry more than a log can hold`() throws
    {
        let hash = MerkleHash.leaf([])
        #expect(code { _ = try RightEdge(size: 3, hashes: [hash]) } == .outOfRange)
        #expect(code { _ = try RightEdge(size: 4, hashes: [hash, hash]) } == .outOfRange)
        var full = try RightEdge(size: LogSize.limit, hashes: [hash])
        #expect(code { try full.append(leaf: hash) } == .outOfRange)
        #expect(full.size == LogSize.limit && full.head.root == hash)
        var nearlyFull = try RightEdge(size: LogSize.limit - 1, hashes: Array(repeating: hash, count: 53))
        try nearlyFull.append(leaf: hash)
        #expect(nearlyFull.hashes.count == 1)
    }
}
