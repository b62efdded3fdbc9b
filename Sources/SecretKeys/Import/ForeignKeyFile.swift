import Primitives
import Signatures

/// One kind of secret key file that another tool makes.
protocol ForeignSecretKey: Sendable {
    var isEncrypted: Bool { get }
    /// Seed and public key, 64 bytes, as every Ed25519 tool keeps them. An unencrypted key ignores `passphrase`.
    /// Throws `.passphraseNeeded`, `.wrongPassphrase`, `.malformed`.
    func open(passphrase: SecretBytes?) throws -> SecretBytes
}

/// A secret key file of another tool: read and checked, but not opened yet.
package struct ForeignKeyFile: Sendable {
    package enum Format: String, Sendable {
        case minisign
        case signify
        case openSSH = "OpenSSH"
    }

    /// Room for the longest key that anybody has, if only to say kindly that it is of the wrong kind.
    package static let byteLimit = 64 << 10

    package let format: Format
    private let key: any ForeignSecretKey

    package var isEncrypted: Bool { key.isEncrypted }

    /// Throws `.malformed`; `.unsupported` for another tool's or another kind of key; `.costOutOfBounds` for a file that
    /// would keep this machine busy. Needs no passphrase. No fault shows a byte of `text`.
    package static func decode(_ text: SecretBytes) throws -> ForeignKeyFile {
        try text.withUnsafeBytes { text in
            guard text.count <= byteLimit else {
                throw KeyFault(.malformed, expected: "at most \(byteLimit) bytes")
            }
            if text.starts(with: OpenSSHKey.begin.utf8) { return ForeignKeyFile(.openSSH, try OpenSSHKey(text)) }
            if text.starts(with: CommentedKey.begin.utf8) { return try CommentedKey.decode(text) }
            throw KindOfFile(text).fault
        }
    }

    init(_ format: Format, _ key: any ForeignSecretKey) {
        self.format = format
        self.key = key
    }

    /// The key, under a name of ours. Throws `.passphraseNeeded`, `.wrongPassphrase`, `.malformed`, and `.mismatch`
    /// when the public half of the file is not the one that the seed makes.
    package func secretKey(name: KeyName, passphrase: SecretBytes?) throws -> SecretKey {
        let pair = try key.open(passphrase: passphrase)
        return try pair.withUnsafeBytes { pair in
            var cursor = SecretCursor(pair)
            let seed = try SecretBytes(copying: cursor.take(SecretKey.seedByteCount))
            let key = try SecretKey(seed: seed, name: name)
            guard try Array(cursor.take(Ed25519.publicKeyByteCount)) == key.publicKey.material else {
                throw KeyFault(.mismatch)
            }
            return key
        }
    }
}

/// minisign and signify share their first line, and what the second begins with.
enum CommentedKey {
    static let begin = "untrusted comment:"
    private static let publicByteCount = 2 + 8 + Ed25519.publicKeyByteCount
    private static let signatureByteCount = 2 + 8 + Ed25519.signatureByteCount

    static func decode(_ text: UnsafeRawBufferPointer) throws -> ForeignKeyFile {
        let blob = try SecretText.decodeSecondLine(text)
        switch blob.count {
        case MinisignKey.byteCount: return ForeignKeyFile(.minisign, try MinisignKey(blob))
        case SignifyKey.byteCount: return ForeignKeyFile(.signify, try SignifyKey(blob))
        case publicByteCount: throw KindOfFile.publicKey.fault
        case signatureByteCount: throw KindOfFile.signature.fault
        default: throw KeyFault(.malformed, found: "\(blob.count) bytes", expected: "a key of minisign or signify")
        }
    }
}
