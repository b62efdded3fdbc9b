import Primitives
import Signatures

/// What a log sends to a witness (C2SP tlog-witness, "add-checkpoint"). Well formed, and nothing more.
package struct AddCheckpointRequest: Hashable, Sendable {
    /// Bytes of a whole request.
    package static let byteLimit = SignedNote.byteLimit + (4 << 10)
    private static let oldPrefix = "old "

    /// The size that the log thinks the witness saw last; 0: none.
    package let oldSize: Int
    /// From the old size to the checkpoint's.
    package let proof: [Digest]
    /// The checkpoint as the log signed it.
    package let note: SignedNote

    /// - Parameters:
    ///   - oldSize: 0 to `LogSize.limit`.
    ///   - proof: at most 63 hashes.
    package init(oldSize: Int, proof: [Digest], note: SignedNote) {
        self.oldSize = oldSize
        self.proof = proof
        self.note = note
    }

    /// Throws `log/malformed-request`, or `log/malformed-note`.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard bytes.count <= Self.byteLimit else {
            throw LogFault(.malformedRequest, found: "\(bytes.count) bytes", expected: "at most \(Self.byteLimit)")
        }
        var lines = TextLines(bytes)
        guard let old = lines.next(after: Self.oldPrefix), let size = Decimal.decode(old, limit: LogSize.limit) else {
            throw LogFault(.malformedRequest, expected: "\"old SIZE\"", at: "line 1")
        }
        oldSize = size
        proof = try HashLines.decode(&lines, .malformedRequest)
        note = try SignedNote(decoding: Array(lines.rest))
    }

    package var encoded: [UInt8] {
        var bytes = Array(Self.oldPrefix.utf8)
        Decimal.append(oldSize, to: &bytes)
        bytes.append(NoteText.lineEnd)
        HashLines.append(proof, to: &bytes)
        return bytes + note.encoded
    }
}

/// What a witness answers that saw another size than a request says (409, `text/x.tlog.size`).
package enum WitnessedSize {
    package static func encode(_ size: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        Decimal.append(size, to: &bytes)
        bytes.append(NoteText.lineEnd)
        return bytes
    }

    /// Throws `log/malformed-request` for anything but one size and the end of its line.
    package static func decode(_ bytes: [UInt8]) throws(LogFault) -> Int {
        var lines = TextLines(bytes)
        guard let line = lines.next(), lines.isAtEnd, let size = Decimal.decode(line, limit: LogSize.limit) else {
            throw LogFault(
                .malformedRequest, found: ByteString(bytes).description, expected: "the size that the witness saw")
        }
        return size
    }
}
