import Signatures
import Testing

@testable import TransparencyLog

@Suite("Proofs")
struct ProofTests {
    static let tree = PlainTree((0..<300).map { MerkleHash.leaf(LogVectors.entry($0)) })
    let tree = Self.tree

    @Test func `every listed inclusion proof is made as listed and accepted`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        #expect(vectors.inclusion.count == 626)
        for vector in vectors.inclusion {
            let expected = (vector.Proof ?? []).map(LogVectors.digest)
            let proof = try ProofBuilder.inclusion(of: vector.Index, in: vector.Size, hash: tree.hash)
            #expect(proof == InclusionProof(index: vector.Index, hashes: expected))
            try proof.check(leaf: tree.leaves[vector.Index], in: tree.head(vector.Size))
        }
    }

    @Test func `every listed consistency proof is made as listed and accepted`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        #expect(vectors.consistency.count == 677)
        for vector in vectors.consistency {
            let expected = (vector.Proof ?? []).map(LogVectors.digest)
            let proof = try ProofBuilder.consistency(from: vector.Old, to: vector.New, hash: tree.hash)
            #expect(proof == ConsistencyProof(hashes: expected))
            try proof.check(from: tree.head(vector.Old), to: tree.head(vector.New))
        }
    }

    @Test func `all proofs of the sizes 1 to 300 have the digests of the vectors`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        for size in 1...300 {
            let (inclusion, consistency) = (SHA256Hasher(), SHA256Hasher())
            for index in 0..<size {
                let proof = try ProofBuilder.inclusion(of: index, in: size, hash: tree.hash)
                for hash in proof.hashes { inclusion.update(hash.bytes) }
                let growth = try ProofBuilder.consistency(from: index + 1, to: size, hash: tree.hash)
                for hash in growth.hashes { consistency.update(hash.bytes) }
            }
            #expect(inclusion.finish().hex == vectors.all_inclusion_sha256_by_size["\(size)"], "size \(size)")
            #expect(consistency.finish().hex == vectors.all_consistency_sha256_by_size["\(size)"], "size \(size)")
        }
    }
}
