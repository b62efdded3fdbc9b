import Primitives
import Testing

@testable import Patching

/// Blocks of a byte or a few: each names a place in the old file, and none may cost much.
@Suite struct ShortBlockTests {
    /// An old file that counts how often it is read.
    final class Counting: OldFile {
        let bytes: [UInt8]
        private(set) var readings = 0
        private(set) var bytesRead = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var count: Int { bytes.count }

        func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
            readings += 1
            bytesRead += buffer.count
            try OldBytes(bytes: bytes).read(at: offset, into: buffer)
        }
    }

    /// `count` blocks of `length` bytes, each from `seek` bytes behind the one before.
    private func parts(_ count: Int, length: Int, seek: Int = 0) -> [[UInt8]] {
        streams([
            .layout: [0], .inserts: [UInt8](repeating: 0, count: count),
            .lengths: numbers([Int](repeating: length, count: count)),
            .seeks: numbers([0] + [Int](repeating: seek << 1, count: count - 1)),
        ])
    }

    @Test func aFileOfOneByteBlocksIsRefused() {
        let old = [UInt8](repeating: 7, count: 1 << 20)
        #expect {
            try decode(.copy, parts(1 << 20, length: 1), old: old, count: 1 << 20)
        } throws: { ($0 as? PatchFault)?.code == .tooMuchMemory }
    }

    @Test func blocksThatLieNearEachOtherShareTheirReadings() throws {
        let old = Counting(Array(0..<200_000).map { UInt8(truncatingIfNeeded: $0 ^ $0 >> 8) })
        var decoder = EditDecoder(StreamsInMemory(parts(2000, length: 60)), limits: EditLimits(memory: 1 << 20))
        var (made, calls): ([UInt8], Int) = ([], 0)
        try decoder.decode(.copy, old: old, count: 120_000) {
            made += $0
            calls += 1
        }
        #expect(made == Array(old.bytes[..<120_000]))
        #expect(old.readings <= 31 && calls == 1)
    }

    @Test func noBlockReadsMoreThanAPage() throws {
        let old = Counting([UInt8](repeating: 1, count: 4 << 20))
        let seek = 64 * 4096 - 40
        // Round and round: each in a page that took the place of one that is wanted again.
        let count = 15
        var decoder = EditDecoder(
            StreamsInMemory(parts(count, length: 40, seek: seek)), limits: EditLimits(memory: 1 << 20))
        try decoder.decode(.copy, old: old, count: count * 40) { _ in }
        #expect(old.bytesRead <= count * 4096)
    }

    @Test(arguments: [0, 1, 4095, 4096, 4097, 9000])
    func anyPartOfAFileIsReadThroughPagesAsItIs(_ size: Int) throws {
        var noise = Noise(UInt64(size))
        let bytes = noise.bytes(size)
        let pages = FilePages(OldBytes(bytes: bytes), bytes: 8192)
        for _ in 0..<300 {
            let start = Int.random(in: 0...size, using: &noise)
            let count = Int.random(in: 0...min(5000, size - start), using: &noise)
            var part = [UInt8](repeating: 0, count: count)
            try part.withUnsafeMutableBytes { try pages.read(at: start, into: $0) }
            #expect(part == Array(bytes[start..<start + count]))
        }
        for (start, count) in [(-1, 1), (size, 1), (size + 1, 0), (0, size + 1), (Int.max, 1), (Int.min, 1)] {
            var part = [UInt8](repeating: 0, count: count)
            #expect(throws: PatchFault.self) { try part.withUnsafeMutableBytes { try pages.read(at: start, into: $0) } }
        }
    }

    @Test func aWriterKeepsTheLongestBlocksOfMoreThanAreAllowed() {
        let lengths = [9, 30, 8, 30, 12, 40]
        var place = 0
        let blocks = lengths.map { length in
            defer { place += length }
            return Block(old: place, new: place, length: length)
        }
        #expect(EditEncoder.longest(blocks, 6) == blocks)
        #expect(EditEncoder.longest(blocks, 3).map(\.length) == [30, 30, 40])
        #expect(EditEncoder.longest(blocks, 2) == [blocks[1], blocks[5]])
        #expect(EditEncoder.longest(blocks, 0) == [])
    }
}
