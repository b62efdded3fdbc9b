import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Tiles and bundles")
struct TileTests {
    @Test func `paths are those of the vectors`() throws {
        let vectors: LogVectors.Tiles = try LogVectors.load("tiles")
        for (index, path) in vectors.index_paths {
            let index = try #require(Int(index))
            #expect(try TileID(level: 3, index: index, width: 256).path == ByteString("tile/3/\(path)"))
            #expect(try TileID(level: 0, index: index, width: 5).path == ByteString("tile/0/\(path).p/5"))
            #expect(try BundleID(index: index, width: 256).path == ByteString("tile/entries/\(path)"))
            #expect(try BundleID(index: index, width: 255).path == ByteString("tile/entries/\(path).p/255"))
        }
    }

    @Test(arguments: [
        (-1, 0, 1), (7, 0, 1), (.max, 0, 1), (0, -1, 1), (0, .max, 1), (0, 0, 0), (0, 0, 257), (0, 0, -1), (0, 0, .min),
    ])
    func `a tile that no log has is refused`(level: Int, index: Int, width: Int) {
        #expect(code { _ = try TileID(level: level, index: index, width: width) } == .outOfRange)
        if level == 0 { #expect(code { _ = try BundleID(index: index, width: width) } == .outOfRange) }
        #expect(TileID.inTree(size: 300, level: level, index: width == 1 ? index : 99) == nil)
    }

    @Test(arguments: [
        (0, []), (1, ["0/000.p/1"]), (255, ["0/000.p/255"]), (256, ["0/000", "1/000.p/1"]),
        (257, ["0/000", "0/001.p/1", "1/000.p/1"]), (300, ["0/000", "0/001.p/44", "1/000.p/1"]),
    ])
    func `a tree has these tiles`(size: Int, paths: [String]) throws {
        #expect(try TileID.needed(size: size).map(\.path) == paths.map { ByteString("tile/\($0)") })
    }

    @Test func `only what a log did not have before, or had narrower, is needed`() throws {
        #expect(try TileID.needed(from: 300, size: 300).map(\.path) == [])
        #expect(try TileID.needed(from: 300, size: 301).map(\.path) == ["tile/0/001.p/45"])
        #expect(
            try TileID.needed(from: 511, size: 513).map(\.path) == ["tile/0/001", "tile/0/002.p/1", "tile/1/000.p/2"])
        #expect(
            try TileID.needed(from: 65_535, size: 65_536).map(\.path) == ["tile/0/255", "tile/1/000", "tile/2/000.p/1"])
        #expect(try BundleID.needed(from: 300, size: 300).map(\.path) == [])
        #expect(try BundleID.needed(from: 256, size: 300).map(\.path) == ["tile/entries/001.p/44"])
        #expect(
            try BundleID.needed(from: 255, size: 300).map(\.path) == ["tile/entries/000", "tile/entries/001.p/44"])
        #expect(try BundleID.needed(from: 255, size: 513).map(\.firstEntry) == [0, 256, 512])
        #expect(code { _ = try TileID.needed(from: 301, size: 300) } == .shrunk)
        #expect(code { _ = try BundleID.needed(from: 301, size: 300) } == .shrunk)
    }

    @Test func `the tiles of the longest possible log are named as they are asked for`() throws {
        #expect(try TileID.needed(size: LogSize.limit).first { _ in true }?.path == "tile/0/000")
        let last = try TileID.needed(from: LogSize.limit - 1, size: LogSize.limit).map(\.path)
        #expect(last.count == 7 && last.last == "tile/6/000.p/32")
        #expect(last.first == "tile/0/x035/x184/x372/x088/831")
    }

    @Test func `a tile is its hashes and nothing else`() throws {
        let hashes = (0..<256).map { MerkleHash.leaf([UInt8($0)]) }
        for width in [1, 2, 255, 256] {
            let bytes = hashes.prefix(width).flatMap(\.bytes)
            let tile = try Tile(decoding: bytes, width: width)
            #expect(tile.hashes == Array(hashes.prefix(width)) && tile.encoded == bytes)
            for wrong in [bytes.dropLast(), bytes + [0], bytes + hashes[0].bytes, Array(bytes.dropLast(32)), []] {
                #expect(code { _ = try Tile(decoding: wrong, width: width) } == .malformedTile)
            }
        }
        for width in [0, 257, -1, .max, .min] {
            #expect(code { _ = try Tile(decoding: [], width: width) } == .malformedTile)
            #expect(
                code { _ = try Tile(decoding: [UInt8](repeating: 0, count: 257 * 32), width: width) } == .malformedTile)
        }
    }

    @Test(arguments: [0, 1, 255, 256, 65_534, 65_535])
    func `an entry of any length a bundle can say comes back`(length: Int) throws {
        let entries = [[1], [UInt8](repeating: 7, count: length), []]
        let bytes = try EntryBundle.encode(entries)
        #expect(try EntryBundle.decode(bytes, width: 3) == entries)
        #expect(bytes.count == entries.reduce(0) { $0 + EntryBundle.encodedLength($1) })
        for width in [1, 2, 4, 256] {
            #expect(code { _ = try EntryBundle.decode(bytes, width: width) } == .malformedBundle)
        }
    }

    @Test func `an entry too long for a bundle is refused`() {
        #expect(code { _ = try EntryBundle.encode([[UInt8](repeating: 0, count: 65_536)]) } == .entryTooLong)
        #expect(
            code {
                _ = try LogGrowth.append([[UInt8](repeating: 0, count: 65_536)], to: .empty) { _ in [] }
            } == .entryTooLong)
    }

    @Test func `a bundle has 1 to 256 entries, and ends with the last one`() throws {
        let entries = (0..<257).map { [UInt8](repeating: 9, count: $0 % 5) }
        #expect(code { _ = try EntryBundle.encode([]) } == .malformedBundle)
        #expect(code { _ = try EntryBundle.encode(entries) } == .malformedBundle)
        let bytes = try EntryBundle.encode(Array(entries.prefix(256)))
        for width in [0, 257, -1, .max, .min] {
            #expect(code { _ = try EntryBundle.decode(bytes, width: width) } == .malformedBundle)
        }
        for length in bytes.indices {
            #expect(code { _ = try EntryBundle.decode(Array(bytes.prefix(length)), width: 256) } == .malformedBundle)
        }
        #expect(code { _ = try EntryBundle.decode(bytes + [0], width: 256) } == .malformedBundle)
    }

    @Test func `a longer bundle begins with the shorter one, and its rest decodes alone`() throws {
        let entries = (0..<9).map { [UInt8](repeating: UInt8($0), count: $0) }
        let (short, long) = (try EntryBundle.encode(Array(entries.prefix(4))), try EntryBundle.encode(entries))
        #expect(Array(long.prefix(short.count)) == short)
        #expect(try EntryBundle.decode(Array(long.dropFirst(short.count)), width: 5) == Array(entries.dropFirst(4)))
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `a changed bundle is refused or is the bundle of other entries`(seed: UInt64) throws {
        var random = SplitMix(seed)
        let entries = (0..<20).map { _ in random.bytes(Int.random(in: 0...300, using: &random)) }
        let bytes = try EntryBundle.encode(entries)
        for _ in 0..<100 {
            let mutant = random.mutant(of: bytes)
            guard let read = try? EntryBundle.decode(mutant, width: 20) else { continue }
            #expect(try EntryBundle.encode(read) == mutant, "seed \(seed)")
            #expect(mutant == bytes || read != entries, "seed \(seed)")
        }
    }
}
