import Primitives
import Signatures

/// That a log signed two different trees of one size: its key and both notes, so that anybody can verify it alone.
package struct ForkEvidence: Hashable, Sendable {
    /// Bytes of the whole file.
    package static let byteLimit = 2 * SignedNote.byteLimit + (4 << 10)
    private static let header = "sceau-fork-evidence/1"
    private static let logPrefix = "log "
    private static let notePrefix = "note "

    /// What is proven.
    package struct Fork: Hashable, Sendable {
        package let log: NoteKey
        package let size: Int
        /// Two, in the order of their bytes.
        package let roots: [Digest]

        fileprivate init(log: NoteKey, size: Int, roots: [Digest]) {
            self.log = log
            self.size = size
            self.roots = roots
        }
    }

    package let log: NoteKey
    /// Two, in the order of the roots of their trees; with all lines they came with, since it matters who cosigned.
    package let notes: [SignedNote]

    /// Throws `log/no-fork` unless both are checkpoints of one log and one size, with different roots.
    package init(_ one: VerifiedCheckpoint, _ other: VerifiedCheckpoint) throws(LogFault) {
        let inOrder = !other.head.root.bytes.lexicographicallyPrecedes(one.head.root.bytes)
        log = one.log
        notes = inOrder ? [one.note, other.note] : [other.note, one.note]
        _ = try verify()
    }

    /// Throws `log/malformed-evidence`, `log/malformed-key` or `log/malformed-note`. Proves nothing before `verify`.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard bytes.count <= Self.byteLimit else {
            throw LogFault(.malformedEvidence, found: "\(bytes.count) bytes", expected: "at most \(Self.byteLimit)")
        }
        var lines = TextLines(bytes)
        guard lines.next() == ArraySlice(Self.header.utf8), let key = lines.next(after: Self.logPrefix) else {
            throw LogFault(.malformedEvidence, expected: "\"\(Self.header)\" and \"\(Self.logPrefix)VKEY\"")
        }
        log = try NoteKey(vkey: ByteString(Array(key)))
        var notes: [SignedNote] = []
        for _ in 1...2 { notes.append(try Self.decodeNote(&lines)) }
        guard lines.isAtEnd else { throw LogFault(.malformedEvidence, expected: "nothing after the second note") }
        self.notes = notes
    }

    private static func decodeNote(_ lines: inout TextLines) throws(LogFault) -> SignedNote {
        guard let length = lines.next(after: notePrefix),
            let count = Decimal.decode(length, limit: SignedNote.byteLimit),
            let note = lines.next(count: count)
        else { throw LogFault(.malformedEvidence, expected: "\"\(notePrefix)BYTES\", and as many bytes") }
        return try SignedNote(decoding: Array(note))
    }

    package var encoded: [UInt8] {
        var bytes = Array("\(Self.header)\n\(Self.logPrefix)".utf8) + log.vkey.bytes + [NoteText.lineEnd]
        for note in notes.map(\.encoded) {
            bytes += Array("\(Self.notePrefix)\(note.count)\n".utf8) + note
        }
        return bytes
    }

    /// Both notes are checkpoints that `log` signed, of one size, with different roots.
    ///
    /// Throws as `VerifiedCheckpoint.verify`, and `log/no-fork`. Whether `log` is the log somebody cares about, the
    /// caller compares.
    package func verify() throws(LogFault) -> Fork {
        var heads: [TreeHead] = []
        for note in notes { heads.append(try VerifiedCheckpoint.verify(note, log: log).head) }
        guard let one = heads.first, let other = heads.last, one.size == other.size else {
            throw LogFault(.noFork, found: "sizes \(heads.map(\.size))", expected: "one size")
        }
        guard one.root.bytes.lexicographicallyPrecedes(other.root.bytes) else {
            throw LogFault(
                .noFork, found: "roots \(one.root), \(other.root)", expected: "two roots, the lower one first")
        }
        return Fork(log: log, size: one.size, roots: [one.root, other.root])
    }
}
