internal import CSodium
import Primitives
import Signatures

/// A secret key of OpenBSD's signify: `Ed`, `BK`, rounds of bcrypt, salt, checksum, the key's number, and, XORed with what
/// bcrypt makes of the passphrase, seed and public key. No rounds, no passphrase.
struct SignifyKey: ForeignSecretKey {
    static let byteCount = 4 + 4 + saltByteCount + checksumByteCount + numberByteCount + pairByteCount
    private static let saltByteCount = 16
    private static let checksumByteCount = 8
    private static let numberByteCount = 8
    private static let pairByteCount = SecretKey.seedByteCount + Ed25519.publicKeyByteCount

    private let derivation: BcryptKDF?
    private let checksum: [UInt8]
    private let sealed: SecretBytes

    var isEncrypted: Bool { derivation != nil }

    /// `blob` is `byteCount` long.
    init(_ blob: SecretBytes) throws {
        (derivation, checksum, sealed) = try blob.withUnsafeBytes { bytes in
            var cursor = SecretCursor(bytes)
            guard cursor.skip("Ed".utf8) else { throw KeyFault(.malformed, expected: "a key for Ed25519") }
            guard cursor.skip("BK".utf8) else {
                throw KeyFault(.unsupported, expected: "bcrypt", at: "key derivation")
            }
            let rounds = try cursor.uint32()
            let salt = try Array(cursor.take(Self.saltByteCount))
            let derivation = rounds == 0 ? nil : try BcryptKDF(rounds: rounds, salt: salt)
            let checksum = try Array(cursor.take(Self.checksumByteCount))
            _ = try cursor.take(Self.numberByteCount)
            let sealed = try SecretBytes(copying: cursor.take(Self.pairByteCount))
            try cursor.checkAtEnd()
            return (derivation, checksum, sealed)
        }
    }

    func open(passphrase: SecretBytes?) throws -> SecretBytes {
        let pair = try derivation.map { try open($0, passphrase) } ?? sealed
        guard try isChecksum(of: pair) else {
            throw isEncrypted ? KeyFault(.wrongPassphrase) : KeyFault(.malformed, found: "a wrong checksum")
        }
        return pair
    }

    private func open(_ derivation: BcryptKDF, _ passphrase: SecretBytes?) throws -> SecretBytes {
        guard let passphrase else { throw KeyFault(.passphraseNeeded) }
        let stream = try derivation.derive(from: passphrase, byteCount: Self.pairByteCount)
        return try sealed.withUnsafeBytes { try SecretBytes($0, xor: stream) }
    }

    /// The beginning of SHA-512 of seed and public key.
    private func isChecksum(of pair: SecretBytes) throws -> Bool {
        let digest = try SecretBytes(count: Int(crypto_hash_sha512_BYTES)) { output in
            _ = pair.withPointer(to: UInt8.self) { crypto_hash_sha512(output, $0, UInt64(pair.count)) }
        }
        return digest.withUnsafeBytes { $0.starts(with: checksum) }
    }
}
