import Compression
import Primitives
import Testing

@Suite struct LZMATests {
    static let settings = LZMASettings(dictionaryBytes: 1 << 16)

    static func decompress(_ packed: [UInt8], count: Int) throws -> [UInt8] {
        var rest = packed[...]
        let decompressor = try LZMADecompressor(count: count, settings) { buffer in
            let part = rest.prefix(min(7, buffer.count))
            buffer.copyBytes(from: part)
            rest = rest.dropFirst(part.count)
            return part.count
        }
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try decompressor.read(into: $0) }
        try decompressor.finish()
        return bytes
    }

    @Test(arguments: [1, 2, 100, 5000, 200_000])
    func comesBack(count: Int) throws {
        let bytes = Array(ZstdTests.text.prefix(count))
        let packed = try LZMACompressor.compress(bytes, Self.settings)
        #expect(try Self.decompress(packed, count: count) == bytes)
    }

    @Test func aPresetIsWorthItsContent() throws {
        let bytes = Array(ZstdTests.text.prefix(50_000)).reversed().map(\.self)
        let plain = try LZMACompressor.compress(bytes, Self.settings)
        let preset = try LZMACompressor.compress(bytes, Self.settings, preset: bytes)
        #expect(preset.count < plain.count)
        #expect(try LZMADecompressor.decompress(preset, count: bytes.count, Self.settings, preset: bytes) == bytes)
    }

    @Test func whatIsCutOrFollowedByMoreIsRefused() throws {
        let bytes = Array(ZstdTests.text.prefix(5000))
        let packed = try LZMACompressor.compress(bytes, Self.settings)
        for count in 0..<packed.count {
            #expect((try? Self.decompress(Array(packed[..<count]), count: bytes.count)) != bytes)
        }
        #expect(throws: CompressionFault.self) { try Self.decompress(packed + packed + packed, count: bytes.count) }
    }
}
