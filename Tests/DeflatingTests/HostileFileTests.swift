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
        let data = SampleData.text(1500, seed: 11) + SampleData.random(60, seed: 12)
        let program = """
            made = io.BytesIO()
            with zipfile.ZipFile(made, 'w', zipfile.ZIP_DEFLATED) as files:
                files.writestr('a', data[:400])
                files.writestr('b', data[400:])
            give(made.getvalue())
            """
        return [try PeerCompressor.gzip(data, level: 9)] + (try PeerCompressor.pythonOutputs(program, data))
    }

    @Test func everyPrefixOfAFileIsTakenOrLeft() throws {
        for file in try Self.smallFiles() {
            for count in 0..<file.count { Self.check(Array(file.prefix(count))) }
        }
    }

    @Test func everyFlippedBitIsTakenOrLeft() throws {
        for file in try Self.smallFiles() {
            for index in file.indices {
                var flipped = file
                flipped[index] ^= 1 << UInt8(index & 7)
                Self.check(flipped)
            }
        }
    }

    @Test func aBombIsNotExpandedBeyondTheLimit() throws {
        let file = try PeerCompressor.gzip([UInt8](repeating: 0, count: 3_000_000), level: 9)
        var limits = ExpansionLimits()
        limits.expandedBytes = 1_000_000
        #expect(Expansion.expand(file, limits: limits) == nil)
        #expect(Expansion.inflate(file, limits: limits) == nil)
        limits = ExpansionLimits()
        limits.expansionFactor = 100
        #expect(Expansion.inflate(file, limits: limits) == nil)
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
        let data = Array(repeating: Array("abcdefgh".utf8), count: 1).flatMap(\.self)
        var random = SampleRandom(seed: 13)
        let letters = (0..<60_000).map { _ in data[Int.random(in: 0..<2, using: &random)] }
        let file = try PeerCompressor.gzip(letters, level: 9)
        var limits = ExpansionLimits()
        #expect(Expansion.expand(file, limits: limits) != nil)
        limits.workPerByte = 1
        #expect(Expansion.expand(file, limits: limits) == nil)
    }
}
