import Foundation
import Primitives
import Signatures
import TestSupport

@testable import TransparencyLog

/// A log and witnesses with keys made from their names, and notes by them. Lines are put together by `TestSupport`, from
/// the specification, not by the code under test.
enum NoteFixtures {
    static let origin: ByteString = "sceau-log/mail-suite/0123456789abcdef"
    static let logTestKey = TestKey("log")
    static let head = LogFixtures.head(300)

    static func log() throws -> NoteKey { try logTestKey.noteKey(origin, .log) }

    static func witness(_ name: String) throws -> NoteKey { try TestKey(name).noteKey(ByteString(name), .witness) }

    static func checkpoint(_ head: TreeHead = head) throws -> Checkpoint { Checkpoint(log: try log(), head: head) }

    /// The text with a line of the log and these lines.
    static func note(_ text: [UInt8], _ lines: [[UInt8]] = []) -> [UInt8] {
        text + Array("\n".utf8) + logTestKey.noteLine(origin, over: text) + lines.joined()
    }

    /// A good note over `head`, cosigned by witnesses of these names at these times.
    static func note(_ head: TreeHead = head, cosigned: [(String, Int)] = []) throws -> [UInt8] {
        let text = try checkpoint(head).text
        return note(text, cosigned.map { line($0.0, text, $0.1) })
    }

    static func line(_ witness: String, _ text: [UInt8], _ time: Int) -> [UInt8] {
        TestKey(witness).cosignatureLine(ByteString(witness), over: text, at: Date(timeIntervalSince1970: Double(time)))
    }

    /// A signature line of anybody, of any bytes.
    static func line(name: String, id: [UInt8], payload: [UInt8]) -> [UInt8] {
        Array("— \(name) \(Data(id + payload).base64EncodedString())\n".utf8)
    }

    /// The line with the last byte of its signature changed.
    static func spoilt(_ line: [UInt8]) throws -> [UInt8] {
        let words = String(decoding: line.dropLast(), as: UTF8.self).split(separator: " ")
        guard words.count == 3, var bytes = Data(base64Encoded: String(words[2])) else { throw CancellationError() }
        bytes[bytes.count - 1] ^= 1
        return Array("— \(words[1]) \(bytes.base64EncodedString())\n".utf8)
    }
}

enum LogFixtures {
    /// Of a tree nobody has seen: size and root only.
    static func head(_ size: Int, _ seed: UInt8 = 0) -> TreeHead {
        TreeHead(unchecked: size, root: size == 0 ? MerkleHash.emptyTree : MerkleHash.leaf([seed]))
    }

    /// The code that `body` throws; nil when it throws nothing.
    static func code(_ body: () throws -> Void) -> LogFaultCode? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LogFault)?.code
        }
    }
}

extension TestKey {
    func noteKey(_ name: ByteString, _ kind: NoteKey.Kind) throws -> NoteKey {
        try NoteKey(name: name, kind: kind, publicKey: publicKey.material)
    }
}

extension [UInt8] {
    init(_ text: String) { self = Array(text.utf8) }

    /// This with one bit changed: each in turn, or, when there are more than `limit`, as many spread over all of it.
    func withOneBitFlipped(limit: Int = .max) -> some Sequence<(offset: Int, bytes: [UInt8])> {
        // Odd, so that it is not the same bit of every byte.
        stride(from: 0, to: 8 * count, by: 8 * count / limit | 1).lazy.map { bit in
            var bytes = self
            bytes[bit / 8] ^= 1 << UInt8(bit % 8)
            return (bit / 8, bytes)
        }
    }
}
