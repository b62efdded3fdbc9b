internal import CSodium

/// BLAKE2b-512 over a stream (RFC 7693, no key): what minisign signs of a file. Not for use from two threads at once.
package final class BLAKE2bHasher {
    package static let byteCount = 64
    /// libsodium wants it on such a boundary, which neither an array nor a variable promises.
    private static let alignment = 64

    private let memory: UnsafeMutableRawPointer
    private var state: OpaquePointer { OpaquePointer(memory) }

    package init() {
        // Chooses the implementation for this processor; any number of calls is one call.
        precondition(sodium_init() >= 0, "libsodium cannot start")
        memory = UnsafeMutableRawPointer.allocate(
            byteCount: crypto_generichash_blake2b_statebytes(), alignment: Self.alignment)
        start()
    }

    deinit {
        memory.deallocate()
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        let bytes = bytes.assumingMemoryBound(to: UInt8.self)
        precondition(crypto_generichash_blake2b_update(state, bytes.baseAddress, UInt64(bytes.count)) == 0)
    }

    /// The hash of all bytes so far; then starts anew.
    package func finish() -> [UInt8] {
        var output = [UInt8](repeating: 0, count: Self.byteCount)
        precondition(crypto_generichash_blake2b_final(state, &output, output.count) == 0)
        start()
        return output
    }

    /// Of bytes in memory.
    package static func digest(of bytes: [UInt8]) -> [UInt8] {
        let hasher = BLAKE2bHasher()
        bytes.withUnsafeBytes { hasher.update($0) }
        return hasher.finish()
    }

    private func start() {
        // Fails only for lengths that libsodium does not know; no input can cause it.
        precondition(crypto_generichash_blake2b_init(state, nil, 0, Self.byteCount) == 0)
    }
}
