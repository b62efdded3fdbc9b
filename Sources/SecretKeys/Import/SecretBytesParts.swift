internal import CSodium
import Primitives

extension SecretBytes {
    /// A copy, from one locked place to another.
    convenience init(copying bytes: UnsafeRawBufferPointer) throws {
        try self.init(capacity: bytes.count) { buffer in
            buffer.copyMemory(from: bytes)
            return bytes.count
        }
    }

    /// `bytes` with the key stream `stream` taken off: what a stream cipher does. As long as `stream`.
    convenience init(_ bytes: UnsafeRawBufferPointer, xor stream: SecretBytes) throws {
        guard bytes.count == stream.count else { throw KeyFault(.malformed, found: "an early end") }
        try self.init(copying: bytes) { buffer in
            stream.withUnsafeBytes { stream in
                for index in stream.indices { buffer[index] ^= stream[index] }
            }
        }
    }

    private convenience init(
        copying bytes: UnsafeRawBufferPointer, change: (UnsafeMutableRawBufferPointer) -> Void
    ) throws {
        try self.init(capacity: bytes.count) { buffer in
            buffer.copyMemory(from: bytes)
            change(buffer)
            return bytes.count
        }
    }

    /// Locked room for `body` to work in, wiped afterwards.
    static func withScratch(byteCount: Int, _ body: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        _ = try SecretBytes(capacity: byteCount) { buffer in
            try body(buffer)
            return 0
        }
    }
}

/// Whether two pieces are equal, in a time that says nothing about where they differ.
func isEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return true }
    return sodium_memcmp(leftStart, rightStart, left.count) == 0
}
