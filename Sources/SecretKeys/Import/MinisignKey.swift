internal import CSodium
import Primitives
import Signatures

/// A secret key of minisign: `Ed`, kind of KDF, `B2`, salt, cost, and, XORed with a stream made by scrypt, the key's number,
/// seed, public key and checksum.
struct MinisignKey: ForeignSecretKey {
    static let byteCount = 6 + saltByteCount + 16 + sealedByteCount
    private static let saltByteCount = Int(crypto_pwhash_scryptsalsa208sha256_SALTBYTES)
    private static let numberByteCount = 8
    private static let pairByteCount = SecretKey.seedByteCount + Ed25519.publicKeyByteCount
    private static let checksumByteCount = 32
    private static let sealedByteCount = numberByteCount + pairByteCount + checksumByteCount

    private static let algorithm = Array("Ed".utf8)
    private static let scrypt = Array("Sc".utf8)
    private static let noDerivation: [UInt8] = [0, 0]
    private static let blake2b = Array("B2".utf8)

    /// scrypt's cost as libsodium counts it. From its minimum to four times the work, and exactly the memory, that minisign asks for.
    private struct Cost {
        static let operationsBounds = UInt64(crypto_pwhash_scryptsalsa208sha256_OPSLIMIT_MIN)...(4 * 33_554_432)
        static let memoryBounds = UInt64(crypto_pwhash_scryptsalsa208sha256_MEMLIMIT_MIN)...(1 << 30)
        let operations: UInt64
        let memory: Int
    }

    private let salt: [UInt8]
    /// Nil when the key is not encrypted.
    private let cost: Cost?
    private let sealed: SecretBytes

    var isEncrypted: Bool { cost != nil }

    /// `blob` is `byteCount` long.
    init(_ blob: SecretBytes) throws {
        (salt, cost, sealed) = try blob.withUnsafeBytes { bytes in
            var cursor = SecretCursor(bytes)
            guard cursor.skip(Self.algorithm) else { throw KeyFault(.malformed, expected: "a key for Ed25519") }
            let derives = cursor.skip(Self.scrypt)
            guard derives || cursor.skip(Self.noDerivation) else {
                throw KeyFault(.unsupported, expected: "scrypt or no passphrase", at: "key derivation")
            }
            guard cursor.skip(Self.blake2b) else {
                throw KeyFault(.unsupported, expected: "BLAKE2b", at: "checksum")
            }
            let salt = try Array(cursor.take(Self.saltByteCount))
            let (operations, memory) = try (cursor.littleEndianUInt64(), cursor.littleEndianUInt64())
            let cost = derives ? try Self.checkedCost(operations, memory) : nil
            let sealed = try SecretBytes(copying: cursor.take(Self.sealedByteCount))
            try cursor.checkAtEnd()
            return (salt, cost, sealed)
        }
    }

    private static func checkedCost(_ operations: UInt64, _ memory: UInt64) throws(KeyFault) -> Cost {
        guard Cost.operationsBounds ~= operations, Cost.memoryBounds ~= memory else {
            throw KeyFault(
                .costOutOfBounds, found: "opslimit \(operations) and memlimit \(memory)",
                expected: "opslimit \(bounds(Cost.operationsBounds)) and memlimit \(bounds(Cost.memoryBounds))",
                hint: "set the password of a copy again: minisign -C -s COPY, then import that")
        }
        return Cost(operations: operations, memory: Int(memory))
    }

    private static func bounds(_ range: ClosedRange<UInt64>) -> String { "\(range.lowerBound) to \(range.upperBound)" }

    func open(passphrase: SecretBytes?) throws -> SecretBytes {
        let opened = try cost.map { try open($0, passphrase) } ?? sealed
        return try opened.withUnsafeBytes { bytes in
            var cursor = SecretCursor(bytes)
            let signed = try cursor.take(Self.numberByteCount + Self.pairByteCount)
            let checksum = try cursor.take(Self.checksumByteCount)
            // minisign leaves the checksum of a key without password empty. Its halves are compared in any case.
            let isEmpty = !isEncrypted && checksum.allSatisfy { $0 == 0 }
            guard try isEmpty || Self.isChecksum(checksum, of: signed) else {
                throw isEncrypted ? KeyFault(.wrongPassphrase) : KeyFault(.malformed, found: "a wrong checksum")
            }
            return try SecretBytes(copying: UnsafeRawBufferPointer(rebasing: signed[Self.numberByteCount...]))
        }
    }

    private func open(_ cost: Cost, _ passphrase: SecretBytes?) throws -> SecretBytes {
        guard let passphrase else { throw KeyFault(.passphraseNeeded) }
        let stream = try SecretBytes(count: Self.sealedByteCount) { stream in
            let status = passphrase.withPointer(to: CChar.self) { text in
                crypto_pwhash_scryptsalsa208sha256(
                    stream, UInt64(Self.sealedByteCount), text, UInt64(passphrase.count), salt, cost.operations,
                    cost.memory)
            }
            guard status == 0 else { throw KeyFault(.memory) }
        }
        return try sealed.withUnsafeBytes { try SecretBytes($0, xor: stream) }
    }

    /// BLAKE2b of the algorithm's name, the key's number, seed and public key.
    private static func isChecksum(_ checksum: UnsafeRawBufferPointer, of signed: UnsafeRawBufferPointer) throws -> Bool
    {
        let message = try SecretBytes(capacity: algorithm.count + signed.count) { buffer in
            buffer.copyBytes(from: algorithm)
            UnsafeMutableRawBufferPointer(rebasing: buffer[algorithm.count...]).copyMemory(from: signed)
            return buffer.count
        }
        let computed = try SecretBytes(count: checksumByteCount) { output in
            let status = message.withPointer(to: UInt8.self) {
                crypto_generichash(output, checksumByteCount, $0, UInt64(message.count), nil, 0)
            }
            guard status == 0 else { throw KeyFault(.memory) }
        }
        return computed.withUnsafeBytes { isEqual($0, checksum) }
    }
}
