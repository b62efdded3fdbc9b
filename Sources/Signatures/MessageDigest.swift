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
    private let byteCount: Int
    private let algorithm: OpaquePointer?
    private let context: OpaquePointer?
    /// Whether the context is set up for the next hash: not before there is one, since that is half of a short hash's cost.
    private var isStarted = false

    package init(_ algorithm: HashAlgorithm) {
        self.algorithm =
            switch algorithm {
            case .sha256: EVP_sha256()
            case .sha512: EVP_sha512()
            }
        byteCount = algorithm.byteCount
        context = EVP_MD_CTX_new()
    }

    deinit {
        EVP_MD_CTX_free(context)
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        startIfNeeded()
        // A null address with no bytes is what an empty array gives; libcrypto takes it.
        precondition(EVP_DigestUpdate(context, bytes.baseAddress, bytes.count) == 1, "libcrypto cannot hash")
    }

    /// The hash of all bytes so far; then starts anew.
    package func finish() -> [UInt8] {
        startIfNeeded()
        isStarted = false
        return [UInt8](unsafeUninitializedCapacity: byteCount) { output, count in
            var length: UInt32 = 0
            precondition(
                EVP_DigestFinal_ex(context, output.baseAddress, &length) == 1 && Int(length) == byteCount,
                "libcrypto cannot hash")
            count = byteCount
        }
    }

    private func startIfNeeded() {
        guard !isStarted else { return }
        // Fails only when libcrypto cannot allocate or lacks SHA-2: no input can cause it, and no work is safe without.
        precondition(EVP_DigestInit_ex(context, algorithm, nil) == 1, "libcrypto cannot hash")
        isStarted = true
    }
}
