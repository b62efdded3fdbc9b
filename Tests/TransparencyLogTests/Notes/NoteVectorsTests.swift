import Foundation
import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Notes of other implementations")
struct NoteVectorsTests {
    /// What we say about a note of `notes.json`: a code, or by which witnesses it is cosigned.
    enum Verdict: Equatable {
        case refused(LogFaultCode)
        case accepted(cosigned: [Int])
    }

    struct Row: CustomTestStringConvertible {
        let name: String
        let verdict: Verdict
        /// Why we refuse what x/mod's `note.Open` takes, or a strict reading of a checkpoint does.
        var stricter: String?

        var testDescription: String { name }
    }

    static let rows = [
        Row(name: "good", verdict: .accepted(cosigned: [0])),
        Row(name: "unknown extra signature is ignored", verdict: .accepted(cosigned: [])),
        Row(name: "only unknown signature", verdict: .refused(.unsigned)),
        Row(name: "known name, other key id is unknown", verdict: .accepted(cosigned: [])),
        // The log's own line is good: it is the cosignatures that refuse the note.
        Row(name: "known key, bad signature", verdict: .refused(.badSignature)),
        Row(name: "duplicate log signature line", verdict: .accepted(cosigned: [0])),
        Row(name: "missing final newline", verdict: .refused(.malformedNote)),
        Row(name: "no blank line", verdict: .refused(.malformedNote)),
        Row(name: "CR in text", verdict: .refused(.malformedNote)),
        Row(name: "tab in text", verdict: .refused(.malformedNote)),
        Row(name: "invalid UTF-8", verdict: .refused(.malformedNote)),
        Row(name: "hyphen instead of em dash", verdict: .refused(.malformedNote)),
        Row(name: "unpadded base64", verdict: .refused(.malformedNote)),
        Row(name: "body changed after signing", verdict: .refused(.badSignature)),
        Row(name: "leading zero in size (validly signed)", verdict: .refused(.malformedCheckpoint)),
        Row(name: "plus in size (validly signed)", verdict: .refused(.malformedCheckpoint)),
        Row(name: "31 byte root (validly signed)", verdict: .refused(.malformedCheckpoint)),
        Row(
            name: "extension line (validly signed)", verdict: .refused(.malformedCheckpoint),
            stricter: "no witness vouches for extension lines, so we make none and take none"),
        Row(name: "empty line before extension (validly signed)", verdict: .refused(.malformedCheckpoint)),
        Row(name: "two lines only (validly signed)", verdict: .refused(.malformedCheckpoint)),
        Row(
            name: "wrong origin (validly signed by this key)", verdict: .refused(.otherOrigin),
            stricter: "a key that signs for two logs must not make one pass for the other"),
        Row(name: "cosignature with plain-note type by witness", verdict: .accepted(cosigned: [])),
        Row(name: "17 signatures", verdict: .accepted(cosigned: [])),
        Row(name: "101 signatures", verdict: .refused(.malformedNote)),
    ]

    private static func verdict(_ note: [UInt8], log: NoteKey, witnesses: [NoteKey]) -> Verdict {
        do {
            let verified = try VerifiedCheckpoint.verify(note, log: log)
            #expect(verified.note.encoded == note)
            let keys = try verified.cosignatures(by: witnesses).map(\.key)
            return .accepted(cosigned: witnesses.indices.filter { keys.contains(witnesses[$0]) })
        } catch {
            return .refused(error.code)
        }
    }

    @Test("a note of x/mod gets the verdict of x/mod, or a stricter one that says why", arguments: rows)
    func notes(_ row: Row) throws {
        let vector = try #require(NoteVectors.notes().first { $0.name == row.name })
        let (log, witnesses) = (try NoteVectors.logKey(), try NoteVectors.witnessKeys())
        let verdict = Self.verdict(try vector.bytes(), log: log, witnesses: witnesses)
        #expect(verdict == row.verdict)
        // x/mod's opinion, in our words.
        let accepts = vector.noteOpen == "ok" && vector.checkpoint?.hasPrefix("ok ") == true
        let cosigned = (vector.verified ?? []).filter { !$0.hasPrefix(log.name.description + "+") }
        switch row.verdict {
        case .accepted(let places):
            #expect(accepts)
            #expect(cosigned == places.map { "\(witnesses[$0].name)+\(Hex.encode(witnesses[$0].id))" })
        case .refused: #expect(accepts == (row.stricter != nil))
        }
    }

    @Test("the table names every vector, once")
    func tableIsWhole() throws {
        #expect(try NoteVectors.notes().map(\.name) == Self.rows.map(\.name))
    }

    /// One vector becomes good by a changed bit: 301 to 300, the size that was signed.
    @Test("a changed bit in a note gives nothing that the log or a witness did not sign", arguments: rows)
    func flippedBits(_ row: Row) throws {
        let notes = try NoteVectors.notes()
        let note = try #require(notes.first { $0.name == row.name }).bytes()
        let (log, witnesses) = (try NoteVectors.logKey(), try NoteVectors.witnessKeys())
        let signed = try VerifiedCheckpoint.verify(try #require(notes.first).bytes(), log: log)
        let cosigned = Set(try signed.cosignatures(by: witnesses))
        #expect(cosigned.count == 1)
        for (offset, flipped) in note.withOneBitFlipped(limit: 100) {
            guard let verified = try? VerifiedCheckpoint.verify(flipped, log: log) else { continue }
            #expect(verified.note.encoded == flipped, "byte \(offset)")
            #expect(verified.checkpoint == signed.checkpoint, "byte \(offset)")
            let cosignatures = (try? verified.cosignatures(by: witnesses)) ?? []
            #expect(cosigned.isSuperset(of: cosignatures), "byte \(offset)")
        }
    }

    @Test("the checkpoints of x/mod verify, and what a witness signs is what ours would sign")
    func checkpoints() throws {
        let (log, witnesses) = (try NoteVectors.logKey(), try NoteVectors.witnessKeys())
        for (size, vector) in try NoteVectors.checkpoints() {
            let verified = try VerifiedCheckpoint.verify([UInt8](vector.logAndW1W2), log: log)
            #expect(verified.checkpoint.head.size == size)
            #expect(verified.checkpoint.text == [UInt8](vector.body))
            #expect(try Checkpoint(decoding: [UInt8](vector.body)) == verified.checkpoint)
            let cosignatures = try verified.cosignatures(by: witnesses)
            #expect(cosignatures.map(\.key) == Array(witnesses.prefix(2)))
            let time = try #require(Int(vector.w1Timestamp))
            #expect(cosignatures.first?.time == time)
            #expect(Cosignature.message(verified.checkpoint.text, time: time) == [UInt8](vector.w1SignedMessage))
            // Both of two out of three, so this policy is content; with one of them it is not.
            #expect(try NoteVectors.policy().verify([UInt8](vector.logAndW1W2)).checkpoint == verified.checkpoint)
            let alone = LogFixtures.code { _ = try NoteVectors.policy().verify([UInt8](vector.logSigned)) }
            #expect(alone == .noQuorum)
        }
    }

    @Test("every changed bit of a cosigned checkpoint is refused, or in a line that nobody needs")
    func flippedCheckpoints() throws {
        let policy = try NoteVectors.policy()
        let note = [UInt8](try #require(NoteVectors.checkpoints()[257]).logAndW1W2)
        for (offset, flipped) in note.withOneBitFlipped(limit: 600) {
            // Two witnesses of three signed, and two are asked for: each line counts.
            #expect(throws: LogFault.self, "byte \(offset)") { try policy.verify(flipped) }
        }
    }

    @Test("the example of the signed-note specification decodes, and its signature is the key's")
    func specificationExample() throws {
        let example = try NoteVectors.load("spec_example.json", as: NoteVectors.SpecificationExample.self)
        let key = try NoteKey(vkey: ByteString(example.vkey))
        #expect(key.vkey == ByteString(example.vkey))
        let note = try SignedNote(decoding: [UInt8](example.note))
        #expect(note.encoded == [UInt8](example.note))
        #expect(note.text == [UInt8]("This is an example message.\n"))
        #expect(note.signatures.map { $0.isValid(for: note.text, by: key) } == [true])
        // A note, but no checkpoint.
        let refusal = LogFixtures.code { _ = try VerifiedCheckpoint.verify(note, log: key) }
        #expect(refusal == .malformedCheckpoint)
    }
}
