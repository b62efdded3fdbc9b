internal import CCrypto

/// A public key held by libcrypto, for the two kinds of key that only libcrypto verifies.
final class OpenSSLKey {
    private static let maximumPEMByteCount = 16 << 10
    private static let rsaBits = 2048...16384
    private static let p256GroupName = "prime256v1"

    private let key: OpaquePointer

    /// Nil unless `pem` is one PEM public key (SubjectPublicKeyInfo).
    init?(pem: [UInt8]) {
        guard pem.count <= Self.maximumPEMByteCount else { return nil }
        let key: OpaquePointer? = pem.withUnsafeBytes { buffer in
            guard let input = BIO_new_mem_buf(buffer.baseAddress, Int32(buffer.count)) else { return nil }
            defer { BIO_free(input) }
            // Given no function to ask for a passphrase, libcrypto asks on the terminal, and waits: a key is not worth that.
            return PEM_read_bio_PUBKEY(input, nil, { _, _, _, _ in -1 }, nil)
        }
        // A refused key leaves a line in this thread's error queue, which nobody else should find.
        ERR_clear_error()
        guard let key else { return nil }
        self.key = key
        // One key has one DER, however its PEM writes curve and point. Other kinds of keys have no such choice.
        if EVP_PKEY_get_base_id(key) == EVP_PKEY_EC {
            EVP_PKEY_set_utf8_string_param(key, OSSL_PKEY_PARAM_EC_ENCODING, OSSL_PKEY_EC_ENCODING_GROUP)
            EVP_PKEY_set_utf8_string_param(
                key, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT, OSSL_PKEY_EC_POINT_CONVERSION_FORMAT_UNCOMPRESSED)
        }
    }

    deinit {
        EVP_PKEY_free(key)
    }

    /// DER of the SubjectPublicKeyInfo: equal for equal keys, however their PEM text is laid out.
    var encoded: [UInt8]? {
        let length = i2d_PUBKEY(key, nil)
        guard length > 0 else { return nil }
        var output = [UInt8](repeating: 0, count: Int(length))
        let written = output.withUnsafeMutableBufferPointer { buffer -> Int32 in
            var cursor = buffer.baseAddress
            return i2d_PUBKEY(key, &cursor)
        }
        return written == length ? output : nil
    }

    /// ECDSA over SHA-256 on P-256; the signature is DER.
    func isValidP256(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_EC, groupName == Self.p256GroupName else { return false }
        return verify(signature, message) { _ in true }
    }

    /// RSASSA-PSS over SHA-256 with MGF1-SHA256 and a salt of any length.
    func isValidPSS(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA, Self.rsaBits.contains(Int(EVP_PKEY_get_bits(key))) else {
            return false
        }
        return verify(signature, message) { context in
            EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1
                && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha256()) == 1
                && EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_AUTO) == 1
        }
    }

    private var groupName: String? {
        var name = [CChar](repeating: 0, count: 64)
        var length = 0
        guard EVP_PKEY_get_group_name(key, &name, name.count, &length) == 1, length < name.count else { return nil }
        return String(decoding: name.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private func verify(
        _ signature: [UInt8], _ message: [UInt8], configure: (OpaquePointer?) -> Bool
    ) -> Bool {
        guard let context = EVP_MD_CTX_new() else { return false }
        defer {
            EVP_MD_CTX_free(context)
            ERR_clear_error()
        }
        var parameters: OpaquePointer?
        guard EVP_DigestVerifyInit(context, &parameters, EVP_sha256(), nil, key) == 1, configure(parameters) else {
            return false
        }
        return EVP_DigestVerify(context, signature, signature.count, message, message.count) == 1
    }
}
