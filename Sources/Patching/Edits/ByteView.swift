/// Bytes in memory that may be anything: a read outside of them gives 0, a write outside does nothing.
///
/// Encoder and decoder read the same bytes at the same places, so whatever a hostile file makes of such a read, both sides
/// make the same of it. Numbers are little-endian, as in the files that references are predicted in. Valid as long as the
/// memory it was made of.
struct ByteView {
    private let buffer: UnsafeBufferPointer<UInt8>
    let count: Int

    init(_ buffer: UnsafeBufferPointer<UInt8>) {
        self.buffer = buffer
        count = buffer.baseAddress == nil ? 0 : buffer.count
    }

    /// Of bytes that have been counted: there is no base where there are none.
    @inline(__always)
    var base: UnsafePointer<UInt8> { buffer.baseAddress.unsafelyUnwrapped }

    @inline(__always)
    private func holds(_ width: Int, at offset: Int) -> Bool { offset >= 0 && offset <= count &- width }

    @inline(__always)
    subscript(offset: Int) -> UInt8 { holds(1, at: offset) ? base[offset] : 0 }

    @inline(__always)
    func u16(_ offset: Int) -> Int {
        holds(2, at: offset) ? Int(UnsafeRawPointer(base + offset).loadUnaligned(as: UInt16.self).littleEndian) : 0
    }

    @inline(__always)
    func u32(_ offset: Int) -> UInt32 {
        holds(4, at: offset) ? UnsafeRawPointer(base + offset).loadUnaligned(as: UInt32.self).littleEndian : 0
    }

    @inline(__always)
    func i32(_ offset: Int) -> Int { Int(Int32(bitPattern: u32(offset))) }

    @inline(__always)
    func u64(_ offset: Int) -> UInt64 {
        holds(8, at: offset) ? UnsafeRawPointer(base + offset).loadUnaligned(as: UInt64.self).littleEndian : 0
    }

    @inline(__always)
    func i64(_ offset: Int) -> Int { Int(truncatingIfNeeded: u64(offset)) }

    /// Eight bytes, as if zeros followed the last one.
    @inline(__always)
    func word(_ offset: Int) -> UInt64 {
        if holds(8, at: offset) { return u64(offset) }
        return (0..<8).reduce(0) { $0 | UInt64(self[offset &+ $1]) << UInt64($1 &* 8) }
    }

    /// Where the first zero byte from `start` is, or `end`.
    func firstZero(from start: Int, to end: Int) -> Int {
        var place = start
        while place < end {
            let word = word(place)
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            if zeros != 0 { return min(place &+ zeros.trailingZeroBitCount >> 3, end) }
            place &+= 8
        }
        return end
    }

    /// How many bytes are equal from `offset` here and from `other` in `view`, at most `limit`.
    @inline(__always)
    func commonLength(at offset: Int, _ view: ByteView, at other: Int, limit: Int) -> Int {
        let end = min(limit, min(count &- offset, view.count &- other))
        guard offset >= 0, other >= 0, end > 0 else { return 0 }
        let left = UnsafeRawPointer(base + offset)
        let right = UnsafeRawPointer(view.base + other)
        var length = 0
        while length &+ 8 <= end {
            let difference =
                left.loadUnaligned(fromByteOffset: length, as: UInt64.self)
                ^ right.loadUnaligned(fromByteOffset: length, as: UInt64.self)
            if difference != 0 { return length &+ difference.littleEndian.trailingZeroBitCount >> 3 }
            length &+= 8
        }
        while length < end, base[offset &+ length] == view.base[other &+ length] { length &+= 1 }
        return length
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    @inline(__always)
    func store(_ value: Int, width: Int, at offset: Int) {
        guard let base = baseAddress, offset >= 0, offset <= count &- width else { return }
        let place = UnsafeMutableRawPointer(base + offset)
        if width == 8 {
            place.storeBytes(of: UInt64(truncatingIfNeeded: value).littleEndian, as: UInt64.self)
        } else {
            place.storeBytes(of: UInt32(truncatingIfNeeded: value).littleEndian, as: UInt32.self)
        }
    }
}
