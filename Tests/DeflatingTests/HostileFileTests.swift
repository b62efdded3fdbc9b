import Deflating
import Testing

/// Files made to stop, fill or lead astray whoever expands them.
@Suite struct HostileFileTests {
    private static func check(_ file: [UInt8], limits: ExpansionLimits = ExpansionLimits()) {
        if let expansion = Expansion.expand(file, limits: limits) {
            #expect((try? Expansion.contract(expansion.bytes, recipe: expansion.recipe, limits: limits)) == file)
        }
        if let inflated = Expansion.inflate(file, limits: limits) { #expect(inflated.count <= limits.expandedBytes) }
    }

    private static func smallFiles() throws -> [[UInt8]] {
        let data = SampleData.text(260, seed: 11) + SampleData.random(30, seed: 12)
        let program = """
            made = io.BytesIO()
            with zipfile.ZipFile(made, 'w', zipfile.ZIP_DEFLATED) as files:
                files.writestr('a', data[:100])
                files.writestr('b', data[100:])
            give(made.getvalue())
            """
        return [try PeerCompressor.gzip(data, level: 9)] + (try PeerCompressor.pythonOutputs(program, data))
    }

    @Test func everyPrefixOfAFileIsTakenOrLeft() throws {
        for file in try Self.smallFiles() {
            for count in 0..<file.count { Self.check(Array(file.prefix(count))) }
        }
    }

    @Test func aFlippedBitInEverySecondByteIsTakenOrLeft() throws {
        for file in try Self.smallFiles() {
            for index in stride(from: 0, to: file.count, by: 2) {
                var flipped = file
                flipped[index] ^= 1 << UInt8(index >> 1 & 7)
                Self.check(flipped)
            }
        }
    }

    @Test func aBombIsNotExpandedBeyondTheLimit() throws {
        let file = try PeerCompressor.gzip([UInt8](repeating: 0, count: 300_000), level: 9)
        var limits = ExpansionLimits()
        limits.expandedBytes = 200_000
        #expect(Expansion.expand(file, limits: limits) == nil)
        #expect(Expansion.inflate(file, limits: limits) == nil)
        limits = ExpansionLimits()
        limits.expansionFactor = 100
        #expect(Expansion.inflate(file, limits: limits) == nil)
    }

    /// Otherwise a zip file could be inflated to hundreds of times the limit, part by part, for nothing.
    @Test func behindAPartThatCannotBeInflatedNothingIsExpanded() throws {
        let file = try #require(try Self.smallFiles().last)
        let whole = try #require(Expansion.inflate(file))
        var broken = file
        // The first entry's first block, behind a header of 30 bytes and a name of one, is of the type that there is not.
        broken[31] |= 6
        #expect(whole.count > file.count)
        #expect(Expansion.inflate(broken) == nil)
    }

    @Test func aFileAboveTheLimitIsLeftAlone() throws {
        let file = try PeerCompressor.gzip(SampleData.text.bytes, level: 6)
        var limits = ExpansionLimits()
        limits.fileBytes = file.count - 1
        #expect(Expansion.expand(file, limits: limits) == nil)
        limits.fileBytes = file.count
        #expect(Expansion.expand(file, limits: limits) != nil)
    }

    @Test func entriesThatOverlapAreLeftAlone() throws {
        let file = try #require(try Self.smallFiles().last)
        // The directory's second entry comes to name the first one's place.
        let entries = (0..<file.count - 4).filter { Array(file[$0..<$0 + 4]) == [0x50, 0x4B, 1, 2] }
        try #require(entries.count == 2)
        var overlapping = file
        for offset in 42..<46 { overlapping[entries[1] + offset] = file[entries[0] + offset] }
        for offset in 20..<24 { overlapping[entries[1] + offset] = file[entries[0] + offset] }
        #expect(Expansion.expand(overlapping) == nil)
        #expect(Expansion.inflate(overlapping) == nil)
    }

    @Test func aDirectoryThatPromisesMoreEntriesThanThereAreIsLeftAlone() throws {
        var file = try #require(try Self.smallFiles().last)
        file[file.count - 12] = 0xFF
        #expect(Expansion.expand(file) == nil)
    }

    @Test func moreWorkThanAllowedIsLeftAlone() throws {
        var random = SampleRandom(seed: 13)
        let letters = (0..<20_000).map { _ in UInt8.random(in: 97...98, using: &random) }
        let file = try PeerCompressor.gzip(letters + letters + letters, level: 9)
        var limits = ExpansionLimits()
        #expect(Expansion.expand(file, limits: limits) != nil)
        limits.work = 1 << 16
        #expect(Expansion.expand(file, limits: limits) == nil)
    }
}
