import Primitives
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Putting notes together")
struct NoteAssemblyTests {
    private static func names(_ checkpoint: VerifiedCheckpoint) -> [ByteString] {
        checkpoint.note.signatures.map(\.name)
    }

    private static func lines(_ lines: [[UInt8]]) throws -> [NoteSignature] {
        try NoteSignature.decode(lines: Array(lines.joined()))
    }

    @Test("a log signs a checkpoint, and a witness it, with lines as the specification has them")
    func signing() throws {
        let (log, witness) = (try NoteFixtures.log(), try NoteFixtures.witness("w1"))
        let text = Checkpoint(log: log, head: NoteFixtures.head).text
        let logLine = try NoteSignature(signature: NoteFixtures.logTestKey.sign(text), of: text, by: log)
        let message = Cosignature.message(text, time: 5)
        let line = try NoteSignature(signature: TestKey("w1").sign(message), of: text, time: 5, by: witness)
        let note = try SignedNote(text: text, signatures: [logLine, line])
        #expect(note.encoded == (try NoteFixtures.note(cosigned: [("w1", 5)])))
    }

    @Test("no line is made of a signature over something else, of another key, or of a time before 1970")
    func wrongSignatures() throws {
        let (log, witness) = (try NoteFixtures.log(), try NoteFixtures.witness("w1"))
        let text = try NoteFixtures.checkpoint().text
        let (key, witnessKey) = (NoteFixtures.logTestKey, TestKey("w1"))
        let cosignature = witnessKey.sign(Cosignature.message(text, time: 5))
        let early = witnessKey.sign(Cosignature.message(text, time: -5))
        let attempts: [() throws -> Void] = [
            { _ = try NoteSignature(signature: key.sign([1]), of: text, by: log) },
            { _ = try NoteSignature(signature: [], of: text, by: log) },
            { _ = try NoteSignature(signature: witnessKey.sign(text), of: text, by: log) },
            { _ = try NoteSignature(signature: witnessKey.sign(text), of: text, by: witness) },
            { _ = try NoteSignature(signature: cosignature, of: text, time: 6, by: witness) },
            { _ = try NoteSignature(signature: witnessKey.sign(text), of: text, time: 5, by: witness) },
            {
                _ = try NoteSignature(
                    signature: key.sign(Cosignature.message(text, time: 5)), of: text, time: 5, by: log)
            },
            { _ = try NoteSignature(signature: early, of: text, time: -5, by: witness) },
            { _ = try NoteSignature(signature: early, of: text, time: .min, by: witness) },
        ]
        for (index, attempt) in attempts.enumerated() {
            #expect(LogFixtures.code(attempt) == .badSignature, "attempt \(index)")
        }
    }

    @Test("what witnesses answer is added, each once; strangers' lines are not")
    func adding() throws {
        let text = try NoteFixtures.checkpoint().text
        let log = try NoteFixtures.log()
        let keys = try ["w1", "w2"].map { try NoteFixtures.witness($0) }
        let verified = try VerifiedCheckpoint.verify(NoteFixtures.note(), log: log)
        let answers = try Self.lines([
            NoteFixtures.line("w2", text, 5), NoteFixtures.line("stranger", text, 5), NoteFixtures.line("w1", text, 6),
            NoteFixtures.line("w2", text, 5),
        ])
        let cosigned = try verified.adding(answers, by: keys)
        #expect(Self.names(cosigned) == [NoteFixtures.origin, "w1", "w2"])
        #expect(try cosigned.cosignatures(by: keys).map(\.time) == [6, 5])
        #expect(try VerifiedCheckpoint.verify(cosigned.note.encoded, log: log) == cosigned)
        #expect(try cosigned.adding(answers, by: keys) == cosigned)
    }

    @Test("a newer cosignature takes the place of the older one, and never the other way round")
    func renewing() throws {
        let text = try NoteFixtures.checkpoint().text
        let key = try NoteFixtures.witness("w1")
        let note = try NoteFixtures.note(cosigned: [("w1", 50), ("other", 5)])
        let verified = try VerifiedCheckpoint.verify(note, log: NoteFixtures.log())
        let newer = try verified.adding(Self.lines([NoteFixtures.line("w1", text, 90)]), by: [key])
        #expect(try newer.cosignatures(by: [key]).map(\.time) == [90])
        // What others said stays.
        #expect(Self.names(newer) == [NoteFixtures.origin, "other", "w1"])
        let older = try newer.adding(Self.lines([NoteFixtures.line("w1", text, 50)]), by: [key])
        #expect(older == newer)
    }

    @Test("repeated lines of a note are added to no further")
    func repeatedLines() throws {
        let text = try NoteFixtures.checkpoint().text
        let log = NoteFixtures.logTestKey.noteLine(NoteFixtures.origin, over: text)
        let note = NoteFixtures.note(
            text, [log, NoteFixtures.line("w1", text, 5), log, NoteFixtures.line("w1", text, 5)])
        let verified = try VerifiedCheckpoint.verify(note, log: NoteFixtures.log())
        let added = try verified.adding([], by: [NoteFixtures.witness("w1")])
        #expect(Self.names(added) == [NoteFixtures.origin, "w1"])
    }

    @Test("a witness that answers with a signature that does not hold is told apart from one that does not answer")
    func badAnswers() throws {
        let text = try NoteFixtures.checkpoint().text
        let verified = try VerifiedCheckpoint.verify(NoteFixtures.note(), log: NoteFixtures.log())
        let bad = try Self.lines([NoteFixtures.spoilt(NoteFixtures.line("w1", text, 5))])
        let code = LogFixtures.code { _ = try verified.adding(bad, by: [NoteFixtures.witness("w1")]) }
        #expect(code == .badSignature)
        // A stranger's is of no concern.
        #expect(try verified.adding(bad, by: [NoteFixtures.witness("w2")]) == verified)
    }

    @Test("a note does not grow beyond what a note may hold")
    func full() throws {
        let text = try NoteFixtures.checkpoint().text
        let strangers = (1...99).map { NoteFixtures.line("stranger\($0)", text, 5) }
        let verified = try VerifiedCheckpoint.verify(NoteFixtures.note(text, strangers), log: NoteFixtures.log())
        let answer = try Self.lines([NoteFixtures.line("w1", text, 5)])
        let code = LogFixtures.code { _ = try verified.adding(answer, by: [NoteFixtures.witness("w1")]) }
        #expect(code == .malformedNote)
    }
}
