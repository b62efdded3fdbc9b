import Primitives
import Signatures

/// That an entry is in a log which witnesses saw: all that is needed to check it without a network (C2SP tlog-proof).
package struct TlogProof: Hashable, Sendable {
    /// Bytes of a whole proof.
    package static let byteLimit = SignedNote.byteLimit + (8 << 10)
    private static let header = "c2sp.org/tlog-proof@v1"
    private static let extraPrefix = "extra "
    private static let indexPrefix = "index "
    private static let extraByteLimit = 2 << 10

    /// Where the proof of a logged file is, below the log's folder.
    ///
    /// - Parameter digest: of the file.
    package static func path(of digest: Digest) -> ByteString { ByteString("proofs/\(digest.hex).tlog-proof") }

    package let inclusion: InclusionProof
    /// The checkpoint, with its cosignatures.
    package let note: SignedNote
    /// Whatever somebody put there. Nobody signed it: it must decide nothing. We write none.
    package let extra: [UInt8]?

    /// - Parameters:
    ///   - inclusion: index 0 to `LogSize.limit`, at most 63 hashes.
    ///   - extra: at most 2 KiB.
    package init(inclusion: InclusionProof, note: SignedNote, extra: [UInt8]? = nil) {
        self.inclusion = inclusion
        self.note = note
        self.extra = extra
    }

    package var index: Int { inclusion.index }

    /// Throws `log/malformed-proof`, or `log/malformed-note`.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard bytes.count <= Self.byteLimit else {
            throw LogFault(.malformedProof, found: "\(bytes.count) bytes", expected: "at most \(Self.byteLimit)")
        }
        var lines = TextLines(bytes)
        guard lines.next() == ArraySlice(Self.header.utf8) else {
            throw LogFault(.malformedProof, expected: "\"\(Self.header)\"", at: "line 1")
        }
        extra = try Self.decodeExtra(&lines)
        guard let text = lines.next(after: Self.indexPrefix), let index = Decimal.decode(text, limit: LogSize.limit)
        else { throw LogFault(.malformedProof, expected: "\"index NUMBER\" before the hashes") }
        inclusion = InclusionProof(index: index, hashes: try HashLines.decode(&lines, .malformedProof))
        note = try SignedNote(decoding: Array(lines.rest))
    }

    private static func decodeExtra(_ lines: inout TextLines) throws(LogFault) -> [UInt8]? {
        guard let text = lines.next(after: extraPrefix) else { return nil }
        guard let extra = Base64.decode(text), extra.count <= extraByteLimit else {
            throw LogFault(.malformedProof, expected: "at most \(extraByteLimit) bytes in base 64", at: "extra")
        }
        return extra
    }

    package var encoded: [UInt8] {
        var bytes = Array("\(Self.header)\n".utf8)
        if let extra {
            bytes += Self.extraPrefix.utf8
            Base64.append(extra, to: &bytes)
            bytes.append(NoteText.lineEnd)
        }
        bytes += Self.indexPrefix.utf8
        Decimal.append(inclusion.index, to: &bytes)
        bytes.append(NoteText.lineEnd)
        HashLines.append(inclusion.hashes, to: &bytes)
        return bytes + note.encoded
    }

    /// `entry`, the application's own bytes, is at `index` of a log that `policy` accepts.
    ///
    /// Throws as `WitnessPolicy.verify` and `InclusionProof.check`.
    package func verify(_ entry: [UInt8], policy: WitnessPolicy) throws(LogFault) -> WitnessedCheckpoint {
        let witnessed = try policy.verify(VerifiedCheckpoint.verify(note, log: policy.log))
        try inclusion.check(leaf: MerkleHash.leaf(entry), in: witnessed.head)
        return witnessed
    }
}
