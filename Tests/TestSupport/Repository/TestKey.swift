internal import CSodium
import Primitives
import Signatures

/// An Ed25519 key made from its name: the same in every run, worth nothing outside tests.
package struct TestKey: Hashable, Sendable {
    package let name: String
    package let publicKey: PublicKey
    private let secret: [UInt8]

    package init(_ name: String) {
        var publicBytes = [UInt8](repeating: 0, count: Ed25519.publicKeyByteCount)
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_ed25519_SECRETKEYBYTES))
        let seed = Digest.sha256(of: Array("sceau test key \(name)".utf8)).bytes
        _ = crypto_sign_ed25519_seed_keypair(&publicBytes, &secret, seed)
        guard let key = PublicKey(ed25519: publicBytes, name: ByteString(name)) else {
            preconditionFailure("libsodium made a public key of another length")
        }
        self.name = name
        self.secret = secret
        publicKey = key
    }

    package var keyID: KeyID { publicKey.computedID }
    /// For key files: what libsodium calls the secret key, 64 bytes.
    package var secretBytes: [UInt8] { secret }

    package func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Ed25519.signatureByteCount)
        _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }
}
