import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Growth of a log")
struct LogGrowthTests {
    /// One log of 70,000 entries for the whole suite.
    static let long = Result {
        var log = MemoryLog()
        try log.append((0..<70_000).map(LogVectors.entry))
        return log
    }

    @Test func `tiles have the digests of the vectors`() throws {
        let vectors: LogVectors.Tiles = try LogVectors.load("tiles")
        #expect(vectors.tile_sha256_by_size.count == 7)
        for (name, tiles) in vectors.tile_sha256_by_size {
            let size = try #require(name.split(separator: " ").first.flatMap { Int($0) })
            var log = size == 70_000 ? try Self.long.get() : MemoryLog()
            if size != 70_000 { try log.append((0..<size).map(LogVectors.entry)) }
            for (path, digest) in tiles {
                #expect(log.files[ByteString(path)].map { Digest.sha256(of: $0).hex } == digest, "\(size): \(path)")
            }
        }
        #expect(try Self.long.get().head.root == LogVectors.digest(vectors.root_70000))
    }

    @Test func `a log has the files its size implies, bundles first and tiles from level 0 up`() throws {
        for size in [1, 255, 256, 257, 600] {
            var log = MemoryLog()
            let growth = try log.append((0..<size).map(LogVectors.entry))
            let expected = try BundleID.needed(size: size).map(\.path) + TileID.needed(size: size).map(\.path)
            #expect(growth.files.map(\.path) == expected)
            #expect(log.loaded == [])
            #expect(try log.entries() == (0..<size).map(LogVectors.entry))
        }
        let long = try Self.long.get()
        let expected = try BundleID.needed(size: 70_000).map(\.path) + TileID.needed(size: 70_000).map(\.path)
        #expect(Set(long.files.keys) == Set(expected) && long.files.count == 2 * 274 + 3)
        #expect(try long.entries() == (0..<70_000).map(LogVectors.entry))
    }

    @Test func `record by record to 600, edge, tiles, bundles and a tree made at once agree`() throws {
        let entries = (0..<600).map { Array("entry \($0)".utf8) }
        let leaves = entries.map(MerkleHash.leaf)
        let tree = PlainTree(leaves)
        var (log, edge) = (MemoryLog(), RightEdge())
        for size in 1...600 {
            let growth = try log.append([entries[size - 1]])
            try edge.append(leaf: leaves[size - 1])
            #expect(log.head == edge.head && log.edge == edge)
            let expected = try BundleID.needed(from: size - 1, size: size).map(\.path)
            #expect(try growth.files.map(\.path) == expected + TileID.needed(from: size - 1, size: size).map(\.path))
            #expect(log.loaded.count <= 3)
            guard size % 37 == 0 || (254...258).contains(size) || size > 598 else { continue }
            #expect(log.head == tree.head(size))
            let hashes = try log.hashes()
            for index in 0..<size where index % 13 == size % 13 || size < 75 {
                try ProofBuilder.inclusion(of: index, in: size, hash: hashes.hash)
                    .check(leaf: leaves[index], in: log.head)
                try ProofBuilder.consistency(from: index, to: size, hash: hashes.hash)
                    .check(from: tree.head(index), to: log.head)
            }
        }
        #expect(try log.entries() == entries)
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `in steps of any length the same log comes out`(seed: UInt64) throws {
        var random = SplitMix(seed)
        let entries = (0..<Int.random(in: 300...1500, using: &random)).map { _ in
            random.bytes(Int.random(in: 0...12, using: &random))
        }
        var (atOnce, inSteps) = (MemoryLog(), MemoryLog())
        try atOnce.append(entries)
        var rest = entries[...]
        while !rest.isEmpty {
            let step = [0, 1, 2, 255, 256, 257, 300].randomElement(using: &random) ?? 1
            try inSteps.append(Array(rest.prefix(step)))
            rest = rest.dropFirst(step)
        }
        #expect(inSteps.head == atOnce.head && inSteps.edge == atOnce.edge, "seed \(seed)")
        for (path, bytes) in atOnce.files { #expect(inSteps.files[path] == bytes, "seed \(seed): \(path)") }
        var state = RightEdge()
        for entry in entries { try state.append(leaf: MerkleHash.leaf(entry)) }
        #expect(state == atOnce.edge, "seed \(seed)")
    }

    @Test func `at the border of a second level a log grows as at any other`() throws {
        let entries = (0..<65_537).map { Array("\($0)".utf8) }
        var (log, edge) = (MemoryLog(), RightEdge())
        for step in [0..<65_535, 65_535..<65_536, 65_536..<65_537] {
            try log.append(Array(entries[step]))
            for entry in entries[step] { try edge.append(leaf: MerkleHash.leaf(entry)) }
            #expect(log.edge == edge)
            #expect(try log.hashes().edge() == edge)
        }
        #expect(Set(try TileID.needed(size: 65_537).map(\.path)).isSubset(of: log.files.keys))
    }

    @Test(arguments: [0, 1, 255, 256, 257, 1000, 65_535, 65_536, 70_000, 1_000_000, 1_000_255])
    func `appending loads the last bundle and one tile a level, however long the log is`(size: Int) throws {
        var log = size == 0 ? MemoryLog() : try MemoryLog(synthesised: size, seed: 1)
        var edge = log.edge
        for count in [1, 2, 300] {
            try log.append((0..<count).map(LogVectors.entry))
            for index in 0..<count { try edge.append(leaf: MerkleHash.leaf(LogVectors.entry(index))) }
            #expect(log.edge == edge)
            let names = log.loaded.map(\.description)
            #expect(names.count <= 4 && Set(names).count == names.count)
            #expect(names.filter { $0.hasPrefix("tile/entries/") }.count <= 1)
            for level in 0...6 { #expect(names.filter { $0.hasPrefix("tile/\(level)/") }.count <= 1) }
        }
    }

    @Test func `nothing new changes nothing`() throws {
        var log = MemoryLog()
        try log.append([[1], [2]])
        let (head, files) = (log.head, log.files)
        #expect(try log.append([]).files.isEmpty)
        #expect(log.head == head && log.files == files)
    }

    @Test(arguments: [1, 2, 257, 300, 70_000])
    func `nothing is built on a damaged end`(size: Int) throws {
        var log = size == 70_000 ? try Self.long.get() : MemoryLog()
        if size != 70_000 { try log.append((0..<size).map { Array("entry \($0)".utf8) }) }
        var probe = log
        try probe.append([[1]])
        #expect(!probe.loaded.isEmpty)
        for path in probe.loaded {
            let good = try #require(log.files[path])
            for place in Set([0, 1, 2, good.count / 2, good.count - 1]) where place < good.count {
                var damaged = log
                damaged.files[path]?[place] ^= 0x10
                let found = code { try damaged.append([[1]]) }
                let isLength = found == .malformedBundle && path.description.contains("entries")
                #expect(found == .wrongRoot || isLength, "\(path) at \(place)")
                #expect(damaged.head == log.head)
            }
            let malformed = path.description.contains("entries") ? LogFaultCode.malformedBundle : .malformedTile
            for other in [Array(good.dropLast()), good + [0], []] {
                var damaged = log
                damaged.files[path] = other
                #expect(code { try damaged.append([[1]]) } == malformed, "\(path)")
            }
            var damaged = log
            damaged.files[path] = nil
            #expect(throws: MemoryLog.Missing(path: path)) { try damaged.append([[1]]) }
        }
    }

    @Test func `the end of another log is refused`() throws {
        var (one, other) = (MemoryLog(), MemoryLog())
        try one.append([[1], [2], [3]])
        try other.append([[1], [2], [4]])
        other.head = one.head
        #expect(code { try other.append([[5]]) } == .wrongRoot)
        other.head = try TreeHead(size: 2, root: one.head.root)
        #expect(throws: (any Error).self) { try other.append([[5]]) }
    }

    @Test func `a log takes no more entries than it can hold`() throws {
        let full = try TreeHead(size: LogSize.limit, root: MerkleHash.leaf([]))
        #expect(code { _ = try LogGrowth.append([[1]], to: full) { _ in [] } } == .outOfRange)
    }
}
