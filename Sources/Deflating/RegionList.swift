import Primitives

/// The recipe of a whole file: its deflated parts, in order, and the bytes between them.
struct RegionList {
    struct Region: Equatable {
        /// Bytes in front that are the file's own.
        let verbatimCount: Int
        /// Expanded bytes.
        let dataCount: Int
        /// Whether checksum and length of them follow, as in gzip.
        let hasTrailer: Bool
        let recipe: DeflateRecipe
    }

    // A byte that is 1 for this encoding; the number of regions; each region: verbatimCount, dataCount and, in its
    // lowest bit, hasTrailer, and the recipe. What follows the last region is verbatim.

    fileprivate static let version = 1
    /// A recipe without corrections always may be as long as it is.
    private static let leastBytes = 16

    private var writer = RecipeWriter()
    private var count = 0

    var isEmpty: Bool { count == 0 }

    /// How long the recipe of a stream of `byteCount` bytes may be.
    static func mostBytes(_ byteCount: Int, _ limits: ExpansionLimits) -> Int {
        max(leastBytes, byteCount / max(1, limits.recipeDivisor))
    }

    /// False when it would take more than `mostBytes`; then it is not appended.
    mutating func append(_ region: Region, mostBytes: Int) -> Bool {
        var own = RecipeWriter()
        own.write(region.verbatimCount)
        own.write(region.dataCount << 1 | (region.hasTrailer ? 1 : 0))
        region.recipe.write(to: &own)
        guard own.bytes.count <= mostBytes else { return false }
        writer.write(raw: own.bytes)
        count += 1
        return true
    }

    var encoded: [UInt8] {
        var whole = RecipeWriter()
        whole.write(byte: Self.version)
        whole.write(count)
        whole.write(raw: writer.bytes)
        return whole.bytes
    }

}

/// Reads the recipe of a whole file, part by part.
struct RegionReader {
    private var reader: RecipeReader
    /// Regions, and expanded bytes, that are to come.
    private var (regionsLeft, bytesLeft): (Int, Int)

    /// Of a file that is `expandedCount` bytes when expanded.
    init(_ bytes: [UInt8], expandedCount: Int, _ limits: ExpansionLimits) throws(DeflatingFault) {
        var reader = RecipeReader(bytes)
        guard try reader.byte() == RegionList.version else {
            throw DeflatingFault(.corruptRecipe, found: "another version")
        }
        regionsLeft = try reader.number(upTo: limits.regions)
        guard regionsLeft > 0 else { throw DeflatingFault(.corruptRecipe, found: "no deflated part") }
        (self.reader, bytesLeft) = (reader, expandedCount)
    }

    /// The next region; nil behind the last, where the recipe must end too.
    mutating func next() throws(DeflatingFault) -> RegionList.Region? {
        guard regionsLeft > 0 else {
            guard reader.isAtEnd else { throw DeflatingFault(.corruptRecipe, found: "bytes behind the end") }
            return nil
        }
        regionsLeft -= 1
        let verbatimCount = try reader.number(upTo: bytesLeft)
        bytesLeft -= verbatimCount
        let number = try reader.number(upTo: bytesLeft * 2 + 1)
        bytesLeft -= number >> 1
        return RegionList.Region(
            verbatimCount: verbatimCount, dataCount: number >> 1, hasTrailer: number & 1 == 1,
            recipe: try DeflateRecipe(from: &reader, dataCount: number >> 1))
    }
}
