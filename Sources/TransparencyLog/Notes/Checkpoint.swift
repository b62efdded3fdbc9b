import Primitives
import Signatures

/// What a log says of itself at one moment: the text of a note, three lines (C2SP tlog-checkpoint).
///
/// Extension lines, which the format has room for, are refused: no witness vouches for them.
package struct Checkpoint: Hashable, Sendable {
    /// The log's name, which is also its key's.
    package let origin: ByteString
    package let head: TreeHead

    /// What `log` is to sign.
    package init(log: NoteKey, head: TreeHead) {
        origin = log.name
        self.head = head
    }

    /// Reads the text of a note. Throws `log/malformed-checkpoint`; `log/out-of-range` for a size no log has, and
    /// `log/wrong-root` for size 0 with a root that is not the empty tree's.
    package init(decoding text: [UInt8]) throws(LogFault) {
        var lines = TextLines(text)
        guard let origin = lines.next(), let size = lines.next(), let root = lines.next(), lines.isAtEnd else {
            throw LogFault(.malformedCheckpoint, expected: "three lines: origin, size and root")
        }
        guard !origin.isEmpty, NoteText.isText(origin) else {
            throw LogFault(.malformedCheckpoint, expected: "an origin", at: "line 1")
        }
        guard let size = Decimal.decode(size, limit: .max) else {
            throw LogFault(
                .malformedCheckpoint, found: ByteString(Array(size)).description, expected: "a size, in decimal",
                at: "line 2")
        }
        guard let root = Base64.decode(root).flatMap(Digest.init(bytes:)) else {
            throw LogFault(
                .malformedCheckpoint, found: ByteString(Array(root)).description,
                expected: "a root of \(Digest.byteCount) bytes in base 64", at: "line 3")
        }
        self.origin = ByteString(Array(origin))
        head = try TreeHead(size: size, root: root)
    }

    /// Three lines with their ends: what the log signs, and, after a time, what witnesses sign.
    package var text: [UInt8] {
        var text = origin.bytes
        text.append(NoteText.lineEnd)
        Decimal.append(head.size, to: &text)
        text.append(NoteText.lineEnd)
        Base64.append(head.root.bytes, to: &text)
        text.append(NoteText.lineEnd)
        return text
    }
}
