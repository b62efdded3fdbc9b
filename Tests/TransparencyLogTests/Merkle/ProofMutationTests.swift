import Signatures
import Testing

@testable import TransparencyLog

/// What a dishonest log could send instead of a proof.
@Suite("Proofs with something changed")
struct ProofMutationTests {
    let tree = ProofTests.tree
    let stranger = MerkleHash.leaf([0xFF])

    /// One bit other in each hash, one hash less, one more, two the other way round.
    private func mutants(of hashes: [Digest]) -> [[Digest]] {
        var mutants = [hashes + [stranger], [stranger] + hashes]
        if let last = hashes.last { mutants += [hashes.dropLast(), Array(hashes.dropFirst()), hashes + [last]] }
        if hashes.count > 1 { mutants.append(hashes.reversed()) }
        for index in hashes.indices {
            var other = hashes
            other[index] = other[index].flipped((index * 37 + hashes.count) % 256)
            mutants.append(other)
        }
        return mutants
    }

    @Test func `a changed inclusion proof is refused`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        for vector in vectors.inclusion {
            let hashes = (vector.Proof ?? []).map(LogVectors.digest)
            let (leaf, head) = (tree.leaves[vector.Index], tree.head(vector.Size))
            for mutant in mutants(of: hashes) {
                let proof = InclusionProof(index: vector.Index, hashes: mutant)
                #expect(code { try proof.check(leaf: leaf, in: head) } == .wrongProof, "\(vector)")
            }
        }
    }

    @Test func `an inclusion proof does not hold for another index, another entry or another tree`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        for vector in vectors.inclusion {
            let hashes = (vector.Proof ?? []).map(LogVectors.digest)
            let (leaf, head) = (tree.leaves[vector.Index], tree.head(vector.Size))
            let proof = InclusionProof(index: vector.Index, hashes: hashes)
            for index in [vector.Index - 1, vector.Index + 1, vector.Index ^ 16, vector.Size, -1, .max, .min] {
                let moved = InclusionProof(index: index, hashes: hashes)
                let expected = (0..<vector.Size).contains(index) ? LogFaultCode.wrongProof : .outOfRange
                #expect(code { try moved.check(leaf: leaf, in: head) } == expected, "\(vector) at \(index)")
            }
            #expect(code { try proof.check(leaf: stranger, in: head) } == .wrongProof)
            let other = try TreeHead(size: head.size, root: head.root.flipped(vector.Index % 256))
            #expect(code { try proof.check(leaf: leaf, in: other) } == .wrongProof)
            #expect(code { try proof.check(leaf: leaf, in: .empty) } == .outOfRange)
        }
    }

    @Test func `a changed consistency proof is refused`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        for vector in vectors.consistency {
            let hashes = (vector.Proof ?? []).map(LogVectors.digest)
            let (old, new) = (tree.head(vector.Old), tree.head(vector.New))
            for mutant in mutants(of: hashes) {
                let proof = ConsistencyProof(hashes: mutant)
                #expect(code { try proof.check(from: old, to: new) } == .wrongProof, "\(vector)")
            }
        }
    }

    @Test func `a consistency proof does not hold for other trees`() throws {
        let vectors: LogVectors.Proofs = try LogVectors.load("proofs")
        for vector in vectors.consistency where vector.Old < vector.New {
            let proof = ConsistencyProof(hashes: (vector.Proof ?? []).map(LogVectors.digest))
            let (old, new) = (tree.head(vector.Old), tree.head(vector.New))
            let otherOld = try TreeHead(size: old.size, root: old.root.flipped(vector.New % 256))
            let otherNew = try TreeHead(size: new.size, root: new.root.flipped(vector.Old % 256))
            #expect(code { try proof.check(from: otherOld, to: new) } == .wrongProof)
            #expect(code { try proof.check(from: old, to: otherNew) } == .wrongProof)
            #expect(code { try proof.check(from: new, to: old) } == .shrunk)
        }
    }

    @Test func `two trees of one size are a fork, whatever proof comes with them`() throws {
        let (one, other) = (tree.head(7), try TreeHead(size: 7, root: stranger))
        for hashes in [[], [stranger], Array(tree.leaves.prefix(3))] {
            #expect(code { try ConsistencyProof(hashes: hashes).check(from: one, to: other) } == .fork)
        }
    }

    @Test func `every tree grew from the empty one, without a proof`() throws {
        let none = ConsistencyProof(hashes: [])
        try none.check(from: .empty, to: tree.head(9))
        try none.check(from: .empty, to: .empty)
        #expect(try ProofBuilder.consistency(from: 0, to: 9, hash: tree.hash) == none)
        #expect(code { try ConsistencyProof(hashes: [stranger]).check(from: .empty, to: tree.head(9)) } == .wrongProof)
        #expect(code { try none.check(from: tree.head(9), to: .empty) } == .shrunk)
    }

    @Test func `proofs work and fail likewise at the largest size a log can have`() throws {
        let (hash, size) = (stranger, LogSize.limit)
        for index in [0, 1, size / 2 - 1, size / 2, size - 1] {
            let proof = try ProofBuilder.inclusion(of: index, in: size) { _ in hash }
            #expect(proof.hashes.count == 53)
            #expect(code { try proof.check(leaf: hash, in: TreeHead(size: size, root: hash)) } == .wrongProof)
        }
        for old in [1, size / 2, size - 1] {
            let proof = try ProofBuilder.consistency(from: old, to: size) { _ in hash }
            #expect(proof.hashes.count <= 54)
            let heads = (try TreeHead(size: old, root: hash), try TreeHead(size: size, root: hash))
            #expect(code { try proof.check(from: heads.0, to: heads.1) } == .wrongProof)
        }
    }

    @Test func `a proof for what is not in the tree is not made`() {
        for index in [-1, 5, .max, .min] {
            #expect(code { _ = try ProofBuilder.inclusion(of: index, in: 5, hash: tree.hash) } == .outOfRange)
        }
        for old in [-1, 6, .max, .min] {
            #expect(code { _ = try ProofBuilder.consistency(from: old, to: 5, hash: tree.hash) } == .outOfRange)
        }
        #expect(code { _ = try ProofBuilder.inclusion(of: 0, in: 0, hash: tree.hash) } == .outOfRange)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `random proofs of any length between trees of any size are refused and never trap`(seed: UInt64) throws {
        var random = SplitMix(seed)
        func size() -> Int {
            let bits = Int.random(in: 0...53, using: &random)
            return max(0, min(LogSize.limit, (1 << bits) + Int.random(in: -2...2, using: &random)))
        }
        for _ in 0..<300 {
            let hashes = (0..<Int.random(in: 0...70, using: &random)).map { _ in random.digest() }
            let (one, other) = (size(), size())
            let old = one == 0 ? TreeHead.empty : try TreeHead(size: one, root: random.digest())
            let new = other == 0 ? TreeHead.empty : try TreeHead(size: other, root: random.digest())
            let inclusion = code { try InclusionProof(index: one, hashes: hashes).check(leaf: stranger, in: new) }
            #expect(inclusion == (one < other ? .wrongProof : .outOfRange), "seed \(seed): \(one) in \(other)")
            let consistency = code { try ConsistencyProof(hashes: hashes).check(from: old, to: new) }
            let isTrivial = one == 0 && hashes.isEmpty
            let expected: LogFaultCode? = one > other ? .shrunk : one == other && one > 0 ? .fork : .wrongProof
            #expect(consistency == (isTrivial ? nil : expected), "seed \(seed): \(one) to \(other)")
        }
    }
}
