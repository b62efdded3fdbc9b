import Primitives

/// A SHA-256 digest: 32 bytes.
package struct Digest: Hashable, Sendable {
    package static let byteCount = 32

    package let bytes: [UInt8]

    /// Nil unless `bytes` are 32.
    package init?(bytes: [UInt8]) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = bytes
    }

    /// From lower-case hexadecimal text: the one accepted spelling.
    package init?(hex: ByteString) {
        guard hex.count == 2 * Self.byteCount,
            !hex.bytes.contains(where: { UInt8(ascii: "A")...UInt8(ascii: "F") ~= $0 }),
            let bytes = Hex.decode(hex.bytes)
        else { return nil }
        self.init(bytes: bytes)
    }

    fileprivate init(unchecked bytes: [UInt8]) {
        self.bytes = bytes
    }

    package static func sha256(of bytes: [UInt8]) -> Digest {
        let hasher = SHA256Hasher()
        hasher.update(bytes)
        return hasher.finish()
    }

    package var hex: String { Hex.encode(bytes) }
}

extension Digest: CustomStringConvertible {
    package var description: String { hex }
}

/// SHA-256 over a stream. Not for use from two threads at once.
package final class SHA256Hasher {
    private let state = MessageDigest(.sha256)

    package init() {}

    package func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { state.update($0) }
    }

    package func update(_ bytes: UnsafeRawBufferPointer) {
        state.update(bytes)
    }

    /// The digest of all bytes so far; the hasher starts anew.
    package func finish() -> Digest { Digest(unchecked: state.finish()) }
}
