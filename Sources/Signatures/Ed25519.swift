internal import CSodium

/// Ed25519 verification by libsodium, which also refuses small-order keys and signatures that are not in canonical form.
package enum Ed25519 {
    package static let publicKeyByteCount = Int(crypto_sign_ed25519_PUBLICKEYBYTES)
    package static let signatureByteCount = Int(crypto_sign_ed25519_BYTES)

    package static func isValid(signature: [UInt8], for message: [UInt8], publicKey: [UInt8]) -> Bool {
        guard signature.count == signatureByteCount, publicKey.count == publicKeyByteCount else { return false }
        return crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }
}
