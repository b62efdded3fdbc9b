import Primitives
import Testing

@testable import Patching

@Suite struct TextDictionaryTests {
    /// Blocks number 0 and 32 have the same place in the cache.
    static let far = 32 * (32 << 10)

    @Test func copiesGoOverTheEndsOfBlocksAndFiles() throws {
        let bytes = (0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
        let files = [bytes[..<40_000], bytes[40_000..<40_000], bytes[40_000..<40_001], bytes[40_001...]]
        let dictionary = TextDictionary(files.map { MemoryFile(bytes: Array($0)) })
        #expect(dictionary.count == bytes.count)
        for position in [0, 32_700, 39_900, 40_000, 65_500, 99_727] {
            var copied = [UInt8](repeating: 0, count: 273)
            try copied.withUnsafeMutableBufferPointer { buffer in
                try dictionary.copy(273, from: position, to: #require(buffer.baseAddress))
            }
            #expect(copied == Array(bytes[position..<position + 273]), "from \(position)")
        }
    }

    @Test func textThatReadsTheSameBlocksAgainAndAgainIsStopped() throws {
        let dictionary = TextDictionary(
            [MemoryFile(bytes: [UInt8](repeating: 1, count: Self.far + 10))], mostReadBytes: 1 << 20)
        var byte: UInt8 = 0
        let fault = #expect(throws: PatchFault.self) {
            for number in 0..<100 { try dictionary.copy(1, from: number % 2 * Self.far, to: &byte) }
        }
        #expect(fault?.code == .tooLarge)
    }
}
