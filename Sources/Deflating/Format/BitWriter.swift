/// Writes bits, lowest first.
struct BitWriter {
    private(set) var bytes: [UInt8] = []
    private var buffer: UInt64 = 0
    private var count = 0

    /// Bits written so far.
    var bitCount: Int { bytes.count * 8 + count }

    /// The lower `width` bits of `value`, which has no others; at most 32.
    @inline(__always)
    mutating func write(_ value: UInt32, _ width: Int) {
        buffer |= UInt64(value) &<< UInt64(truncatingIfNeeded: count)
        count &+= width
        if count >= 32 {
            withUnsafeBytes(of: UInt32(truncatingIfNeeded: buffer).littleEndian) { bytes.append(contentsOf: $0) }
            buffer &>>= 32
            count &-= 32
        }
    }

    /// Zeros up to the next whole byte.
    mutating func align() {
        while count > 0 {
            bytes.append(UInt8(truncatingIfNeeded: buffer))
            buffer >>= 8
            count -= 8
        }
        (buffer, count) = (0, 0)
    }

    /// Bytes as they are. At a whole byte only.
    mutating func append(_ more: UnsafeBufferPointer<UInt8>) {
        align()
        bytes.append(contentsOf: more)
    }
}
