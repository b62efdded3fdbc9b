internal import CSodium
import Primitives

/// OpenBSD's `bcrypt_pbkdf(3)`: PBKDF2 with bcrypt in the place of HMAC, and output bytes spread over all blocks.
///
/// Neither libsodium nor libcrypto has it. What it works with lies in locked memory and is wiped.
struct BcryptKDF: Hashable, Sendable {
    /// OpenSSH takes 16 or 24 rounds and signify 42; so many as the upper bound are a quarter of a minute's work.
    static let roundsBounds: ClosedRange<UInt32> = 1...2048
    static let longestSalt = 1024
    /// More is not needed by anybody, and keeps the block number within a byte.
    static let longestOutput = 1024

    let rounds: UInt32
    let salt: [UInt8]

    /// Throws `.costOutOfBounds`, and `.malformed` for a salt that is empty or endless.
    init(rounds: UInt32, salt: [UInt8]) throws(KeyFault) {
        guard Self.roundsBounds ~= rounds else {
            throw KeyFault(
                .costOutOfBounds, found: "\(rounds) rounds",
                expected: "\(Self.roundsBounds.lowerBound) to \(Self.roundsBounds.upperBound)",
                hint: "for OpenSSH, set the passphrase of a copy again: ssh-keygen -p -a 100 -f COPY, then import that")
        }
        guard 1...Self.longestSalt ~= salt.count else {
            throw KeyFault(.malformed, found: "a salt of \(salt.count) bytes")
        }
        self.rounds = rounds
        self.salt = salt
    }

    func derive(from passphrase: SecretBytes, byteCount: Int) throws -> SecretBytes {
        guard 1...Self.longestOutput ~= byteCount else {
            throw KeyFault(.malformed, found: "a key of \(byteCount) bytes")
        }
        // Byte n of block m goes to place n * blocks + m.
        let blocks = (byteCount + BcryptHash.outputByteCount - 1) / BcryptHash.outputByteCount
        return try SecretBytes(capacity: byteCount) { output in
            let hash = try BcryptHash(passphrase)
            for block in 0..<blocks {
                let bytes = try self.block(UInt32(block + 1), hash)
                bytes.withUnsafeBytes { bytes in
                    for (place, byte) in zip(stride(from: block, to: byteCount, by: blocks), bytes) {
                        output[place] = byte
                    }
                }
            }
            return byteCount
        }
    }

    private func block(_ number: UInt32, _ hash: BcryptHash) throws -> SecretBytes {
        let numbered = salt + withUnsafeBytes(of: number.bigEndian, Array.init)
        var latest = try numbered.withUnsafeBytes { try hash($0) }
        var sum = latest
        for _ in 1..<rounds {
            latest = try latest.withUnsafeBytes { try hash($0) }
            let addend = latest
            sum = try sum.withUnsafeBytes { try SecretBytes($0, xor: addend) }
        }
        return sum
    }
}

/// bcrypt's core with the parameters of `bcrypt_pbkdf`: a function of SHA-512 of the passphrase and of a salt.
private struct BcryptHash {
    static let outputByteCount = 32
    private static let message = Array("OxychromaticBlowfishSwatDynamite".utf8)
    private static let repetitions = 64
    private static let digestWordCount = Int(crypto_hash_sha512_BYTES) / 4

    private let passphraseDigest: SecretBytes

    init(_ passphrase: SecretBytes) throws {
        passphraseDigest = try passphrase.withUnsafeBytes { try Self.digest($0) }
    }

    func callAsFunction(_ salt: UnsafeRawBufferPointer) throws -> SecretBytes {
        let saltDigest = try Self.digest(salt)
        return try SecretBytes(capacity: Self.outputByteCount) { output in
            try SecretBytes.withScratch(byteCount: Blowfish.byteCount) { room in
                let cipher = Blowfish(room)
                passphraseDigest.withUnsafeBytes { key in
                    saltDigest.withUnsafeBytes { salt in Self.schedule(cipher, key, salt) }
                }
                Self.encrypt(cipher, into: output)
            }
            return Self.outputByteCount
        }
    }

    private static func schedule(_ cipher: Blowfish, _ key: UnsafeRawBufferPointer, _ salt: UnsafeRawBufferPointer) {
        cipher.expand(key: key, salt: salt)
        for _ in 0..<repetitions {
            cipher.expand(key: salt, salt: nil)
            cipher.expand(key: key, salt: nil)
        }
    }

    /// The message, encrypted 64 times, its words with the least significant byte first.
    private static func encrypt(_ cipher: Blowfish, into output: UnsafeMutableRawBufferPointer) {
        for start in stride(from: 0, to: outputByteCount, by: 8) {
            var left = word(start)
            var right = word(start + 4)
            for _ in 0..<repetitions { cipher.encrypt(&left, &right) }
            output.storeBytes(of: left.littleEndian, toByteOffset: start, as: UInt32.self)
            output.storeBytes(of: right.littleEndian, toByteOffset: start + 4, as: UInt32.self)
        }
    }

    private static func word(_ start: Int) -> UInt32 {
        message[start..<(start + 4)].reduce(0) { $0 << 8 | UInt32($1) }
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) throws -> SecretBytes {
        try SecretBytes(count: Int(crypto_hash_sha512_BYTES)) { output in
            _ = crypto_hash_sha512(output, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), UInt64(bytes.count))
        }
    }
}
