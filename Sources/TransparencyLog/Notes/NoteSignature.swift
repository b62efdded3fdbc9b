import Primitives
import Signatures

/// One signature line of a note: `— NAME BASE64`. It says who signed and proves nothing: `VerifiedCheckpoint` does.
package struct NoteSignature: Hashable, Sendable {
    /// An em dash and a space.
    private static let beginning: [UInt8] = [0xE2, 0x80, 0x94, UInt8(ascii: " ")]

    package let name: ByteString
    /// What follows the key id: the signature, with a time before it when it is a witness's.
    package let payload: [UInt8]
    let number: UInt32

    /// The key id, four bytes.
    package var keyID: [UInt8] { number.bigEndianBytes }

    private init(name: ByteString, number: UInt32, payload: [UInt8]) {
        self.name = name
        self.number = number
        self.payload = payload
    }

    /// The line of a log: `signature` is by `log` over the text of the note. Throws `log/bad-signature` when it is not.
    package init(signature: [UInt8], of text: [UInt8], by log: NoteKey) throws(LogFault) {
        self.init(name: log.name, number: log.number, payload: signature)
        guard isValid(for: text, by: log) else { throw LogFault(.badSignature, at: log.name.description) }
    }

    /// The line of a witness: `signature` is by `witness` over `Cosignature.message(text, time: time)`.
    ///
    /// Throws `log/bad-signature` when it is not, and for a time before 1970.
    package init(
        signature: [UInt8], of text: [UInt8], time: Int, by witness: NoteKey
    ) throws(LogFault) {
        self.init(
            name: witness.name, number: witness.number,
            payload: Cosignature(time: time, signature: signature).payload)
        guard cosignature(of: text, by: witness)?.time == time else {
            throw LogFault(.badSignature, at: witness.name.description)
        }
    }

    /// The line with its end.
    package var line: [UInt8] {
        var line: [UInt8] = []
        append(to: &line)
        return line
    }

    func append(to text: inout [UInt8]) {
        text += Self.beginning
        text += name.bytes
        text.append(UInt8(ascii: " "))
        Base64.append(keyID + payload, to: &text)
        text.append(NoteText.lineEnd)
    }

    /// Reads one line without its end. Throws `log/malformed-note`.
    init(decoding line: ArraySlice<UInt8>) throws(LogFault) {
        guard line.starts(with: Self.beginning),
            let space = line.dropFirst(Self.beginning.count).firstIndex(of: UInt8(ascii: " ")),
            case let name = line[..<space].dropFirst(Self.beginning.count), NoteText.isName(name)
        else {
            throw LogFault(
                .malformedNote, found: ByteString(Array(line)).description,
                expected: "a signature line, \"— NAME BASE64\"")
        }
        // A signature has one byte at least.
        guard let bytes = Base64.decode(line[(space + 1)...]), bytes.count > NoteKey.idByteCount else {
            throw LogFault(
                .malformedNote, expected: "a key id and a signature in base 64",
                at: "signature line of \(ByteString(Array(name)))")
        }
        self.init(
            name: ByteString(Array(name)), number: UInt32(bigEndian: bytes.prefix(NoteKey.idByteCount)),
            payload: Array(bytes.dropFirst(NoteKey.idByteCount)))
    }

    /// Reads whole lines and nothing else: what a witness answers. Throws `log/malformed-note`, also for none, or for
    /// more than a note may hold.
    package static func decode(lines bytes: [UInt8]) throws(LogFault) -> [NoteSignature] {
        guard bytes.count <= SignedNote.byteLimit else {
            throw LogFault(.malformedNote, found: "\(bytes.count) bytes", expected: "at most \(SignedNote.byteLimit)")
        }
        return try decode(lines: bytes[...])
    }

    static func decode(lines bytes: ArraySlice<UInt8>) throws(LogFault) -> [NoteSignature] {
        var signatures: [NoteSignature] = []
        var lines = TextLines(bytes)
        while !lines.isAtEnd {
            guard let line = lines.next() else {
                throw LogFault(.malformedNote, expected: "a line feed at the end of the last signature line")
            }
            guard signatures.count < SignedNote.signatureLimit else {
                throw LogFault(
                    .malformedNote, expected: "at most \(SignedNote.signatureLimit) signature lines")
            }
            signatures.append(try NoteSignature(decoding: line))
        }
        guard !signatures.isEmpty else { throw LogFault(.malformedNote, expected: "a signature line") }
        return signatures
    }
}

extension NoteSignature {
    /// Whether the line says to be by `key`. Both name and id count (C2SP signed-note, "Verification").
    package func isNamed(_ key: NoteKey) -> Bool {
        number == key.number && name == key.name
    }

    /// Whether this is the signature of `key`, a log's, over `text`.
    func isValid(for text: [UInt8], by key: NoteKey) -> Bool {
        key.kind == .log && isNamed(key)
            && Ed25519.isValid(signature: payload, for: text, publicKey: key.publicKey)
    }

    /// The cosignature of `key`, a witness's, over the checkpoint `text`; nil when it is not one.
    func cosignature(of text: [UInt8], by key: NoteKey) -> Cosignature? {
        guard key.kind == .witness, isNamed(key), let cosignature = Cosignature(decoding: payload) else { return nil }
        let message = Cosignature.message(text, time: cosignature.time)
        let valid = Ed25519.isValid(signature: cosignature.signature, for: message, publicKey: key.publicKey)
        return valid ? cosignature : nil
    }
}
