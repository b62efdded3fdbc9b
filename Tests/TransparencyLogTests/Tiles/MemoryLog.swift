import Primitives
import Signatures

@testable import TransparencyLog

/// A log in memory, grown by `LogGrowth` alone, that counts what is loaded.
struct MemoryLog {
    var files: [ByteString: [UInt8]] = [:]
    var head = TreeHead.empty
    var edge = RightEdge()
    private(set) var loaded: [ByteString] = []

    struct Missing: Error, Equatable {
        let path: ByteString
    }

    init() {}

    /// With one bundle and the tiles above it, of a tree of `size` entries whose other hashes come from `seed`: a log of
    /// a million entries without making them. When `index` is given, the tiles on the way to its entry are there as well.
    init(synthesised size: Int, including index: Int? = nil, seed: UInt64) throws {
        var random = SplitMix(seed)
        var (below, ends): (Digest?, [[Digest]]) = (nil, [])
        for level in 0...TileID.topLevel {
            let count = TileID.hashes(level: level, size: size)
            let place = index.map { $0 >> (8 * level) }
            var end: [Digest] = []
            for tile in Set([count / 256] + (place.map { [$0 / 256] } ?? [])) {
                guard let id = TileID.inTree(size: size, level: level, index: tile) else { continue }
                let entries = level == 0 ? (0..<id.width).map { _ in random.bytes(20) } : []
                var hashes = level == 0 ? entries.map(MerkleHash.leaf) : (0..<id.width).map { _ in random.digest() }
                if let below, let place, place / 256 == tile, place % 256 < id.width { hashes[place % 256] = below }
                files[id.path] = Tile(unchecked: hashes).encoded
                if level == 0 {
                    files[try BundleID(index: tile, width: id.width).path] = try EntryBundle.encode(entries)
                }
                if !id.isFull { end = hashes }
            }
            below = place.flatMap { files[TileID.inTree(size: size, level: level, index: $0 / 256)?.path ?? ""] }
                .flatMap { try? Tile(decoding: $0, width: 256).root }
            ends.append(end)
        }
        edge = try RightEdge.ofTree(size: size, partialTiles: ends)
        head = edge.head
    }

    @discardableResult
    mutating func append(_ entries: [[UInt8]]) throws -> LogGrowth {
        var loads: [ByteString] = []
        let growth = try LogGrowth.append(entries, to: head) { path in
            loads.append(path)
            guard let file = files[path] else { throw Missing(path: path) }
            return file
        }
        for (path, bytes) in growth.files { files[path] = bytes }
        (head, edge, loaded) = (growth.head, growth.edge, loads)
        return growth
    }

    func hashes(checked: Bool = true) throws -> TileHashes {
        let files = files
        func load(_ id: TileID) throws -> [UInt8] {
            guard let file = files[id.path] else { throw Missing(path: id.path) }
            return file
        }
        return try checked ? TileHashes(head: head, load: load) : TileHashes(size: head.size, load: load)
    }

    func entries() throws -> [[UInt8]] {
        try BundleID.needed(size: head.size).flatMap { id in
            try EntryBundle.decode(files[id.path] ?? [], width: id.width)
        }
    }
}
