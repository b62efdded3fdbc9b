import Primitives
import Signatures
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Evidence of a fork")
struct ForkEvidenceTests {
    private static func verified(_ head: TreeHead, _ cosigned: [(String, Int)] = []) throws -> VerifiedCheckpoint {
        try VerifiedCheckpoint.verify(NoteFixtures.note(head, cosigned: cosigned), log: NoteFixtures.log())
    }

    private static func fork() throws -> ForkEvidence {
        try ForkEvidence(verified(LogFixtures.head(300, 1), [("w1", 5)]), verified(LogFixtures.head(300, 2)))
    }

    @Test("two trees of one size are a fork, which the file proves alone, whichever came first")
    func fork() throws {
        let (one, other) = (
            try Self.verified(LogFixtures.head(300, 1), [("w1", 5)]), try Self.verified(LogFixtures.head(300, 2))
        )
        let evidence = try ForkEvidence(one, other)
        #expect(try ForkEvidence(other, one) == evidence)
        let read = try ForkEvidence(decoding: evidence.encoded)
        #expect(read == evidence)
        let fork = try read.verify()
        #expect(fork.log == (try NoteFixtures.log()))
        #expect(fork.size == 300)
        #expect(Set(fork.roots) == [one.head.root, other.head.root])
        // Who cosigned which tree is part of it.
        #expect(Set(read.notes) == [one.note, other.note])
    }

    @Test("one tree twice, or trees of two sizes, are no fork")
    func noFork() throws {
        let one = try Self.verified(LogFixtures.head(300, 1))
        for other in [one, try Self.verified(LogFixtures.head(301, 1)), try Self.verified(LogFixtures.head(301, 2))] {
            #expect(LogFixtures.code { _ = try ForkEvidence(one, other) } == .noFork)
            #expect(LogFixtures.code { _ = try ForkEvidence(other, one) } == .noFork)
        }
        let again = try Self.verified(LogFixtures.head(300, 1), [("w1", 5)])
        #expect(LogFixtures.code { _ = try ForkEvidence(one, again) } == .noFork)
    }

    @Test("a checkpoint of another log proves nothing against this one")
    func otherLog() throws {
        let key = try TestKey("other").noteKey(NoteFixtures.origin, .log)
        let text = Checkpoint(log: key, head: LogFixtures.head(300, 2)).text
        let note = text + [10] + TestKey("other").noteLine(NoteFixtures.origin, over: text)
        let other = try VerifiedCheckpoint.verify(note, log: key)
        let one = try Self.verified(LogFixtures.head(300, 1))
        #expect(LogFixtures.code { _ = try ForkEvidence(one, other) } == .unsigned)
        #expect(LogFixtures.code { _ = try ForkEvidence(other, one) } == .unsigned)
    }

    @Test("evidence with any bit changed proves nothing, unless the bit is in a line of a witness")
    func flippedBits() throws {
        let evidence = try ForkEvidence(
            Self.verified(LogFixtures.head(300, 1)), Self.verified(LogFixtures.head(300, 2)))
        for (offset, flipped) in evidence.encoded.withOneBitFlipped(limit: 600) {
            #expect(throws: LogFault.self, "byte \(offset)") { try ForkEvidence(decoding: flipped).verify() }
        }
    }

    @Test("evidence in another spelling is refused")
    func malformed() throws {
        let text = String(decoding: try Self.fork().encoded, as: UTF8.self)
        let notes = try Self.fork().notes.map { String(decoding: $0.encoded, as: UTF8.self) }
        let head = "sceau-fork-evidence/1\nlog \(try NoteFixtures.log().vkey)\n"
        let swapped = head + notes.reversed().map { "note \($0.utf8.count)\n\($0)" }.joined()
        #expect(text == head + notes.map { "note \($0.utf8.count)\n\($0)" }.joined())
        for bad in [
            "", "\n", String(text.dropFirst()), String(text.dropLast()), text + "\n", text + text,
            text.replacing("sceau-fork-evidence/1", with: "sceau-fork-evidence/2"),
            text.replacing("note ", with: "note 0"),
            text.replacing("note ", with: "note  "), text.replacing("note ", with: "note 99999999999999999999"), head,
            head + "note \(notes[0].utf8.count)\n\(notes[0])", text.replacing("log ", with: ""),
            String(repeating: "a", count: 1 << 20),
        ] {
            #expect(throws: LogFault.self, "\(bad.prefix(40))") { try ForkEvidence(decoding: [UInt8](bad)) }
        }
        // Readable, but there is one order only.
        #expect(LogFixtures.code { _ = try ForkEvidence(decoding: [UInt8](swapped)).verify() } == .noFork)
    }
}
