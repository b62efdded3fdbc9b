import Archiving
import Primitives
import Releases
import Signatures
import Testing

@testable import Patching

@Suite struct HostileHeaderTests {
    static func patch(_ numbers: [UInt8], packed: [UInt8] = []) throws -> [UInt8] {
        let old = ForgedPatch().old
        return try PatchHeader.magic + old.listing.digest.bytes + Digest.sha256(of: []).bytes + numbers + packed
    }

    static func code(_ bytes: [UInt8]) throws -> String? {
        try ForgedPatch().old.apply(bytes, expected: Digest.sha256(of: [])).code
    }

    /// Entries, bytes, memory, grouped, single, then the table.
    @Test(
        arguments: [
            ("memory of 2^50 KiB", [0, 0, 1 << 50, 0, 0]), ("an unknown stream", [0, 0, 0, 1 << 13, 0]),
            ("all streams and more", [0, 0, 0, Int.max, 0]), ("a stream twice", [0, 0, 0, 1, 1, 1, 12, 0]),
            ("an empty stream", [0, 0, 0, 1, 0, 0, 0]), ("a group of a terabyte", [0, 0, 0, 1, 0, 1 << 40, 0]),
            ("two that are too large together", [0, 0, 0, 3, 0, 40_000, 40_000, 0]),
            ("an unknown packing", [0, 0, 0, 1, 0, 5, 255]), ("lc + lp of 5", [0, 0, 0, 1, 0, 5, 2 + 9 * 2 + 3]),
            ("a window of 2^63", [0, 0, 0, 0, 1, 5, 63, 0]), ("a window of 1", [0, 0, 0, 0, 1, 5, 0, 0]),
            ("text with a window", [0, 0, 0, 0, 2, 5, 12, 0]), ("text with zstd", [0, 0, 0, 0, 2, 5, 0, 1]),
            ("more packed bytes than there are", [0, 0, 0, 1, 4, 5, 2, 1 << 40, 5, 12, 0]),
            ("stored bytes of another size", [0, 0, 0, 1, 0, 5, 0]), ("nothing but zeros", [0, 0, 0, 0]),
        ] as [(String, [Int])])
    func aHeaderThatMakesNoSenseIsRefused(what: String, numbers: [Int]) throws {
        let bytes = try Self.patch(ForgedPatch.numbers(numbers))
        let code = try #require(try Self.code(bytes))
        #expect(["patch/malformed", "patch/truncated", "patch/not-canonical"].contains(code), "\(what): \(code)")
    }

    @Test func anotherFormatIsRefused() throws {
        for bytes in [[], Array("SP2\n".utf8), Array("SP1".utf8), [0x1f, 0x8b]] as [[UInt8]] {
            #expect(try Self.code(bytes + [UInt8](repeating: 0, count: 200)) == "patch/unsupported-format")
        }
    }

    /// What unpacks to far more than it says, in each packing.
    @Test func aStreamThatUnpacksToMoreThanItSaysIsRefused() throws {
        let compression = PatchCompression()
        let zeros = [UInt8](repeating: 0, count: 20 << 20)
        let lzma = try #require(LZMAParameters(lc: 3, lp: 0, pb: 0))
        for packing in [Packing.zstd, .lzma(lzma)] {
            let packed = try compression.pack(zeros, as: packing, window: 1 << 20, dictionary: [])
            // As the plan, of five bytes, in the group or by itself.
            let code = packing.code
            for table in [[0, 0, 0, 1, 0, 5], [0, 0, 0, 0, 1, 5, 20]] {
                let bytes = try Self.patch(ForgedPatch.numbers(table) + [code], packed: packed)
                #expect(try Self.code(bytes) != nil)
            }
        }
    }

    @Test func aPlanOfGigabytesIsRefusedUnread() throws {
        let bytes = try Self.patch(ForgedPatch.numbers([0, 0, 0, 0, 1, 1 << 35, 20]) + [1], packed: [1, 2, 3])
        #expect(try Self.code(bytes) == "patch/too-large")
    }

    @Test func aTextOfGigabytesIsTooMuchMemory() throws {
        let bytes = try Self.patch(ForgedPatch.numbers([0, 0, 0, 0, 2, 1 << 35, 0]) + [2 + 3], packed: [1, 2, 3])
        #expect(try Self.code(bytes) == "patch/too-much-memory")
    }
}
