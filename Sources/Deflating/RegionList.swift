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

    private static let version = 1
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

    /// The regions of a file that is `expandedCount` bytes when expanded.
    static func decode(
        _ bytes: [UInt8], expandedCount: Int, _ limits: ExpansionLimits
    ) throws(DeflatingFault) -> [Region] {
        var reader = RecipeReader(bytes)
        guard try reader.byte() == version else { throw DeflatingFault(.corruptRecipe, found: "another version") }
        let count = try reader.number(upTo: limits.regions)
        guard count > 0 else { throw DeflatingFault(.corruptRecipe, found: "no deflated part") }
        var regions: [Region] = []
        var left = expandedCount
        for _ in 0..<count {
            let verbatimCount = try reader.number(upTo: left)
            left -= verbatimCount
            let number = try reader.number(upTo: left * 2 + 1)
            left -= number >> 1
            let recipe = try DeflateRecipe(from: &reader, dataCount: number >> 1)
            regions.append(
                Region(
                    verbatimCount: verbatimCount, dataCount: number >> 1, hasTrailer: number & 1 == 1, recipe: recipe))
        }
        guard reader.isAtEnd else { throw DeflatingFault(.corruptRecipe, found: "bytes behind the end") }
        return regions
    }
}
