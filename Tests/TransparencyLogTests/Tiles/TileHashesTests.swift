import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Hashes out of tiles")
struct TileHashesTests {
    @Test func `proofs of 70,000 entries out of tiles hold`() throws {
        let log = try LogGrowthTests.long.get()
        let hashes = try log.hashes()
        for index in [0, 1, 255, 256, 65_535, 65_536, 69_887, 69_888, 69_999] {
            let proof = try ProofBuilder.inclusion(of: index, in: 70_000, hash: hashes.hash)
            try proof.check(leaf: MerkleHash.leaf(LogVectors.entry(index)), in: log.head)
        }
        var old = RightEdge()
        for size in 1...70_000 {
            try old.append(leaf: MerkleHash.leaf(LogVectors.entry(size - 1)))
            guard size % 8191 == 0 || [1, 255, 256, 257, 65_535, 65_536, 65_537, 69_999, 70_000].contains(size) else {
                continue
            }
            try ProofBuilder.consistency(from: size, to: 70_000, hash: hashes.hash).check(from: old.head, to: log.head)
        }
    }

    @Test(arguments: [1000, 70_000, 1_000_000])
    func `a proof loads at most one tile for each level and side`(size: Int) throws {
        for index in [0, 1, size / 3, size / 2, size - 257, size - 1] {
            let log = try MemoryLog(synthesised: size, including: index, seed: UInt64(index))
            let levels = (0...6).count { TileID.hashes(level: $0, size: size) > 0 }
            let hashes = try log.hashes(checked: false)
            let proof = try ProofBuilder.inclusion(of: index, in: size, hash: hashes.hash)
            try proof.check(leaf: hashes.hash(SubtreeID(level: 0, index: index)), in: log.head)
            try hashes.check(log.head)
            #expect(hashes.loaded <= 2 * levels)

            let fresh = try log.hashes(checked: false)
            let growth = try ProofBuilder.consistency(from: index + 1, to: size, hash: fresh.hash)
            #expect(fresh.loaded <= 2 * levels)
            let old = try RightEdge(size: index + 1, hash: hashes.hash).head
            try growth.check(from: old, to: log.head)
        }
    }

    @Test func `each tile is loaded once`() throws {
        let log = try LogGrowthTests.long.get()
        var loads: [TileID] = []
        let hashes = try TileHashes(head: log.head) { id in
            loads.append(id)
            return log.files[id.path] ?? []
        }
        for index in 0..<300 {
            _ = try ProofBuilder.inclusion(of: index * 233, in: 70_000, hash: hashes.hash)
        }
        #expect(loads.count == Set(loads).count && loads.count == hashes.loaded)
    }

    @Test func `a tile with one bit other is refused, wherever it stands`() throws {
        let log = try LogGrowthTests.long.get()
        for path in ["tile/0/000", "tile/0/123", "tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"]
            as [ByteString]
        {
            var damaged = log
            damaged.files[path]?[17] ^= 1
            #expect(
                code {
                    let hashes = try damaged.hashes()
                    for index in [3, 123 * 256, 69_999] { _ = try hashes.hash(SubtreeID(level: 0, index: index)) }
                } == .wrongRoot, "\(path)")
        }
    }

    @Test func `a tile too short or too long is refused`() throws {
        let log = try LogGrowthTests.long.get()
        let path: ByteString = "tile/1/001.p/17"
        let good = try #require(log.files[path])
        for other in [[], Array(good.dropLast()), Array(good.dropLast(32)), good + good] {
            var damaged = log
            damaged.files[path] = other
            #expect(code { _ = try damaged.hashes() } == .malformedTile)
        }
        var damaged = log
        damaged.files[path] = nil
        #expect(throws: MemoryLog.Missing(path: path)) { try damaged.hashes() }
    }

    @Test func `a subtree that is not wholly in the tree has no hash`() throws {
        let hashes = try LogGrowthTests.long.get().hashes()
        for (level, index) in [
            (0, 70_000), (0, -1), (16, 1), (17, 0), (53, 0), (54, 0), (64, 0), (-1, 0), (.max, 0), (.min, 0), (0, .max),
            (3, .min),
        ] {
            #expect(code { _ = try hashes.hash(SubtreeID(level: level, index: index)) } == .outOfRange)
        }
    }

    @Test func `the tiles of one log are not those of another head`() throws {
        let hashes = try LogGrowthTests.long.get().hashes()
        #expect(code { try hashes.check(.empty) } == .wrongRoot)
        let other = try TreeHead(size: 70_000, root: MerkleHash.leaf([]))
        #expect(code { try hashes.check(other) } == .wrongRoot)
    }
}
