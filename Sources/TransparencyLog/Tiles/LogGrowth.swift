import Primitives
import Signatures

/// What appending to a log writes.
package struct LogGrowth: Sendable {
    /// Paths below the log's folder, in the order to write them: bundles, then tiles from level 0 up. None is of an older
    /// checkpoint, so that nothing published is overwritten.
    package let files: [(path: ByteString, bytes: [UInt8])]
    package let head: TreeHead
    package let edge: RightEdge

    /// Appends to the log of `head`. `load` gets a file by its path: the last bundle and the last tile of each level,
    /// each only when it is not full. They are checked against `head`, so that nothing is ever built on a damaged log.
    ///
    /// Throws `log/out-of-range` when the log is full, `log/entry-too-long`, `log/malformed-tile` and
    /// `log/malformed-bundle`, `log/wrong-root` when what was loaded is not the end of that log, and what `load` throws.
    package static func append(
        _ entries: [[UInt8]], to head: TreeHead, load: (ByteString) throws -> [UInt8]
    ) throws -> LogGrowth {
        let size = head.size + entries.count
        try LogSize.check(size)
        let ends = try (0...TileID.topLevel).map { try partialTile(level: $0, size: head.size, load: load) }
        try checkEdge(ends, of: head)
        let lastBundle = try partialBundle(size: head.size, leaves: ends.first ?? [], load: load)

        let bundles = try files(ofEntries: lastBundle, and: entries, size: head.size)
        let tiles = try Tiles(appending: entries.map(MerkleHash.leaf), to: ends, size: head.size)
        let edge = try RightEdge.ofTree(size: size, partialTiles: tiles.ends)
        return LogGrowth(files: bundles + tiles.files, head: edge.head, edge: edge)
    }

    // MARK: what is there

    /// The hashes of the last tile of a level when that is not full, else none.
    private static func partialTile(
        level: Int, size: Int, load: (ByteString) throws -> [UInt8]
    ) throws -> [Digest] {
        let (index, width) = TileID.hashes(level: level, size: size).quotientAndRemainder(dividingBy: TileShape.width)
        guard width > 0 else { return [] }
        let id = try TileID(level: level, index: index, width: width)
        return try Tile(decoding: load(id.path), width: width).hashes
    }

    private static func checkEdge(_ ends: [[Digest]], of head: TreeHead) throws(LogFault) {
        let found = try RightEdge.ofTree(size: head.size, partialTiles: ends).head
        guard found == head else {
            throw LogFault(.wrongRoot, found: "root \(found.root)", expected: "root \(head.root)", at: "tiles")
        }
    }

    private static func partialBundle(
        size: Int, leaves: [Digest], load: (ByteString) throws -> [UInt8]
    ) throws -> [[UInt8]] {
        guard !leaves.isEmpty else { return [] }
        let id = try BundleID(index: size / TileShape.width, width: leaves.count)
        let entries = try EntryBundle.decode(load(id.path), width: id.width)
        guard entries.map(MerkleHash.leaf) == leaves else { throw LogFault(.wrongRoot, at: id.path.description) }
        return entries
    }

    // MARK: what is new

    private static func files(
        ofEntries last: [[UInt8]], and new: [[UInt8]], size: Int
    ) throws(LogFault) -> [(path: ByteString, bytes: [UInt8])] {
        guard !new.isEmpty else { return [] }
        var files: [(path: ByteString, bytes: [UInt8])] = []
        var index = size / TileShape.width
        for chunk in chunks(last + new) {
            let id = try BundleID(index: index, width: chunk.count)
            files.append((id.path, try EntryBundle.encode(Array(chunk))))
            index += 1
        }
        return files
    }

    fileprivate static func chunks<Item>(_ items: [Item]) -> [ArraySlice<Item>] {
        stride(from: 0, to: items.count, by: TileShape.width).map { start in
            items[start..<min(start + TileShape.width, items.count)]
        }
    }
}

/// The tiles that new leaf hashes make, level by level.
private struct Tiles {
    var files: [(path: ByteString, bytes: [UInt8])] = []
    /// The hashes of each level's last tile when that is not full, else none.
    var ends: [[Digest]] = []

    init(appending leaves: [Digest], to ends: [[Digest]], size: Int) throws(LogFault) {
        var new = leaves
        for (level, end) in ends.enumerated() {
            var index = TileID.hashes(level: level, size: size) / TileShape.width
            var above: [Digest] = []
            var last = end
            for chunk in new.isEmpty ? [] : LogGrowth.chunks(end + new) {
                let tile = Tile(unchecked: chunk)
                let id = try TileID(level: level, index: index, width: chunk.count)
                files.append((id.path, tile.encoded))
                last = id.isFull ? [] : tile.hashes
                if id.isFull, let root = tile.root { above.append(root) }
                index += 1
            }
            self.ends.append(last)
            new = above
        }
    }
}
