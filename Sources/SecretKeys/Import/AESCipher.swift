internal import CCrypto
import Primitives

/// The ciphers that OpenSSH encrypts key files with, by its names; aes256-ctr is its default.
///
/// libcrypto keeps the cipher's expanded key on the ordinary heap, and wipes it when it is done.
enum AESCipher: String, CaseIterable {
    case aes256Counter = "aes256-ctr"
    case aes192Counter = "aes192-ctr"
    case aes128Counter = "aes128-ctr"
    case aes256Chained = "aes256-cbc"
    case aes192Chained = "aes192-cbc"
    case aes128Chained = "aes128-cbc"

    static let blockByteCount = 16

    var keyByteCount: Int {
        switch self {
        case .aes256Counter, .aes256Chained: 32
        case .aes192Counter, .aes192Chained: 24
        case .aes128Counter, .aes128Chained: 16
        }
    }

    private var algorithm: OpaquePointer? {
        switch self {
        case .aes256Counter: EVP_aes_256_ctr()
        case .aes192Counter: EVP_aes_192_ctr()
        case .aes128Counter: EVP_aes_128_ctr()
        case .aes256Chained: EVP_aes_256_cbc()
        case .aes192Chained: EVP_aes_192_cbc()
        case .aes128Chained: EVP_aes_128_cbc()
        }
    }

    /// `sealed` is of whole blocks, and `keyAndIV` of `keyByteCount + blockByteCount` bytes. Nothing is authenticated.
    func decrypt(_ sealed: SecretBytes, keyAndIV: SecretBytes) throws -> SecretBytes {
        guard let context = EVP_CIPHER_CTX_new() else { throw KeyFault(.memory) }
        defer {
            EVP_CIPHER_CTX_free(context)
            ERR_clear_error()
        }
        guard keyAndIV.count == keyByteCount + Self.blockByteCount, let length = Int32(exactly: sealed.count) else {
            throw KeyFault(.malformed, found: "\(sealed.count) secret bytes")
        }
        let isReady = keyAndIV.withPointer(to: UInt8.self) {
            EVP_DecryptInit_ex(context, algorithm, nil, $0, $0 + keyByteCount) == 1
                && EVP_CIPHER_CTX_set_padding(context, 0) == 1
        }
        guard isReady else { throw KeyFault(.memory) }
        return try SecretBytes(count: sealed.count) { opened in
            var (count, rest): (Int32, Int32) = (0, 0)
            let isDone = sealed.withPointer(to: UInt8.self) {
                EVP_DecryptUpdate(context, opened, &count, $0, length) == 1 && count == length
                    && EVP_DecryptFinal_ex(context, opened + Int(count), &rest) == 1 && rest == 0
            }
            guard isDone else { throw KeyFault(.malformed, found: "\(sealed.count) secret bytes") }
        }
    }
}
