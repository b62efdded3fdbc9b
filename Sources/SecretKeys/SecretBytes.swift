internal import CSodium
import Primitives

/// Bytes that must not leak: locked into memory where the system allows it, between guard pages, kept out of core
/// files, wiped when released, read-only in between. Printing or comparing shows nothing of them.
///
/// `@unchecked Sendable`: the memory is written only before `init` returns, and then read-only until `deinit`.
package final class SecretBytes: @unchecked Sendable {
    package let count: Int
    private let memory: UnsafeMutableRawPointer

    /// Takes what `fill` puts at the beginning of a buffer of `capacity` bytes; `fill` returns how many those are.
    package init(capacity: Int, filling fill: (UnsafeMutableRawBufferPointer) throws -> Int) throws {
        // Any number of calls is one call; without it libsodium has neither random bytes nor guard values.
        guard sodium_init() >= 0, capacity >= 0, let memory = sodium_malloc(max(1, capacity)) else {
            throw KeyFault(.memory)
        }
        let buffer = UnsafeMutableRawBufferPointer(start: memory, count: capacity)
        do {
            let filled = try fill(buffer)
            precondition(0...capacity ~= filled, "more bytes than there is room for")
            count = filled
        } catch {
            sodium_free(memory)
            throw error
        }
        sodium_mprotect_readonly(memory)
        self.memory = memory
    }

    /// A copy. The array is the caller's to forget; prefer to fill in place.
    package convenience init(copying bytes: [UInt8]) throws {
        try self.init(capacity: bytes.count) { buffer in
            buffer.copyBytes(from: bytes)
            return bytes.count
        }
    }

    /// Random bytes from the system.
    package convenience init(randomCount count: Int) throws {
        try self.init(count: count) { randombytes_buf($0, count) }
    }

    /// For C functions that write exactly `count` bytes.
    convenience init(count: Int, fill: (UnsafeMutablePointer<UInt8>) throws -> Void) throws {
        try self.init(capacity: count) { buffer in
            guard let start = buffer.bindMemory(to: UInt8.self).baseAddress else { throw KeyFault(.memory) }
            try fill(start)
            return count
        }
    }

    deinit {
        sodium_free(memory)
    }

    /// The bytes, valid only during the call.
    package func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: memory, count: count))
    }

    /// For C functions.
    func withPointer<Element, Result>(to type: Element.Type, _ body: (UnsafePointer<Element>) -> Result) -> Result {
        body(UnsafePointer(memory.assumingMemoryBound(to: type)))
    }

    /// Whether the bytes are equal, in a time that says nothing about where they differ.
    package func isEqual(to other: SecretBytes) -> Bool {
        count == other.count && sodium_memcmp(memory, other.memory, count) == 0
    }
}

extension SecretBytes: CustomStringConvertible, CustomReflectable {
    package var description: String { "secret bytes" }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
