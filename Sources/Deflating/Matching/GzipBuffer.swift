/// What gzip has of the file in its buffer of two windows, from which its behaviour near the end of a file follows.
struct GzipBuffer {
    private static let size = 1 << 16
    private static let window = 1 << 15
    /// With less than that to come, it reads on.
    private static let lookahead = 262

    /// Of the file.
    private let count: Int
    private var readEnd: Int
    private var hasEnded = false
    /// The first byte of the file that is in the buffer.
    private(set) var start = 0

    init(count: Int) {
        self.count = count
        readEnd = min(count, Self.size)
    }

    /// Reads on when `position` needs it. Positions come in rising order.
    @inline(__always)
    mutating func advance(to position: Int) {
        if readEnd &- position < Self.lookahead, !hasEnded { readOn(position) }
    }

    private mutating func readOn(_ position: Int) {
        while readEnd - position < Self.lookahead, !hasEnded {
            if position - start >= Self.size - Self.lookahead { start += Self.window }
            let end = min(count, start + Self.size)
            hasEnded = end == readEnd
            readEnd = end
        }
    }

    /// It looks for no match at the very end of its buffer.
    @inline(__always)
    func mayMatch(at position: Int) -> Bool { position &- start <= Self.size &- Self.lookahead }
}
