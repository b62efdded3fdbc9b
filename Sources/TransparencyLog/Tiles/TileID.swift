import Primitives

/// What tiles and bundles are cut by: the C2SP tlog-tiles format.
enum TileShape {
    /// Hashes of a full tile, entries of a full bundle.
    static let width = 256
    /// Levels of the tree one tile spans.
    static let height = 8

    /// `x001/x234/067`, with `.p/5` behind it when the file is not full.
    static func path(index: Int, width: Int) -> String {
        var groups: [String] = []
        var rest = index
        repeat {
            let digits = String(rest % 1000)
            groups.append(String(repeating: "0", count: 3 - digits.count) + digits)
            rest /= 1000
        } while rest > 0
        let path = groups.dropFirst().reversed().map { "x\($0)/" }.joined() + (groups.first ?? "")
        return width == TileShape.width ? path : "\(path).p/\(width)"
    }

    static func check(index: Int, width: Int) throws(LogFault) {
        guard 0...LogSize.limit ~= index, 1...Self.width ~= width else {
            throw LogFault(.outOfRange, found: "width \(width) of tile \(index)", expected: "1 to \(Self.width)")
        }
    }

    /// The width of the file `index` in a row of `count` items; 0 or less when there is none. Neither is negative.
    static func width(of index: Int, count: Int) -> Int { min(width, count - index * width) }

    /// Files of a row of `count` items.
    static func files(_ count: Int) -> Int { (count + width - 1) / width }
}

/// The name of a tile: up to 256 neighbouring hashes of the tree's level `8 * level`.
package struct TileID: Hashable, Sendable {
    /// 0 for leaf hashes; a hash of level L + 1 is that of a full tile of level L.
    package let level: Int
    package let index: Int
    /// Hashes in it, 1 to 256.
    package let width: Int

    /// Throws `log/out-of-range` for what no log has.
    package init(level: Int, index: Int, width: Int) throws(LogFault) {
        try TileShape.check(index: index, width: width)
        guard 0...Self.topLevel ~= level else { throw LogFault(.outOfRange, found: "tile level \(level)") }
        self.init(unchecked: level, index: index, width: width)
    }

    private init(unchecked level: Int, index: Int, width: Int) {
        self.level = level
        self.index = index
        self.width = width
    }

    /// The highest level a log of `LogSize.limit` entries has.
    static let topLevel = 6

    /// Below the log's folder: `tile/0/x001/234.p/5`.
    package var path: ByteString { ByteString("tile/\(level)/\(TileShape.path(index: index, width: width))") }

    /// The tile that this one becomes, and begins.
    package var full: TileID { TileID(unchecked: level, index: index, width: TileShape.width) }

    package var isFull: Bool { width == TileShape.width }

    /// Hashes on `level` in a tree of `size` entries.
    static func hashes(level: Int, size: Int) -> Int { size >> (TileShape.height * level) }

    /// The tile as it is in a tree of `size` entries; nil when that has none there.
    package static func inTree(size: Int, level: Int, index: Int) -> TileID? {
        guard 0...LogSize.limit ~= size, 0...topLevel ~= level, 0...LogSize.limit ~= index else { return nil }
        let count = hashes(level: level, size: size)
        guard index < TileShape.files(count) else { return nil }
        return TileID(unchecked: level, index: index, width: TileShape.width(of: index, count: count))
    }

    /// The tiles of a tree of `size` entries that one of `old` entries does not have or has narrower; level 0 first.
    /// Made as they are asked for, for a log may be long. Throws `log/shrunk` unless `old <= size`.
    package static func needed(from old: Int = 0, size: Int) throws(LogFault) -> some Sequence<TileID> {
        try LogSize.check(old, grownTo: size)
        return (0...topLevel).lazy.flatMap { level in
            let (before, after) = (hashes(level: level, size: old), hashes(level: level, size: size))
            let indices = before == after ? 0..<0 : before / TileShape.width..<TileShape.files(after)
            return indices.lazy.map { index in
                TileID(unchecked: level, index: index, width: TileShape.width(of: index, count: after))
            }
        }
    }
}

/// The name of an entry bundle: up to 256 neighbouring entries.
package struct BundleID: Hashable, Sendable {
    package let index: Int
    /// Entries in it, 1 to 256.
    package let width: Int

    /// Throws `log/out-of-range` for what no log has.
    package init(index: Int, width: Int) throws(LogFault) {
        try TileShape.check(index: index, width: width)
        self.init(unchecked: index, width: width)
    }

    private init(unchecked index: Int, width: Int) {
        self.index = index
        self.width = width
    }

    /// Below the log's folder: `tile/entries/000.p/3`.
    package var path: ByteString { ByteString("tile/entries/\(TileShape.path(index: index, width: width))") }

    /// The bundle that this one becomes, and begins.
    package var full: BundleID { BundleID(unchecked: index, width: TileShape.width) }

    package var isFull: Bool { width == TileShape.width }

    /// The index in the log of the bundle's first entry.
    package var firstEntry: Int { index * TileShape.width }

    /// The bundles of a log of `size` entries that one of `old` entries does not have or has narrower, in order. Made
    /// as they are asked for. Throws `log/shrunk` unless `old <= size`.
    package static func needed(from old: Int = 0, size: Int) throws(LogFault) -> some Sequence<BundleID> {
        try LogSize.check(old, grownTo: size)
        let indices = old == size ? 0..<0 : old / TileShape.width..<TileShape.files(size)
        return indices.lazy.map { index in
            BundleID(unchecked: index, width: TileShape.width(of: index, count: size))
        }
    }
}
