internal import CSodium
import CanonicalJSON
import Primitives

/// How much work Argon2id makes of trying one passphrase.
package struct KeyDerivationCost: Hashable, Sendable {
    /// Passes over the memory.
    package let operations: Int
    /// Bytes of memory.
    package let memory: Int

    /// From what libsodium can do up to some seconds on a small machine: a file may not keep us busy for longer.
    package static let operationsBounds: ClosedRange<Int64> = 1...16
    package static let memoryBounds: ClosedRange<Int64> = 8192...(1 << 30)

    /// libsodium's "moderate": 256 MiB, three passes, well below a second.
    package static let moderate = KeyDerivationCost(operations: 3, memory: 256 << 20)
    /// libsodium's "sensitive": 1 GiB, four passes, some seconds.
    package static let sensitive = KeyDerivationCost(operations: 4, memory: 1 << 30)
    /// No obstacle to anybody: for tests.
    package static let trivial = KeyDerivationCost(operations: 1, memory: 8192)
}

/// A seed encrypted under a passphrase: Argon2id 1.3, then XChaCha20-Poly1305.
struct SealedSeed: Hashable, Sendable {
    struct Parameters: Hashable, Sendable {
        let cost: KeyDerivationCost
        let salt: [UInt8]
        let nonce: [UInt8]
    }

    static let saltByteCount = Int(crypto_pwhash_argon2id_SALTBYTES)
    static let nonceByteCount = Int(crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
    static let tagByteCount = Int(crypto_aead_xchacha20poly1305_ietf_ABYTES)
    static let boxByteCount = SecretKey.seedByteCount + tagByteCount

    let parameters: Parameters
    /// The encrypted seed and its tag.
    let box: [UInt8]

    /// Throws `.wrongPassphrase` unless passphrase, header and box are those of one sealing.
    func open(passphrase: SecretBytes, header: [UInt8]) throws -> SecretBytes {
        let key = try parameters.deriveKey(from: passphrase)
        return try SecretBytes(count: SecretKey.seedByteCount) { seed in
            var count: UInt64 = 0
            let status = key.withPointer(to: UInt8.self) { key in
                crypto_aead_xchacha20poly1305_ietf_decrypt(
                    seed, &count, nil, box, UInt64(box.count), header, UInt64(header.count), parameters.nonce, key)
            }
            guard status == 0, count == UInt64(SecretKey.seedByteCount) else { throw KeyFault(.wrongPassphrase) }
        }
    }
}

extension SealedSeed.Parameters {
    /// New salt and nonce.
    static func fresh(cost: KeyDerivationCost) -> Self {
        Self(cost: cost, salt: randomBytes(SealedSeed.saltByteCount), nonce: randomBytes(SealedSeed.nonceByteCount))
    }

    /// The box for `seed`. `header` is bound and not encrypted.
    func seal(_ seed: SecretBytes, passphrase: SecretBytes, header: [UInt8]) throws -> [UInt8] {
        let key = try deriveKey(from: passphrase)
        var box = [UInt8](repeating: 0, count: SealedSeed.boxByteCount)
        var count: UInt64 = 0
        let status = seed.withPointer(to: UInt8.self) { plain in
            key.withPointer(to: UInt8.self) { key in
                crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &box, &count, plain, UInt64(seed.count), header, UInt64(header.count), nil, nonce, key)
            }
        }
        guard status == 0, count == UInt64(box.count) else { throw KeyFault(.memory) }
        return box
    }

    func deriveKey(from passphrase: SecretBytes) throws -> SecretBytes {
        let count = Int(crypto_aead_xchacha20poly1305_ietf_KEYBYTES)
        return try SecretBytes(count: count) { key in
            let status = passphrase.withPointer(to: CChar.self) { text in
                crypto_pwhash_argon2id(
                    key, UInt64(count), text, UInt64(passphrase.count), salt, UInt64(cost.operations), cost.memory,
                    crypto_pwhash_argon2id_ALG_ARGON2ID13)
            }
            guard status == 0 else { throw KeyFault(.memory) }
        }
    }

    private static func randomBytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        randombytes_buf(&bytes, count)
        return bytes
    }
}

// MARK: the format

extension SealedSeed {
    fileprivate static let derivationName: ByteString = "argon2id13"
    fileprivate static let cipherName: ByteString = "xchacha20-poly1305-ietf"

    init(_ reader: JSONReader, box: JSONReader) throws {
        let derivation = try reader.field("kdf")
        let cipher = try reader.field("cipher")
        try Self.check(derivation.field("name"), is: Self.derivationName)
        try Self.check(cipher.field("name"), is: Self.cipherName)
        parameters = Parameters(
            cost: KeyDerivationCost(
                operations: try Self.bounded(derivation.field("opslimit"), KeyDerivationCost.operationsBounds),
                memory: try Self.bounded(derivation.field("memlimit"), KeyDerivationCost.memoryBounds)),
            salt: try Self.bytes(derivation.field("salt"), count: Self.saltByteCount),
            nonce: try Self.bytes(cipher.field("nonce"), count: Self.nonceByteCount))
        self.box = try Self.bytes(box, count: Self.boxByteCount)
    }

    private static func check(_ reader: JSONReader, is name: ByteString) throws(JSONFault) {
        guard try reader.string() == name else { throw reader.invalid(expected: "\"\(name)\"") }
    }

    private static func bounded(_ reader: JSONReader, _ bounds: ClosedRange<Int64>) throws -> Int {
        do {
            return try reader.integer(in: bounds)
        } catch {
            guard error.code == .invalidValue else { throw error }
            throw KeyFault(.costOutOfBounds, found: error.found, expected: error.expected, at: error.location)
        }
    }

    private static func bytes(_ reader: JSONReader, count: Int) throws(JSONFault) -> [UInt8] {
        guard let bytes = Hex.decode(try reader.string().bytes), bytes.count == count else {
            throw reader.invalid(expected: "\(count) bytes in base 16")
        }
        return bytes
    }
}

extension SealedSeed.Parameters {
    var derivation: JSONValue {
        [
            "name": .string(SealedSeed.derivationName), "opslimit": .integer(Int64(cost.operations)),
            "memlimit": .integer(Int64(cost.memory)), "salt": .string(ByteString(Hex.encode(salt))),
        ]
    }

    var cipher: JSONValue {
        ["name": .string(SealedSeed.cipherName), "nonce": .string(ByteString(Hex.encode(nonce)))]
    }
}
