import Primitives

/// Text and the signatures under it (C2SP signed-note). Well formed; whose signatures hold, `VerifiedCheckpoint` knows.
package struct SignedNote: Hashable, Sendable {
    /// Bytes of a whole note.
    package static let byteLimit = 64 << 10
    /// Signature lines of a note; Go's sumdb stops at the same number.
    package static let signatureLimit = 100

    /// What is signed, with the end of its last line.
    package let text: [UInt8]
    /// In the order of the lines. At least one.
    package let signatures: [NoteSignature]

    /// Reads a note. Throws `log/malformed-note`; what is accepted has no second spelling.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard bytes.count <= Self.byteLimit else {
            throw LogFault(.malformedNote, found: "\(bytes.count) bytes", expected: "at most \(Self.byteLimit)")
        }
        guard NoteText.isText(bytes[...]) else {
            throw LogFault(.malformedNote, expected: "UTF-8 without control characters, and line feeds only")
        }
        // The text may have empty lines itself: the last one ends it.
        guard let end = Self.lastEmptyLine(bytes) else {
            throw LogFault(.malformedNote, expected: "an empty line between text and signatures")
        }
        text = Array(bytes[..<end])
        signatures = try NoteSignature.decode(lines: bytes[(end + 1)...])
    }

    /// Puts a note together. Throws `log/malformed-note` for what could not be read again.
    package init(text: [UInt8], signatures: [NoteSignature]) throws(LogFault) {
        var bytes = text
        bytes.append(NoteText.lineEnd)
        for signature in signatures { signature.append(to: &bytes) }
        try self.init(decoding: bytes)
        guard self.text == text, self.signatures == signatures else {
            throw LogFault(.malformedNote, expected: "text that ends with a line feed")
        }
    }

    /// The note, byte for byte as it was decoded.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count + signatures.count * 160)
        bytes += text
        bytes.append(NoteText.lineEnd)
        for signature in signatures { signature.append(to: &bytes) }
        return bytes
    }

    /// Where the last empty line stands; something stands before it.
    private static func lastEmptyLine(_ bytes: [UInt8]) -> Int? {
        var index = bytes.count - 1
        while index > 0 {
            if bytes[index] == NoteText.lineEnd, bytes[index - 1] == NoteText.lineEnd { return index }
            index -= 1
        }
        return nil
    }
}
