/// Goes through a file and expands what is deflated.
struct Expander {
    private let file: UnsafeBufferPointer<UInt8>
    private let container: Container
    private let makesRecipes: Bool
    private let limits: ExpansionLimits
    private let byteLimit: Int

    private var output: [UInt8] = []
    private var regions = RegionList()
    /// What of the file is in `output`, expanded or not.
    private var done = 0

    /// `file` must outlive this. Nil when it is of no kind we know or too large.
    init?(_ file: UnsafeBufferPointer<UInt8>, makesRecipes: Bool, _ limits: ExpansionLimits) {
        guard file.count <= limits.fileBytes, let container = Container(file, limits) else { return nil }
        self.file = file
        self.container = container
        self.makesRecipes = makesRecipes
        self.limits = limits
        byteLimit = limits.expandedBytes(fileCount: file.count)
    }

    mutating func run() {
        var (number, position) = (0, 0)
        while number < limits.regions, let region = container.region(file, number: number, behind: position) {
            number += 1
            // Behind a part that cannot be inflated all stays as it is: where the next gzip member begins nobody knows, and
            // a zip file of many such parts would be inflated many times over for nothing.
            guard let streamEnd = expand(region) else { break }
            position = streamEnd + (region.hasTrailer ? GzipTrailer.count : 0)
            if position > file.count { break }
        }
        appendVerbatim(to: file.count)
    }

    var inflated: [UInt8]? { regions.isEmpty || output.count > byteLimit ? nil : output }
    var expansion: Expansion? { inflated.map { Expansion(bytes: $0, recipe: regions.encoded) } }

    private mutating func appendVerbatim(to end: Int) {
        guard done < end else { return }
        output.append(contentsOf: file[done..<end])
        done = end
    }

    /// Where the stream ends, or nil when it cannot be inflated. It stays as it is when no recipe makes it again.
    private mutating func expand(_ region: DeflatedRegion) -> Int? {
        let (outputBefore, doneBefore) = (output.count, done)
        appendVerbatim(to: region.start)
        let dataStart = output.count
        let stream = try? Inflater.inflate(
            file, from: region.start, to: &output, limit: byteLimit, keepingTokens: makesRecipes)
        let isWhole = stream.map { region.byteCount ?? $0.byteCount == $0.byteCount } ?? false
        guard let stream, isWhole, note(region, stream, dataStart, verbatimCount: region.start - doneBefore) else {
            output.removeLast(output.count - outputBefore)
            done = doneBefore
            return isWhole ? stream.map { region.start + $0.byteCount } : nil
        }
        return region.start + stream.byteCount
    }

    /// Adds the region to the list; false when it has no recipe, or one that is too long.
    private mutating func note(
        _ region: DeflatedRegion, _ stream: InflatedStream, _ dataStart: Int, verbatimCount: Int
    ) -> Bool {
        let end = region.start + stream.byteCount
        let noted = output.withUnsafeBufferPointer { buffer -> RegionList.Region? in
            let data = UnsafeBufferPointer(rebasing: buffer[dataStart...])
            let recipe = makesRecipes ? RecipeMaker(stream, file, data, limits).recipe(region.hint) : DeflateRecipe()
            return recipe.map {
                RegionList.Region(
                    verbatimCount: verbatimCount, dataCount: data.count,
                    hasTrailer: region.hasTrailer && isTrailer(at: end, of: data), recipe: $0)
            }
        }
        guard let noted, regions.append(noted, mostBytes: RegionList.mostBytes(stream.byteCount, limits)) else {
            return false
        }
        done = end + (noted.hasTrailer ? GzipTrailer.count : 0)
        return true
    }

    private func isTrailer(at position: Int, of data: UnsafeBufferPointer<UInt8>) -> Bool {
        guard position + GzipTrailer.count <= file.count else { return false }
        return file[position..<position + GzipTrailer.count].elementsEqual(GzipTrailer.bytes(data))
    }
}
