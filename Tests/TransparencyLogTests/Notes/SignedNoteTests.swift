import Foundation
import Primitives
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Signed notes")
struct SignedNoteTests {
    static let line = "— a.example AAAAAAE=\n"

    struct Bad: CustomTestStringConvertible {
        let name: String
        let note: [UInt8]

        init(_ name: String, _ note: String) { (self.name, self.note) = (name, [UInt8](note)) }
        init(_ name: String, _ note: [UInt8]) { (self.name, self.note) = (name, note) }
        var testDescription: String { name }
    }

    static let bad: [Bad] = [
        Bad("nothing", ""), Bad("a line feed", "\n"), Bad("two line feeds", "\n\n"), Bad("no signature", "text\n\n"),
        Bad("no text", "\n\(line)"), Bad("no empty line", "text\n\(line)"),
        Bad("no last line feed", "text\n\n— a AAAAAAE="),
        Bad("an empty line after the signatures", "text\n\n\(line)\n"), Bad("text behind", "text\n\n\(line)text\n"),
        Bad("CR at each line end", "text\r\n\r\n— a.example AAAAAAE=\r\n"), Bad("CR in the text", "te\rxt\n\n\(line)"),
        Bad("CR before the end of a signature line", "text\n\n— a.example AAAAAAE=\r\n"),
        Bad("a tab", "te\txt\n\n\(line)"), Bad("a null", "te\0xt\n\n\(line)"),
        Bad("an escape", "te\u{1B}[2Jxt\n\n\(line)"), Bad("a null in a name", "text\n\n— a\0 AAAAAAE=\n"),
        Bad("a byte that is no UTF-8", [UInt8]("te") + [0xFF] + [UInt8]("xt\n\n\(line)")),
        Bad("an overlong line feed", [UInt8]("te") + [0xC0, 0x8A] + [UInt8]("xt\n\n\(line)")),
        Bad("half of a surrogate pair", [UInt8]("te") + [0xED, 0xA0, 0x80] + [UInt8]("xt\n\n\(line)")),
        Bad("an en dash", "text\n\n– a.example AAAAAAE=\n"), Bad("a hyphen", "text\n\n- a.example AAAAAAE=\n"),
        Bad("no space after the dash", "text\n\n—a.example AAAAAAE=\n"),
        Bad("two spaces after the dash", "text\n\n—  a.example AAAAAAE=\n"),
        Bad("two spaces after the name", "text\n\n— a.example  AAAAAAE=\n"),
        Bad("a space at the end", "text\n\n— a.example AAAAAAE= \n"), Bad("no name", "text\n\n— AAAAAAE=\n"),
        Bad("no signature bytes", "text\n\n— a.example AAAAAA==\n"),
        Bad("nothing in base 64", "text\n\n— a.example \n"),
        Bad("a name with a plus", "text\n\n— a+b AAAAAAE=\n"),
        Bad("a name with a no-break space", "text\n\n— a\u{A0}b AAAAAAE=\n"),
        Bad("base 64 without padding", "text\n\n— a.example AAAAAAE\n"),
        Bad("base 64 with a stray bit", "text\n\n— a.example AAAAAAF=\n"),
        Bad("base 64 for addresses", "text\n\n— a.example AAAA-_E=\n"),
        Bad("base 64 with more padding", "text\n\n— a.example AAAAAAE==\n"),
        Bad("64 KiB and a byte", String(repeating: "a", count: (64 << 10) - line.utf8.count - 1) + "\n\n" + line),
        Bad("101 lines", "text\n\n" + String(repeating: line, count: 101)),
        Bad("10,000 lines, short ones", "t\n\n" + String(repeating: "— a AAAAAAE=\n", count: 10_000)),
    ]

    @Test("a malformed note is refused", arguments: bad)
    func malformed(_ row: Bad) {
        #expect(LogFixtures.code { _ = try SignedNote(decoding: row.note) } == .malformedNote)
    }

    static let good: [Bad] = [
        Bad("a line", "text\n\n\(line)"), Bad("an empty line of text", "\n\n\(line)"),
        Bad("a text with empty lines", "\n\na\n\n\nb\n\n\(line)"),
        Bad("a text that looks like signatures", "a\n\n\(line)\n\(line)"),
        Bad("other scripts", "é\u{A0}日\u{7F}\n\n\(line)"),
        Bad("100 lines", "text\n\n" + String(repeating: line, count: 100)),
        Bad("64 KiB", String(repeating: "a", count: (64 << 10) - line.utf8.count - 2) + "\n\n" + line),
    ]

    @Test("what is accepted is written again as it was", arguments: good)
    func roundTrip(_ row: Bad) throws {
        let note = try SignedNote(decoding: row.note)
        #expect(note.encoded == row.note)
        #expect(try SignedNote(text: note.text, signatures: note.signatures) == note)
    }

    @Test("the last empty line ends the text, so that nobody moves the border")
    func lastEmptyLine() throws {
        let note = try SignedNote(decoding: [UInt8]("a\n\n\(Self.line)\n\(Self.line)"))
        #expect(note.text == [UInt8]("a\n\n\(Self.line)"))
        #expect(note.signatures.count == 1)
    }

    @Test("random bytes that are accepted are written again as they were", arguments: 1...20 as ClosedRange<UInt64>)
    func anythingAccepted(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let pieces = [
            "\n", "\n\n", "— ", "a", "é", " ", "+", "AAAAAAE=", "AAAAAAF=", "AAAA", "— a AAAAAAE=\n", "=", "\r",
        ]
        for _ in 0..<300 {
            let text = (0..<random.next(below: 9)).map { _ in pieces[random.next(below: pieces.count)] }.joined()
            let bytes = [UInt8](text + ["", "\n\n\(Self.line)", "\n\(Self.line)"][random.next(below: 3)])
            guard let note = try? SignedNote(decoding: bytes) else { continue }
            #expect(note.encoded == bytes, "seed \(seed)")
        }
    }

    @Test("a note is not put together when it could not be read again")
    func assembling() throws {
        let signatures = try NoteSignature.decode(lines: [UInt8](Self.line))
        let texts = ["", "text", "te\txt\n", "te\rxt\n"]
        for text in texts {
            let code = LogFixtures.code { _ = try SignedNote(text: [UInt8](text), signatures: signatures) }
            #expect(code == .malformedNote, "\(text)")
        }
        #expect(LogFixtures.code { _ = try SignedNote(text: [UInt8]("text\n"), signatures: []) } == .malformedNote)
    }

    @Test("lines that a witness answers are read strictly")
    func answeredLines() throws {
        let lines = try NoteSignature.decode(lines: [UInt8](Self.line + "— b.example AAAAAgE=\n"))
        #expect(lines.map(\.name) == ["a.example", "b.example"])
        #expect(lines.map(\.keyID) == [[0, 0, 0, 0], [0, 0, 0, 2]])
        #expect(lines.flatMap(\.line) == [UInt8](Self.line + "— b.example AAAAAgE=\n"))
        for bad in ["", "\n", "\(Self.line)\n", "\(Self.line)x", "<html>\n", String(Self.line.dropLast())] {
            #expect(
                LogFixtures.code { _ = try NoteSignature.decode(lines: [UInt8](bad)) } == .malformedNote, "\(bad)")
        }
        let many = [UInt8](String(repeating: Self.line, count: 10_000))
        #expect(LogFixtures.code { _ = try NoteSignature.decode(lines: many) } == .malformedNote)
    }
}

/// xorshift64*: the same numbers for one seed on every machine.
struct SeededRandom {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed &* 0x9E37_79B9_7F4A_7C15 | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_F491_4F6C_DD1D
    }

    mutating func next(below bound: Int) -> Int { Int(next() >> 33) % bound }
}
