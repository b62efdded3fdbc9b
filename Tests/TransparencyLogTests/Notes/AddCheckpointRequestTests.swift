import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Requests to witnesses")
struct AddCheckpointRequestTests {
    @Test("every request of another implementation decodes and is written the same, but for the malformed one")
    func vectors() throws {
        let exchanges = try NoteVectors.load("witness_exchanges.json", as: [NoteVectors.Exchange].self)
        #expect(exchanges.count == 16)
        for exchange in exchanges {
            let bytes = [UInt8](exchange.request)
            guard exchange.name != "malformed: no old line" else {
                #expect(LogFixtures.code { _ = try AddCheckpointRequest(decoding: bytes) } == .malformedRequest)
                continue
            }
            let request = try AddCheckpointRequest(decoding: bytes)
            #expect(request.encoded == bytes, "\(exchange.name)")
            for (offset, flipped) in bytes.withOneBitFlipped(limit: 60) {
                guard let other = try? AddCheckpointRequest(decoding: flipped) else { continue }
                #expect(other != request && other.encoded == flipped, "\(exchange.name), byte \(offset)")
            }
        }
    }

    static let hash = Base64.encode(MerkleHash.leaf([0]).bytes)
    static let bad = [
        "", "\n", "old 5\n", "old 5\n\n", "old 5", "old\n\nNOTE", "old \n\nNOTE", "old 05\n\nNOTE", "old -1\n\nNOTE",
        "old +5\n\nNOTE", "old 5 \n\nNOTE", " old 5\n\nNOTE", "OLD 5\n\nNOTE", "old 5\r\n\r\nNOTE",
        "old 9007199254740993\n\nNOTE", "old 9223372036854775808\n\nNOTE", "old 5\nNOTE", "old 5\n\(hash)\nNOTE",
        "old 5\n\(hash.dropLast())\n\nNOTE", "old 5\n \(hash)\n\nNOTE", "old 5\n\(hash) \n\nNOTE",
        "old 5\n\(hash)\(hash)\n\nNOTE", "old 5\n\(hash.prefix(40))\n\nNOTE",
        "old 5\n" + String(repeating: "\(hash)\n", count: 64) + "\nNOTE",
        "old 5\n\n" + String(repeating: "a", count: 80 << 10),
    ]

    @Test("a request in another spelling is refused", arguments: bad)
    func malformed(_ text: String) throws {
        let note = String(decoding: try NoteFixtures.note(), as: UTF8.self)
        let bytes = [UInt8](text.replacing("NOTE", with: note))
        let code = LogFixtures.code { _ = try AddCheckpointRequest(decoding: bytes) }
        #expect(code == (text == "old 5\n\n" ? .malformedNote : .malformedRequest))
    }

    @Test("a request with a note in another spelling is refused as a note is")
    func malformedNotes() throws {
        let note = String(decoding: try NoteFixtures.note(), as: UTF8.self)
        for text in ["old 5\n\n\n\(note.dropLast())", "old 5\n\n\(note)\n", "old 5\n\(Self.hash)\n\nx"] {
            let code = LogFixtures.code { _ = try AddCheckpointRequest(decoding: [UInt8](text)) }
            #expect(code == .malformedNote)
        }
    }

    @Test("a request with up to 63 hashes is written and read again", arguments: [0, 1, 63])
    func roundTrip(_ hashes: Int) throws {
        let proof = (0..<hashes).map { MerkleHash.leaf([UInt8($0)]) }
        let note = try SignedNote(decoding: NoteFixtures.note(cosigned: [("w1", 5)]))
        let request = AddCheckpointRequest(oldSize: 1 << 53, proof: proof, note: note)
        #expect(try AddCheckpointRequest(decoding: request.encoded) == request)
    }

    @Test("the size that a witness saw is one number on one line", arguments: [0, 5, 1 << 53])
    func witnessedSize(_ size: Int) throws {
        #expect(WitnessedSize.encode(size) == [UInt8]("\(size)\n"))
        #expect(try WitnessedSize.decode(WitnessedSize.encode(size)) == size)
        for bad in [
            "", "\n", "\(size)", "\(size)\n\n", "\(size)\r\n", "0\(size)\n", "-\(size)\n", "\(size) \n", "size\n",
        ] {
            #expect(LogFixtures.code { _ = try WitnessedSize.decode([UInt8](bad)) } == .malformedRequest)
        }
    }
}
