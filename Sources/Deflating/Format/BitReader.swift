import Primitives

/// Reads bits, lowest first (RFC 1951, 3.1.1), and knows how many there really were.
struct BitReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    /// The next byte that is not in `buffer`.
    private var position: Int
    private var buffer: UInt64 = 0
    /// Bits in `buffer` that came from `bytes`.
    private var available = 0

    /// `bytes` must outlive the reader.
    init(_ bytes: UnsafeBufferPointer<UInt8>, from position: Int = 0) {
        self.bytes = bytes
        self.position = position
    }

    /// Bits read so far, counted from the beginning of `bytes`.
    var bitPosition: Int { position * 8 - available }

    /// Has 56 bits ready, or all that are left.
    @inline(__always)
    mutating func refill() {
        if position &+ 8 <= bytes.count {
            // In bounds by the line above.
            let word = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped).loadUnaligned(
                fromByteOffset: position, as: UInt64.self)
            buffer |= UInt64(littleEndian: word) &<< UInt64(truncatingIfNeeded: available)
            let taken = (63 &- available) &>> 3
            position &+= taken
            available &+= taken &* 8
        } else {
            refillSlowly()
        }
    }

    private mutating func refillSlowly() {
        while available <= 56, position < bytes.count {
            buffer |= UInt64(bytes[position]) << UInt64(available)
            position += 1
            available += 8
        }
    }

    /// The next bits, zeros behind the last. Valid up to 56 after `refill`.
    @inline(__always)
    func peek(_ count: Int) -> Int {
        Int(truncatingIfNeeded: buffer & ((1 &<< UInt64(truncatingIfNeeded: count)) &- 1))
    }

    /// Drops bits that were peeked at; false when there were not that many.
    @inline(__always)
    mutating func drop(_ count: Int) -> Bool {
        guard count <= available else { return false }
        buffer &>>= UInt64(truncatingIfNeeded: count)
        available &-= count
        return true
    }

    /// The next `count` bits, at most 32.
    mutating func read(_ count: Int) throws(DeflatingFault) -> Int {
        refill()
        let value = peek(count)
        guard drop(count) else { throw DeflatingFault(.truncated) }
        return value
    }

    /// Goes on at the next whole byte. The bits between must be zero: we would not write them again otherwise.
    mutating func align() throws(DeflatingFault) {
        guard try read(available & 7) == 0 else {
            throw DeflatingFault(.corruptStream, found: "padding that is not zero")
        }
    }

    /// Whole bytes that are left. At a whole byte only.
    var bytesLeft: Int { bytes.count - position + available / 8 }

    /// The next `count` bytes as they are. At a whole byte only.
    mutating func bytes(_ count: Int) throws(DeflatingFault) -> UnsafeBufferPointer<UInt8> {
        let start = position - available / 8
        guard count <= bytes.count - start else { throw DeflatingFault(.truncated) }
        position = start + count
        (buffer, available) = (0, 0)
        return UnsafeBufferPointer(rebasing: bytes[start..<position])
    }
}
