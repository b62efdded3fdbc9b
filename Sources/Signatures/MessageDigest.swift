internal import CCrypto

/// The hash functions TUF metadata may name (4.1); names of others are unknown to us and prove nothing.
package enum HashAlgorithm: String, CaseIterable, Sendable {
    case sha256
    case sha512

    /// Bytes of a digest.
    package var byteCount: Int {
        switch self {
        case .sha256: 32
        case .sha512: 64
        }
    }

    package func digest(of bytes: [UInt8]) -> [UInt8] {
        let state = MessageDigest(self)
        bytes.withUnsafeBytes { state.update($0) }
        return state.finish()
    }
}

/// An incremental hash on libcrypto, which uses the processor's SHA instructions; libsodium's does not.
package final class MessageDigest {
    private let algorithm: OpaquePointer?
    private let context: OpaquePointer?

    package init(_ algorithm: HashAlgorithm) {
        self.algorithm =
            switch algorithm {
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            }
        context = EVP_MD_CTX_new()
        start()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        // A null address with no bytes is what an empty array gives; libcrypto takes it.
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto cannot hash")
    }

    /// The hash of all bytes so far; then starts anew.
    package func finish() -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Int(EVP_MAX_MD_SIZE))
        var length: UInt32 = 0
        precondition(EVP_DigestFinal_ex(context, &output, &length) == 1, "libcrypto cannot hash")
        start()
        return Array(output.prefix(Int(length)))
    }

    private func start() {
        // Fails only when libcrypto cannot allocate or lacks SHA-2: no input can cause it, and no work is safe without.
        precondition(EVP_DigestInit_ex(context, algorithm, nil) == 1, "libcrypto cannot hash")
    }
}
