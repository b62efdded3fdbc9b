import Primitives

/// Reads the fields of a binary format one after another, where they lie: nothing is copied.
///
/// Every length is checked against what is left. No fault shows a byte: the file may hold a secret.
struct SecretCursor {
    private var rest: UnsafeRawBufferPointer

    /// Valid as long as `bytes` is.
    init(_ bytes: UnsafeRawBufferPointer) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }
    var remaining: Int { rest.count }

    /// The next `count` bytes.
    mutating func take(_ count: Int) throws(KeyFault) -> UnsafeRawBufferPointer {
        guard 0...rest.count ~= count else { throw KeyFault(.malformed, found: "an early end") }
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    /// Goes past `bytes` and says true, or stays and says false.
    mutating func skip(_ bytes: some Collection<UInt8>) -> Bool {
        guard rest.starts(with: bytes) else { return false }
        rest = UnsafeRawBufferPointer(rebasing: rest[bytes.count...])
        return true
    }

    /// Most significant byte first.
    mutating func uint32() throws(KeyFault) -> UInt32 {
        try take(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// Least significant byte first.
    mutating func littleEndianUInt64() throws(KeyFault) -> UInt64 {
        try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// SSH's string (RFC 4251, section 5): its length, then so many bytes.
    mutating func string() throws(KeyFault) -> UnsafeRawBufferPointer {
        try take(Int(uint32()))
    }

    func checkAtEnd() throws(KeyFault) {
        guard isAtEnd else { throw KeyFault(.malformed, found: "bytes behind the end") }
    }
}
