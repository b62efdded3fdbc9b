import Patching
import Primitives
import Releases
import Testing

/// Files that are compared part by part: here from the first byte on, in the field from 256 MiB.
@Suite struct LargeFileTests {
    struct Change: CustomTestStringConvertible, Sendable {
        let testDescription: String
        /// The largest patch that is worth having, in bytes.
        let atMost: Int
        let apply: @Sendable (inout [UInt8]) -> Void
    }

    static let size = 3 << 20
    static let changes = [
        Change(testDescription: "none", atMost: 100) { _ in },
        Change(testDescription: "a byte at each end", atMost: 150) { bytes in
            bytes[0] ^= 1
            bytes[bytes.count - 1] ^= 1
        },
        Change(testDescription: "scattered bytes", atMost: 1200) { bytes in
            for place in stride(from: 1000, to: bytes.count, by: 13_337) { bytes[place] &+= 3 }
        },
        Change(testDescription: "an insertion near the beginning", atMost: 250) {
            $0.insert(contentsOf: [7, 7, 7], at: 5000)
        },
        Change(testDescription: "a removal across a window", atMost: 250) { $0.removeSubrange(1_040_000..<1_060_000) },
        Change(testDescription: "its halves changed places", atMost: 250) { bytes in
            bytes = Array(bytes[(bytes.count / 2)...] + bytes[..<(bytes.count / 2)])
        },
        Change(testDescription: "cut short", atMost: 150) { $0.removeLast(2_000_000) },
        Change(testDescription: "something behind it", atMost: 5300) { bytes in
            var generator = SeededGenerator(9)
            bytes += (0..<5000).map { _ in UInt8.random(in: 0...255, using: &generator) }
        },
        Change(testDescription: "all zeros", atMost: 1000) { $0 = [UInt8](repeating: 0, count: 70_000) },
    ]

    @Test(arguments: changes)
    func aLargeFileIsMadeOfTheOldOneWithoutReadingEitherWhole(_ change: Change) async throws {
        var generator = SeededGenerator(1)
        var bytes = (0..<Self.size / 8).flatMap { _ in
            withUnsafeBytes(of: UInt64.random(in: 0...UInt64.max, using: &generator)) { Array($0) }
        }
        let old = MemoryTree(["data": .file(bytes)])
        change.apply(&bytes)
        let new = MemoryTree(["data": .file(bytes)])
        var settings = PatchSettings()
        settings.largeFileBytes = 1
        let patch = try await old.patch(to: new, settings)
        #expect(patch.bytes.count <= change.atMost)
        #expect(try old.apply(patch.bytes, expected: new.listing.digest).tree == new)
    }
}
