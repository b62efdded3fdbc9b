import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Checkpoints")
struct CheckpointTests {
    struct Row: CustomTestStringConvertible {
        let name: String
        let text: String
        var code: LogFaultCode = .malformedCheckpoint

        var testDescription: String { name }
    }

    static let root = Base64.encode(MerkleHash.leaf([0]).bytes)
    static let empty = Base64.encode(MerkleHash.emptyTree.bytes)
    static let rows = [
        Row(name: "nothing", text: ""), Row(name: "two lines", text: "o\n300\n"),
        Row(name: "no last line feed", text: "o\n300\n\(root)"),
        Row(name: "an extension", text: "o\n300\n\(root)\nx\n"),
        Row(name: "an empty line behind", text: "o\n300\n\(root)\n\n"),
        Row(name: "no origin", text: "\n300\n\(root)\n"),
        Row(name: "an empty line first", text: "\no\n300\n\(root)\n"), Row(name: "no size", text: "o\n\n\(root)\n"),
        Row(name: "leading zero", text: "o\n0300\n\(root)\n"), Row(name: "two zeros", text: "o\n00\n\(empty)\n"),
        Row(name: "plus", text: "o\n+300\n\(root)\n"), Row(name: "minus", text: "o\n-1\n\(root)\n"),
        Row(name: "minus nothing", text: "o\n-0\n\(empty)\n"), Row(name: "a space before", text: "o\n 300\n\(root)\n"),
        Row(name: "a space behind", text: "o\n300 \n\(root)\n"), Row(name: "hexadecimal", text: "o\n0x12c\n\(root)\n"),
        Row(name: "a fraction", text: "o\n300.0\n\(root)\n"), Row(name: "an exponent", text: "o\n3e2\n\(root)\n"),
        Row(name: "digits of another script", text: "o\n३००\n\(root)\n"),
        Row(name: "CR", text: "o\r\n300\r\n\(root)\r\n"),
        Row(name: "2^53 + 1", text: "o\n9007199254740993\n\(root)\n", code: .outOfRange),
        Row(name: "2^63 - 1", text: "o\n9223372036854775807\n\(root)\n", code: .outOfRange),
        Row(name: "2^63", text: "o\n9223372036854775808\n\(root)\n"),
        Row(name: "2^64", text: "o\n18446744073709551616\n\(root)\n"),
        Row(name: "2^64 + 300", text: "o\n18446744073709551916\n\(root)\n"),
        Row(name: "a thousand digits", text: "o\n\(String(repeating: "9", count: 1000))\n\(root)\n"),
        Row(name: "no root", text: "o\n300\n\n"),
        Row(name: "31 bytes of root", text: "o\n300\n\(Base64.encode([UInt8](repeating: 0, count: 31)))\n"),
        Row(name: "33 bytes of root", text: "o\n300\n\(Base64.encode([UInt8](repeating: 0, count: 33)))\n"),
        Row(name: "root without padding", text: "o\n300\n\(root.dropLast())\n"),
        Row(name: "root with a stray bit", text: "o\n300\n\(root.dropLast(2))\(root.hasSuffix("A=") ? "B=" : "F=")\n"),
        Row(name: "root in hexadecimal", text: "o\n300\n\(MerkleHash.leaf([0]).hex)\n"),
        Row(name: "root with a space", text: "o\n300\n\(root) \n"),
        Row(name: "size 0 and the root of another tree", text: "o\n0\n\(root)\n", code: .wrongRoot),
        Row(
            name: "size 0 and 32 zero bytes", text: "o\n0\n\(Base64.encode([UInt8](repeating: 0, count: 32)))\n",
            code: .wrongRoot),
    ]

    @Test("a checkpoint in another spelling is refused", arguments: rows)
    func refused(_ row: Row) {
        #expect(LogFixtures.code { _ = try Checkpoint(decoding: [UInt8](row.text)) } == row.code)
    }

    @Test("a checkpoint of any size is written again as it was", arguments: [0, 1, 9, 10, 300, 65536, 1 << 53])
    func roundTrip(_ size: Int) throws {
        let text = [UInt8]("sceau-log/p/00\n\(size)\n\(size == 0 ? Self.empty : Self.root)\n")
        let checkpoint = try Checkpoint(decoding: text)
        #expect(checkpoint.text == text)
        #expect(checkpoint.head.size == size)
        #expect(checkpoint.origin == "sceau-log/p/00")
        let log = try NoteFixtures.logTestKey.noteKey(checkpoint.origin, .log)
        #expect(Checkpoint(log: log, head: checkpoint.head) == checkpoint)
    }

    @Test("each changed bit of a checkpoint is another checkpoint or none, and never a second spelling")
    func flippedBits() throws {
        let text = try NoteFixtures.checkpoint().text
        let original = try Checkpoint(decoding: text)
        for (offset, flipped) in text.withOneBitFlipped() {
            guard let checkpoint = try? Checkpoint(decoding: flipped) else { continue }
            #expect(checkpoint != original, "byte \(offset)")
            #expect(checkpoint.text == flipped, "byte \(offset)")
        }
    }
}
