import Primitives

/// LZMA's range decoder over a stream whose first byte is left out and whose end zeros continue.
struct RangeDecoder {
    private static let bufferBytes = 64 << 10
    private static let top: UInt32 = 1 << 24
    private static let bits: UInt32 = 11
    private static let moveBits: UInt16 = 5

    private let source: PackedPiece.Reader
    private let buffer: UnsafeMutableRawBufferPointer
    private var position = 0
    private var filled = 0
    private var isAtEnd = false
    private var range: UInt32 = .max
    private var code: UInt32 = 0

    /// `buffer` is the caller's, of any size, for as long as this is used.
    init(_ buffer: UnsafeMutableRawBufferPointer, source: @escaping PackedPiece.Reader) throws {
        (self.buffer, self.source) = (buffer, source)
        for _ in 0..<4 { code = code << 8 | UInt32(try nextByte()) }
    }

    private mutating func nextByte() throws -> UInt8 {
        if position == filled { try refill() }
        defer { position += 1 }
        return buffer[position]
    }

    private mutating func refill() throws {
        guard !isAtEnd else { throw PatchFault(.truncated) }
        (position, filled) = (0, min(try source(buffer), buffer.count))
        guard filled <= 0 else { return }
        isAtEnd = true
        filled = min(Packing.maximumTrailingZeros, buffer.count)
        for index in 0..<filled { buffer[index] = 0 }
    }

    /// Throws when packed bytes are left.
    mutating func finish() throws {
        if isAtEnd { return }
        guard position == filled, try source(buffer) == 0 else { throw PatchFault(.leftover) }
    }

    @inline(__always)
    private mutating func normalize() throws {
        guard range < Self.top else { return }
        range <<= 8
        code = code << 8 | UInt32(try nextByte())
    }

    @inline(__always)
    mutating func bit(_ probability: UnsafeMutablePointer<UInt16>) throws -> Int {
        try normalize()
        let value = probability.pointee
        let bound = (range >> Self.bits) &* UInt32(value)
        if code < bound {
            range = bound
            probability.pointee = value &+ ((1 << UInt16(Self.bits)) &- value) >> Self.moveBits
            return 0
        }
        range &-= bound
        code &-= bound
        probability.pointee = value &- value >> Self.moveBits
        return 1
    }

    /// The highest bit first.
    @inline(__always)
    mutating func tree(_ probabilities: UnsafeMutablePointer<UInt16>, bits: Int) throws -> Int {
        var symbol = 1
        for _ in 0..<bits { symbol = symbol << 1 | (try bit(probabilities + symbol)) }
        return symbol &- 1 << bits
    }

    /// The lowest bit first.
    mutating func reverseTree(_ probabilities: UnsafeMutablePointer<UInt16>, bits: Int) throws -> Int {
        var (symbol, value) = (1, 0)
        for index in 0..<bits {
            let bit = try bit(probabilities + symbol)
            symbol = symbol << 1 | bit
            value |= bit << index
        }
        return value
    }

    /// Bits that are as likely 0 as 1.
    mutating func direct(_ count: Int) throws -> Int {
        var value = 0
        for _ in 0..<count {
            try normalize()
            range >>= 1
            let bit = code >= range
            if bit { code &-= range }
            value = value << 1 | (bit ? 1 : 0)
        }
        return value
    }
}
