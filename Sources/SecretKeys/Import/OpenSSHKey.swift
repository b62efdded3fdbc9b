import Primitives
import Signatures

/// A secret key file of OpenSSH (`openssh-key-v1`, PROTOCOL.key in its sources): names of cipher and KDF, the public key, and
/// the secret part, encrypted or not.
struct OpenSSHKey: ForeignSecretKey {
    static let begin = "-----BEGIN OPENSSH PRIVATE KEY-----"
    private static let end = "-----END OPENSSH PRIVATE KEY-----"
    private static let magic = Array("openssh-key-v1\0".utf8)
    private static let none = "none"
    private static let keyType = "ssh-ed25519"
    private static let pairByteCount = SecretKey.seedByteCount + Ed25519.publicKeyByteCount

    private struct Encryption {
        let cipher: AESCipher
        let derivation: BcryptKDF
    }

    /// Nil when there is no passphrase.
    private let encryption: Encryption?
    private let publicBytes: [UInt8]
    private let sealed: SecretBytes

    var isEncrypted: Bool { encryption != nil }

    init(_ text: UnsafeRawBufferPointer) throws {
        let blob = try SecretText.decodeArmour(text, begin: Self.begin, end: Self.end)
        (encryption, publicBytes, sealed) = try blob.withUnsafeBytes { bytes in
            var cursor = SecretCursor(bytes)
            guard cursor.skip(Self.magic) else { throw KeyFault(.malformed, expected: "openssh-key-v1") }
            let cipher = try cursor.string()
            let derivation = try cursor.string()
            let options = try cursor.string()
            let keyCount = try cursor.uint32()
            guard keyCount == 1 else { throw KeyFault(.unsupported, found: "\(keyCount) keys", expected: "one") }
            // The kind of key first: of a kind that is of no use, the cipher does not matter.
            let publicBytes = try Self.publicBytes(cursor.string())
            let encryption = try Self.encryption(cipher, derivation, options)
            let sealed = try SecretBytes(copying: cursor.string())
            try cursor.checkAtEnd()
            return (encryption, publicBytes, sealed)
        }
        try checkLength()
    }

    private var blockByteCount: Int { encryption == nil ? 8 : AESCipher.blockByteCount }

    private func checkLength() throws(KeyFault) {
        guard sealed.count > 0, sealed.count % blockByteCount == 0 else {
            throw KeyFault(.malformed, found: "\(sealed.count) secret bytes", expected: "whole blocks")
        }
    }

    // MARK: the clear part

    private static func encryption(
        _ cipherName: UnsafeRawBufferPointer, _ derivationName: UnsafeRawBufferPointer,
        _ options: UnsafeRawBufferPointer
    ) throws -> Encryption? {
        if isEqual(cipherName, none), isEqual(derivationName, none), options.isEmpty { return nil }
        guard let cipher = AESCipher.allCases.first(where: { isEqual(cipherName, $0.rawValue) }) else {
            throw KeyFault(
                .unsupported, found: "another cipher",
                expected: AESCipher.allCases.map(\.rawValue).joined(separator: ", "),
                hint: "encrypt a copy anew: ssh-keygen -p -Z aes256-ctr -f COPY, then import that")
        }
        guard isEqual(derivationName, "bcrypt") else {
            throw KeyFault(.unsupported, expected: "bcrypt", at: "key derivation")
        }
        var cursor = SecretCursor(options)
        let salt = try Array(cursor.string())
        let derivation = try BcryptKDF(rounds: cursor.uint32(), salt: salt)
        try cursor.checkAtEnd()
        return Encryption(cipher: cipher, derivation: derivation)
    }

    private static func publicBytes(_ bytes: UnsafeRawBufferPointer) throws -> [UInt8] {
        var cursor = SecretCursor(bytes)
        try checkType(cursor.string())
        let material = try Array(cursor.string())
        try cursor.checkAtEnd()
        guard material.count == Ed25519.publicKeyByteCount else {
            throw KeyFault(.malformed, found: "\(material.count) bytes", expected: "an Ed25519 public key")
        }
        return material
    }

    private static func checkType(_ type: UnsafeRawBufferPointer) throws(KeyFault) {
        if isEqual(type, keyType) { return }
        let kinds = ["sk-": "FIDO (sk-)", "ssh-rsa": "RSA", "ssh-dss": "DSA", "ecdsa-sha2-": "ECDSA"]
        let kind = kinds.first { type.starts(with: $0.key.utf8) }?.value ?? "unknown"
        throw KeyFault(
            .unsupported, found: "a key of the kind \(kind)", expected: keyType,
            hint: SSHPublicKey.advice(onType: ByteString(Array(type.prefix(64)))))
    }

    private static func isEqual(_ bytes: UnsafeRawBufferPointer, _ text: String) -> Bool {
        bytes.elementsEqual(text.utf8)
    }

    // MARK: the secret part

    func open(passphrase: SecretBytes?) throws -> SecretBytes {
        let opened = try encryption.map { try open($0, passphrase) } ?? sealed
        return try opened.withUnsafeBytes { bytes in
            var cursor = SecretCursor(bytes)
            // The same number twice: how OpenSSH knows a wrong passphrase.
            guard try cursor.uint32() == cursor.uint32() else {
                throw isEncrypted ? KeyFault(.wrongPassphrase) : KeyFault(.malformed, found: "a wrong checksum")
            }
            try Self.checkType(cursor.string())
            guard try cursor.string().elementsEqual(publicBytes) else { throw KeyFault(.mismatch) }
            let pair = try cursor.string()
            guard pair.count == Self.pairByteCount, pair.dropFirst(SecretKey.seedByteCount).elementsEqual(publicBytes)
            else { throw KeyFault(.mismatch) }
            _ = try cursor.string()  // the comment
            try checkPadding(cursor)
            return try SecretBytes(copying: pair)
        }
    }

    /// 1, 2, 3 …, up to a whole block.
    private func checkPadding(_ cursor: SecretCursor) throws(KeyFault) {
        var cursor = cursor
        let count = cursor.remaining
        guard count < blockByteCount, try cursor.take(count).elementsEqual((0..<count).map { UInt8($0 + 1) }) else {
            throw KeyFault(.malformed, expected: "padding to whole blocks")
        }
    }

    private func open(_ encryption: Encryption, _ passphrase: SecretBytes?) throws -> SecretBytes {
        guard let passphrase else { throw KeyFault(.passphraseNeeded) }
        let cipher = encryption.cipher
        let material = try encryption.derivation.derive(
            from: passphrase, byteCount: cipher.keyByteCount + AESCipher.blockByteCount)
        return try cipher.decrypt(sealed, keyAndIV: material)
    }
}
