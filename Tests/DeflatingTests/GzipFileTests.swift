import Deflating
import Testing

/// gzip files that are not what gzip makes, but allowed.
@Suite struct GzipFileTests {
    private static let data = Array("the same words, the same words, and the same words again\n".utf8)

    private func member(_ data: [UInt8] = data) throws -> [UInt8] { try PeerCompressor.gzip(data, level: 9) }

    private func expectRoundTrip(_ file: [UInt8]) throws -> Expansion {
        let expansion = try #require(Expansion.expand(file))
        #expect(try Expansion.contract(expansion.bytes, recipe: expansion.recipe) == file)
        return expansion
    }

    @Test func severalMembersAreAllExpanded() throws {
        let first = try member()
        let second = try member(SampleData.text(3000, seed: 9))
        let expansion = try expectRoundTrip(first + second + first)
        let middle = Array(second.prefix(10)) + SampleData.text(3000, seed: 9)
        let end = Array(first.prefix(10)) + Self.data
        #expect(expansion.bytes == end + middle + end)
    }

    @Test func bytesBehindTheLastMemberStayAsTheyAre() throws {
        let expansion = try expectRoundTrip(try member() + [0, 0, 0x1F, 0x8B])
        #expect(Array(expansion.bytes.suffix(4)) == [0, 0, 0x1F, 0x8B])
    }

    @Test func aWrongChecksumStaysWrong() throws {
        var file = try member()
        file[file.count - 5] ^= 1
        let expansion = try expectRoundTrip(file)
        #expect(Array(expansion.bytes.suffix(8)) == Array(file.suffix(8)))
    }

    @Test func everyOptionalHeaderFieldIsPassedOver() throws {
        let plain = try member()
        var header = Array(plain.prefix(10))
        header[3] = 2 | 4 | 8 | 16
        let fields: [UInt8] = [3, 0, 1, 2, 3] + Array("name".utf8) + [0] + Array("comment".utf8) + [0, 0xAA, 0xBB]
        let expansion = try expectRoundTrip(header + fields + plain.dropFirst(10))
        #expect(expansion.bytes == header + fields + Self.data)
    }

    @Test func aStoredBlockWithPaddingThatIsNotZeroIsLeftAlone() {
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        let stored: [UInt8] = [0x09, 1, 0, 0xFE, 0xFF, 7]
        #expect(Expansion.expand(header + stored + [UInt8](repeating: 0, count: 8)) == nil)
        #expect(Expansion.expand(header + [0x01] + stored.dropFirst() + [UInt8](repeating: 0, count: 8)) != nil)
    }

    @Test(arguments: [[], [0x1F], [0x1F, 0x8B, 8], Array("PK".utf8), Array("just some text, and not short".utf8)])
    func whatIsNeitherGzipNorZipIsLeftAlone(_ file: [UInt8]) {
        #expect(Expansion.expand(file) == nil)
        #expect(Expansion.inflate(file) == nil)
    }
}
