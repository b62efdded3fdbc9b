import Compression
import Primitives
import Testing

@Suite struct ZstdTests {
    static let text = Array(String(repeating: "a line of text that compresses well, number 7\n", count: 60_000).utf8)

    static func compress(_ bytes: [UInt8], chunk: Int = 1 << 20, _ settings: ZstdSettings = fast) throws -> [UInt8] {
        let compressor = try ZstdCompressor(settings)
        var output: [UInt8] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            try Array(rest.prefix(chunk)).withUnsafeBytes { try compressor.append($0) { output += $0 } }
            rest = rest.dropFirst(chunk)
        }
        try compressor.finish { output += $0 }
        return output
    }

    static func decompress(_ bytes: [UInt8], limits: ZstdLimits, chunk: Int = 1000) throws -> [UInt8] {
        var rest = bytes[...]
        let decompressor = try ZstdDecompressor(limits: limits) { buffer in
            let next = rest.prefix(min(chunk, buffer.count))
            rest = rest.dropFirst(next.count)
            buffer.copyBytes(from: next)
            return next.count
        }
        var output: [UInt8] = []
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 5000, alignment: 1)
        defer { buffer.deallocate() }
        while true {
            let count = try decompressor.read(into: buffer)
            if count == 0 { return output }
            output += buffer[..<count]
        }
    }

    static var fast: ZstdSettings {
        var settings = ZstdSettings()
        settings.level = 3
        settings.jobBytes = 1 << 20
        return settings
    }

    static func code(_ body: () throws -> Void) -> CompressionFaultCode? {
        do { try body() } catch { return (error as? CompressionFault)?.code }
        return nil
    }

    @Test(arguments: [1, 7, 4096, 1 << 20, 1 << 24])
    func comesBackWhateverTheChunks(_ chunk: Int) throws {
        let input = chunk < 100 ? Array(Self.text.prefix(20_000)) : Self.text
        let packed = try Self.compress(input, chunk: chunk)
        #expect(try Self.decompress(packed, limits: ZstdLimits(outputBytes: input.count), chunk: chunk) == input)
    }

    @Test func theSameBytesWhateverTheChunksAndTheNumberOfWorkers() throws {
        let once = try Self.compress(Self.text, chunk: Self.text.count)
        for workers in [1, 2, 4] as [Int32] {
            var settings = Self.fast
            settings.workers = workers
            #expect(try Self.compress(Self.text, chunk: 777, settings) == once)
            #expect(try Self.compress(Self.text, chunk: 300_001, settings) == once)
        }
    }

    @Test func nothingIsCompressedToAFrameToo() throws {
        #expect(try Self.decompress(Self.compress([]), limits: ZstdLimits(outputBytes: 0)) == [])
    }

    @Test func aBombIsRefusedAtTheLimit() throws {
        let bomb = try Self.compress([UInt8](repeating: 0, count: 30 << 20))
        #expect(bomb.count < 10_000)
        #expect(
            Self.code { _ = try Self.decompress(bomb, limits: ZstdLimits(outputBytes: 1 << 20)) } == .outputTooLarge)
        #expect(try Self.decompress(bomb, limits: ZstdLimits(outputBytes: 30 << 20)).count == 30 << 20)
    }

    @Test func aWindowBeyondTheLimitIsRefused() throws {
        var settings = Self.fast
        settings.windowLog = 24
        let packed = try Self.compress(Self.text, settings)
        #expect(
            Self.code { _ = try Self.decompress(packed, limits: ZstdLimits(outputBytes: 1 << 24, windowLog: 20)) }
                == .windowTooLarge)
    }

    @Test func everyCutIsRefused() throws {
        let packed = try Self.compress(Array(Self.text.prefix(5000)))
        for length in 0..<packed.count {
            let code = Self.code {
                _ = try Self.decompress(Array(packed.prefix(length)), limits: ZstdLimits(outputBytes: 1 << 20))
            }
            #expect(code == .truncated, "cut after \(length)")
        }
    }

    @Test func anythingBehindTheFrameIsRefused() throws {
        let packed = try Self.compress(Self.text)
        let limits = ZstdLimits(outputBytes: 1 << 24)
        for chunk in [packed.count, 1000] {
            #expect(Self.code { _ = try Self.decompress(packed + [0], limits: limits, chunk: chunk) } == .trailingBytes)
            #expect(
                Self.code { _ = try Self.decompress(packed + packed, limits: limits, chunk: chunk) } == .trailingBytes)
        }
    }

    @Test func everyFlippedBitIsRefused() throws {
        let packed = try Self.compress(Array(Self.text.prefix(5000)))
        for index in packed.indices {
            var damaged = packed
            damaged[index] ^= 1 << (index % 8)
            // A few bits of the header mean nothing to the content; the archive's digest covers those.
            let output = try? Self.decompress(damaged, limits: ZstdLimits(outputBytes: 1 << 20))
            #expect(output == nil || output == Array(Self.text.prefix(5000)), "byte \(index)")
        }
    }

    @Test func whatTheSourceThrowsComesThrough() throws {
        struct Broken: Error {}
        let decompressor = try ZstdDecompressor(limits: ZstdLimits(outputBytes: 1)) { _ in throw Broken() }
        var byte: UInt8 = 0
        #expect(throws: Broken.self) { try withUnsafeMutableBytes(of: &byte) { _ = try decompressor.read(into: $0) } }
    }
}
