import Foundation
import Primitives
import Signatures
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("What a log and its witnesses signed")
struct VerifiedCheckpointTests {
    private static func verify(_ note: [UInt8]) throws -> VerifiedCheckpoint {
        try VerifiedCheckpoint.verify(note, log: NoteFixtures.log())
    }

    /// Which witnesses cosigned, and when.
    private static func times(_ note: [UInt8], _ names: [String] = ["w1", "w2"]) throws -> [String: Int] {
        let cosignatures = try verify(note).cosignatures(by: names.map { try NoteFixtures.witness($0) })
        return Dictionary(uniqueKeysWithValues: cosignatures.map { ($0.key.name.description, $0.time) })
    }

    @Test("a checkpoint signed by its log verifies, with the note it came in")
    func good() throws {
        let note = try NoteFixtures.note()
        let verified = try Self.verify(note)
        #expect(verified.checkpoint.head == NoteFixtures.head)
        #expect(verified.checkpoint.origin == NoteFixtures.origin)
        #expect(verified.note.encoded == note)
    }

    @Test("the right key's signature over the checkpoint of another origin is refused")
    func otherOrigin() throws {
        let text = Checkpoint(log: try NoteFixtures.logTestKey.noteKey("other", .log), head: NoteFixtures.head).text
        #expect(LogFixtures.code { _ = try Self.verify(NoteFixtures.note(text)) } == .otherOrigin)
        // A longer and a shorter name, and one of another case.
        for name in ["\(NoteFixtures.origin)/", "sceau-log", "SCEAU-LOG/mail-suite/0123456789abcdef"] {
            let text = [UInt8]("\(name)\n") + (try NoteFixtures.checkpoint().text.drop { $0 != 10 }.dropFirst())
            #expect(LogFixtures.code { _ = try Self.verify(NoteFixtures.note(text)) } == .otherOrigin)
        }
    }

    @Test("the signature of another key under the log's name is a stranger's")
    func otherKey() throws {
        let text = try NoteFixtures.checkpoint().text
        let note = text + [10] + TestKey("thief").noteLine(NoteFixtures.origin, over: text)
        #expect(LogFixtures.code { _ = try Self.verify(note) } == .unsigned)
    }

    @Test("a stranger's signature with the name and id of the log is refused")
    func forgedLine() throws {
        let text = try NoteFixtures.checkpoint().text
        let line = NoteFixtures.line(
            name: NoteFixtures.origin.description, id: try NoteFixtures.log().id,
            payload: TestKey("thief").sign(text))
        #expect(LogFixtures.code { _ = try Self.verify(text + [10] + line) } == .badSignature)
        // Whatever stands before or after it.
        let good = NoteFixtures.logTestKey.noteLine(NoteFixtures.origin, over: text)
        #expect(LogFixtures.code { _ = try Self.verify(text + [10] + good + line) } == .badSignature)
        #expect(LogFixtures.code { _ = try Self.verify(text + [10] + line + good) } == .badSignature)
    }

    @Test("a log's signature of a wrong length is refused", arguments: [1, 63, 65, 72, 128])
    func signatureLength(_ length: Int) throws {
        let text = try NoteFixtures.checkpoint().text
        let signature = NoteFixtures.logTestKey.sign(text) + [UInt8](repeating: 0, count: 64)
        let line = NoteFixtures.line(
            name: NoteFixtures.origin.description, id: try NoteFixtures.log().id,
            payload: Array(signature.prefix(length)))
        #expect(LogFixtures.code { _ = try Self.verify(text + [10] + line) } == .badSignature)
    }

    @Test("a witness's key is no log's, and a log's no witness's, whoever signs")
    func kinds() throws {
        let text = try NoteFixtures.checkpoint().text
        let asWitness = try NoteFixtures.logTestKey.noteKey(NoteFixtures.origin, .witness)
        let cosigned =
            text + [10]
            + NoteFixtures.logTestKey.cosignatureLine(
                NoteFixtures.origin, over: text, at: Date(timeIntervalSince1970: 5))
        #expect(LogFixtures.code { _ = try VerifiedCheckpoint.verify(cosigned, log: asWitness) } == .unsigned)
        let verified = try Self.verify(NoteFixtures.note(text, [TestKey("w1").noteLine("w1", over: text)]))
        let asLog = try TestKey("w1").noteKey("w1", .log)
        #expect(try verified.cosignatures(by: [asLog]).isEmpty)
        #expect(try verified.cosignatures(by: [NoteFixtures.witness("w1")]).isEmpty)
    }

    @Test("a log's line twice is one signature")
    func repeatedLogLine() throws {
        let text = try NoteFixtures.checkpoint().text
        let line = NoteFixtures.logTestKey.noteLine(NoteFixtures.origin, over: text)
        #expect(try Self.verify(NoteFixtures.note(text, [line, line])).note.signatures.count == 3)
    }

    // MARK: cosignatures

    @Test("a cosignature counts with its time")
    func cosignatures() throws {
        let note = try NoteFixtures.note(cosigned: [("w2", 1_767_225_600), ("w1", 0), ("stranger", 9)])
        #expect(try Self.times(note) == ["w1": 0, "w2": 1_767_225_600])
    }

    @Test("a cosignature line twice is one witness")
    func repeatedCosignature() throws {
        let note = try NoteFixtures.note(cosigned: [("w1", 5), ("w1", 5), ("w1", 5)])
        let cosignatures = try Self.verify(note).cosignatures(by: [NoteFixtures.witness("w1")])
        #expect(cosignatures.map(\.time) == [5])
    }

    @Test(
        "of two cosignatures of one witness the newer counts, in any order",
        arguments: [[5, 9], [9, 5], [5, 9, 5, 7]])
    func newest(_ times: [Int]) throws {
        let note = try NoteFixtures.note(cosigned: times.map { ("w1", $0) })
        #expect(try Self.times(note) == ["w1": 9])
    }

    @Test("one key under two names is one witness")
    func twoNames() throws {
        let text = try NoteFixtures.checkpoint().text
        let (time, later) = (Date(timeIntervalSince1970: 5), Date(timeIntervalSince1970: 8))
        let lines = [
            TestKey("w1").cosignatureLine("first", over: text, at: time),
            TestKey("w1").cosignatureLine("second", over: text, at: later),
        ]
        let keys = try [ByteString("first"), "second"].map { try TestKey("w1").noteKey($0, .witness) }
        let verified = try Self.verify(NoteFixtures.note(text, lines))
        #expect(try verified.cosignatures(by: keys).map(\.time) == [8])
        #expect(try verified.cosignatures(by: keys.reversed()).map(\.time) == [8])
        // The name in a line has to be the key's: the id differs with it.
        #expect(try verified.cosignatures(by: [NoteFixtures.witness("w1")]).isEmpty)
    }

    @Test("a witness's good line beside a bad one refuses the note, in any order")
    func goodAndBad() throws {
        let text = try NoteFixtures.checkpoint().text
        let good = NoteFixtures.line("w1", text, 5)
        let bad = try NoteFixtures.spoilt(NoteFixtures.line("w1", text, 6))
        for lines in [[good, bad], [bad, good], [bad]] {
            #expect(LogFixtures.code { _ = try Self.times(NoteFixtures.note(text, lines)) } == .badSignature)
            // Of no concern to those who do not know this witness.
            #expect(try Self.times(NoteFixtures.note(text, lines), ["w2"]).isEmpty)
        }
    }

    @Test("a cosignature over another checkpoint, or with another time, is refused")
    func otherMessage() throws {
        let text = try NoteFixtures.checkpoint().text
        let other = NoteFixtures.line("w1", try NoteFixtures.checkpoint(LogFixtures.head(301)).text, 5)
        #expect(LogFixtures.code { _ = try Self.times(NoteFixtures.note(text, [other])) } == .badSignature)
        let signature = TestKey("w1").sign(Cosignature.message(text, time: 5))
        let moved = NoteFixtures.line(
            name: "w1", id: try NoteFixtures.witness("w1").id,
            payload: Cosignature(time: 6, signature: signature).payload)
        #expect(LogFixtures.code { _ = try Self.times(NoteFixtures.note(text, [moved])) } == .badSignature)
    }

    struct Time: CustomTestStringConvertible {
        let seconds: UInt64
        let accepted: Bool

        var testDescription: String { "\(seconds)" }
    }

    @Test(
        "a time up to 2^63 - 1 is taken, a later one, which is a negative one, is not",
        arguments: [
            Time(seconds: 0, accepted: true), Time(seconds: 1 << 53 + 1, accepted: true),
            Time(seconds: 1 << 63 - 1, accepted: true), Time(seconds: 1 << 63, accepted: false),
            Time(seconds: .max, accepted: false),
        ])
    func times(_ time: Time) throws {
        let text = try NoteFixtures.checkpoint().text
        let signature = TestKey("w1").sign([UInt8]("cosignature/v1\ntime \(time.seconds)\n") + text)
        let line = NoteFixtures.line(
            name: "w1", id: try NoteFixtures.witness("w1").id,
            payload: withUnsafeBytes(of: time.seconds.bigEndian, Array.init) + signature)
        let note = NoteFixtures.note(text, [line])
        if time.accepted {
            #expect(try Self.times(note) == ["w1": Int(time.seconds)])
        } else {
            #expect(LogFixtures.code { _ = try Self.times(note) } == .badSignature)
        }
        // A log whose time is written with a minus does not get through either.
        if !time.accepted {
            let signed = Int64(bitPattern: time.seconds)
            let minus = TestKey("w1").sign([UInt8]("cosignature/v1\ntime \(signed)\n") + text)
            let line = NoteFixtures.line(
                name: "w1", id: try NoteFixtures.witness("w1").id,
                payload: withUnsafeBytes(of: time.seconds.bigEndian, Array.init) + minus)
            #expect(LogFixtures.code { _ = try Self.times(NoteFixtures.note(text, [line])) } == .badSignature)
        }
    }

    @Test(
        "lines of other types are ignored: ML-DSA of 3.3 kB, ECDSA, a certificate log's, private ones",
        arguments: [2, 5, 6, 0xFA, 0xFF])
    func otherTypes(_ type: UInt8) throws {
        let length = type == 6 ? 8 + 2420 : 70
        let id = Array(Digest.sha256(of: [UInt8]("w1\n") + [type] + [UInt8](repeating: 3, count: 1312)).bytes.prefix(4))
        let line = NoteFixtures.line(name: "w1", id: id, payload: [UInt8](repeating: 9, count: length))
        if type == 6 { #expect(line.count > 3200) }
        let text = try NoteFixtures.checkpoint().text
        let note = NoteFixtures.note(text, [line, NoteFixtures.line("w1", text, 7), line])
        #expect(try Self.times(note) == ["w1": 7])
        #expect(try Self.verify(note).note.encoded == note)
    }

    @Test("the time in a cosignature does not shift its bytes")
    func payload() throws {
        let payload = Cosignature(time: 0x0102_0304_0506_0708, signature: [UInt8](repeating: 9, count: 64)).payload
        #expect(payload == [1, 2, 3, 4, 5, 6, 7, 8] + [UInt8](repeating: 9, count: 64))
        #expect(Cosignature(decoding: payload)?.time == 0x0102_0304_0506_0708)
        #expect(Cosignature(decoding: payload)?.payload == payload)
        #expect(Cosignature(decoding: payload + [0]) == nil)
        #expect(Cosignature(decoding: Array(payload.dropLast())) == nil)
    }
}
