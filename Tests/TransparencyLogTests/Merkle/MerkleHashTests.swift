import Signatures
import Testing

@testable import TransparencyLog

@Suite("Merkle hashes")
struct MerkleHashTests {
    @Test("an empty tree has the hash of nothing as its root")
    func emptyTree() {
        #expect(
            MerkleHash.emptyTree.hex == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    }

    @Test("an entry made of two hashes does not hash like the node above them")
    func leafIsNoNode() {
        let (left, right) = (MerkleHash.leaf([1]), MerkleHash.leaf([2]))
        #expect(MerkleHash.node(left, right) != MerkleHash.leaf(left.bytes + right.bytes))
        #expect(MerkleHash.node(left, right) != MerkleHash.node(right, left))
    }
}
