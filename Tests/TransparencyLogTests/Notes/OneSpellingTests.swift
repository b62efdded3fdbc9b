import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("One spelling of every format")
struct OneSpellingTests {
    struct Format: CustomTestStringConvertible {
        let name: String
        let example: @Sendable () throws -> [UInt8]
        /// The bytes decoded and encoded again.
        let again: @Sendable ([UInt8]) throws -> [UInt8]

        var testDescription: String { name }
    }

    private static func cosigned(_ seed: UInt8) throws -> SignedNote {
        try SignedNote(decoding: NoteFixtures.note(LogFixtures.head(300, seed), cosigned: [("w1", 5), ("w2", 6)]))
    }

    private static let hashes = (0..<3).map { MerkleHash.leaf([$0]) }
    static let formats: [Format] = [
        Format(
            name: "key", example: { try NoteFixtures.log().vkey.bytes },
            again: { try NoteKey(vkey: ByteString($0)).vkey.bytes }),
        Format(name: "note", example: { try cosigned(1).encoded }, again: { try SignedNote(decoding: $0).encoded }),
        Format(
            name: "signature lines", example: { try cosigned(1).signatures.flatMap(\.line) },
            again: { try NoteSignature.decode(lines: $0).flatMap(\.line) }),
        Format(name: "checkpoint", example: { try cosigned(1).text }, again: { try Checkpoint(decoding: $0).text }),
        Format(
            name: "request",
            example: { AddCheckpointRequest(oldSize: 10, proof: hashes, note: try cosigned(1)).encoded },
            again: { try AddCheckpointRequest(decoding: $0).encoded }),
        Format(
            name: "proof",
            example: {
                let inclusion = InclusionProof(index: 10, hashes: hashes)
                return TlogProof(inclusion: inclusion, note: try cosigned(1), extra: [1, 2, 3, 4]).encoded
            }, again: { try TlogProof(decoding: $0).encoded }),
        Format(
            name: "evidence",
            example: {
                let notes = try [cosigned(1), cosigned(2)]
                let checkpoints = try notes.map { try VerifiedCheckpoint.verify($0, log: NoteFixtures.log()) }
                return try ForkEvidence(checkpoints[0], checkpoints[1]).encoded
            }, again: { try ForkEvidence(decoding: $0).encoded }),
        Format(
            name: "size", example: { WitnessedSize.encode(100) },
            again: { WitnessedSize.encode(try WitnessedSize.decode($0)) }),
    ]

    @Test(
        "what is accepted after random edits is written again as it was", arguments: formats,
        1...4 as ClosedRange<UInt64>)
    func edits(_ format: Format, _ seed: UInt64) throws {
        let example = try format.example()
        #expect(try format.again(example) == example)
        var random = SeededRandom(seed)
        var accepted = 0
        for _ in 0..<150 {
            var bytes = example
            for _ in 0...random.next(below: 3) { random.edit(&bytes) }
            guard let again = try? format.again(bytes) else { continue }
            accepted += bytes == example ? 0 : 1
            #expect(again == bytes, "seed \(seed): \(ByteString(bytes))")
        }
        // A decoder that refuses everything would pass as well; a key has no second form.
        if !["key", "size"].contains(format.name) { #expect(accepted > 0, "seed \(seed)") }
    }
}

extension SeededRandom {
    /// Changes, removes, repeats or inserts something.
    fileprivate mutating func edit(_ bytes: inout [UInt8]) {
        guard !bytes.isEmpty else { return }
        let index = next(below: bytes.count)
        let end = min(bytes.count, index + 1 + next(below: 8))
        let pieces = ["\n", " ", "=", "0", "\r", "+", "-", "— ", "A", "9", "\t", "\u{A0}", "/"]
        switch next(below: 8) {
        case 0: bytes[index] ^= 1 << UInt8(next(below: 8))
        case 1: bytes.removeSubrange(index..<end)
        case 2: bytes.insert(contentsOf: bytes[index..<end], at: index)
        case 3, 4: bytes.insert(contentsOf: Array(pieces[next(below: pieces.count)].utf8), at: index)
        case 5: bytes[index] = Array("AZaz09+/=".utf8)[next(below: 9)]
        case 6: repeatLine(of: &bytes, at: index)
        default: bytes.removeLast(min(bytes.count, 1 + next(below: 3)))
        }
    }

    private func repeatLine(of bytes: inout [UInt8], at index: Int) {
        let start = bytes[..<index].lastIndex(of: 10).map { $0 + 1 } ?? 0
        let end = bytes[index...].firstIndex(of: 10).map { $0 + 1 } ?? bytes.count
        bytes.insert(contentsOf: bytes[start..<end], at: end)
    }
}
