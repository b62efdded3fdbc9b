import Primitives
import Signatures

/// A public key that signs notes: a log's, or a witness's (C2SP signed-note, "Verifier keys").
///
/// Keys of other algorithms exist; this version can neither read nor verify them, and says so.
package struct NoteKey: Hashable, Sendable {
    /// What the key signs; its number is the signature type byte.
    package enum Kind: UInt8, Sendable {
        /// Ed25519 over the text of the note.
        case log = 1
        /// Ed25519 over a time and the text of a checkpoint (C2SP tlog-cosignature).
        case witness = 4
    }

    /// The longest name of a key, in bytes.
    package static let nameByteLimit = 255
    /// The length of `id`.
    static let idByteCount = 4
    private static let idDigits = 8
    private static let plus = UInt8(ascii: "+")

    /// Of a log: its origin. A witness's name is not in what it signs, so witnesses are told apart by `publicKey`.
    package let name: ByteString
    package let kind: Kind
    /// 32 bytes.
    package let publicKey: [UInt8]
    /// The first four bytes of `id`'s hash as one number, which compares faster.
    let number: UInt32

    /// Throws `log/malformed-key` for a name that no note can hold, or a key that has not 32 bytes.
    package init(name: ByteString, kind: Kind, publicKey: [UInt8]) throws(LogFault) {
        guard Self.isKeyName(name) else {
            throw LogFault(
                .malformedKey, found: "\"\(name)\"",
                expected: "a name of 1 to \(Self.nameByteLimit) bytes without spaces, \"+\" or control characters")
        }
        guard publicKey.count == Ed25519.publicKeyByteCount else {
            throw LogFault(
                .malformedKey, found: "\(publicKey.count) bytes of key",
                expected: "\(Ed25519.publicKeyByteCount)", at: name.description)
        }
        self.name = name
        self.kind = kind
        self.publicKey = publicKey
        let hash = Digest.sha256(of: name.bytes + [UInt8(ascii: "\n"), kind.rawValue] + publicKey).bytes
        number = UInt32(bigEndian: hash.prefix(Self.idByteCount))
    }

    /// Reads `name+hhhhhhhh+base64`. Throws `log/malformed-key`, also for an id that is not this key's.
    package init(vkey: ByteString) throws(LogFault) {
        // The base 64 may hold a plus itself.
        let parts = vkey.bytes.split(separator: Self.plus, maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let bytes = Base64.decode(parts[2]), let type = bytes.first else {
            throw LogFault(.malformedKey, found: vkey.description, expected: "NAME+ID+BASE64")
        }
        guard let kind = Kind(rawValue: type) else {
            throw LogFault(
                .malformedKey, found: "a key of type \(Hex.encode([type]))",
                expected: "01 (Ed25519) or 04 (Ed25519 of a witness)", at: vkey.description)
        }
        try self.init(name: ByteString(Array(parts[0])), kind: kind, publicKey: Array(bytes.dropFirst()))
        guard Array(parts[1]) == Array(Hex.encode(id).utf8) else {
            throw LogFault(
                .malformedKey, found: "key id \(ByteString(Array(parts[1])))", expected: Hex.encode(id),
                at: name.description)
        }
    }

    /// Four bytes that tell keys of one name apart, and prove nothing.
    package var id: [UInt8] { number.bigEndianBytes }

    /// `name+hhhhhhhh+base64`, the only spelling.
    package var vkey: ByteString {
        var text = name.bytes
        text.append(Self.plus)
        text += Hex.encode(id).utf8
        text.append(Self.plus)
        Base64.append([kind.rawValue] + publicKey, to: &text)
        return ByteString(text)
    }

    /// Whether `name` may name a key of ours: as a signed note asks, and within our limit.
    private static func isKeyName(_ name: ByteString) -> Bool {
        name.count <= nameByteLimit && NoteText.isName(name.bytes[...])
    }
}

extension NoteKey: CustomStringConvertible {
    package var description: String { vkey.description }
}

extension UInt32 {
    /// Of no more than four bytes; the first is the highest.
    init(bigEndian bytes: some Sequence<UInt8>) {
        self = bytes.reduce(0) { $0 << 8 | UInt32($1) }
    }

    var bigEndianBytes: [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: self >> UInt32($0)) }
    }
}
