/// One step of deflate's LZ77: the next byte as it is, or a copy of what came earlier.
struct Token: Equatable, Sendable {
    static let literal = Token(packed: 0)
    static let lengths = 3...258
    static let distances = 1...32768

    /// Length above, distance in the lower 16 bits; zero for a literal, whose byte is in the data.
    private let packed: UInt32

    private init(packed: UInt32) {
        self.packed = packed
    }

    /// `length` and `distance` are in their ranges.
    @inline(__always)
    init(length: Int, distance: Int) {
        packed = UInt32(truncatingIfNeeded: length) << 16 | UInt32(truncatingIfNeeded: distance)
    }

    @inline(__always) var isLiteral: Bool { packed == 0 }
    /// How many bytes it stands for.
    @inline(__always) var count: Int { packed == 0 ? 1 : Int(packed >> 16) }
    @inline(__always) var distance: Int { Int(packed & 0xFFFF) }
}
