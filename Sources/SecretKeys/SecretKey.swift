internal import CSodium
import Primitives
import Signatures

/// What can sign: a key from a file, or one that an ssh-agent holds.
package protocol Signer: Sendable {
    /// Carries the keyholder's name.
    var publicKey: PublicKey { get }
    /// A signature over `message` that `publicKey` verifies.
    func sign(_ message: [UInt8]) throws -> [UInt8]
}

/// An Ed25519 secret key (RFC 8032) and its holder's name.
package final class SecretKey: Signer {
    package static let seedByteCount = Int(crypto_sign_ed25519_SEEDBYTES)

    package let name: KeyName
    package let publicKey: PublicKey
    /// RFC 8032's secret key, from which all else is made.
    let seed: SecretBytes
    /// Seed and public key, as libsodium signs with it.
    private let expanded: SecretBytes

    /// `seed` must be 32 bytes.
    package init(seed: SecretBytes, name: KeyName) throws {
        guard seed.count == Self.seedByteCount else {
            throw KeyFault(.malformed, found: "\(seed.count) bytes", expected: "a seed of \(Self.seedByteCount) bytes")
        }
        var publicBytes = [UInt8](repeating: 0, count: Ed25519.publicKeyByteCount)
        let expandedCount = Int(crypto_sign_ed25519_SECRETKEYBYTES)
        expanded = try SecretBytes(count: expandedCount) { secret in
            let status = seed.withPointer(to: UInt8.self) { crypto_sign_ed25519_seed_keypair(&publicBytes, secret, $0) }
            guard status == 0 else { throw KeyFault(.memory) }
        }
        guard let publicKey = PublicKey(ed25519: publicBytes, name: name.text) else { throw KeyFault(.memory) }
        self.publicKey = publicKey
        self.name = name
        self.seed = seed
    }

    package static func generate(name: KeyName) throws -> SecretKey {
        try SecretKey(seed: SecretBytes(randomCount: seedByteCount), name: name)
    }

    package func sign(_ message: [UInt8]) throws -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
        let status = expanded.withPointer(to: UInt8.self) { secret in
            crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), secret)
        }
        guard status == 0 else { throw KeyFault(.memory) }
        return signature
    }
}

extension SecretKey: CustomStringConvertible, CustomReflectable {
    package var description: String { "secret key of \(name)" }
    package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}
