/// A Huffman code, ready to encode. Codes follow from their lengths (RFC 1951, 3.2.2) and are kept bit-reversed.
struct HuffmanCode {
    let lengths: [UInt8]
    let codes: [UInt16]

    /// `lengths` are at most 15 and not over-subscribed.
    init(_ lengths: [UInt8]) {
        self.lengths = lengths
        var counts = [Int](repeating: 0, count: 16)
        for length in lengths { counts[Int(length & 15)] += 1 }
        counts[0] = 0
        var next = Self.firstCodes(counts)
        codes = lengths.map { length in
            guard length > 0 else { return 0 }
            defer { next[Int(length & 15)] &+= 1 }
            return Self.reversed(next[Int(length & 15)], Int(length))
        }
    }

    static func firstCodes(_ counts: [Int]) -> [UInt16] {
        var code: UInt16 = 0
        var next = [UInt16](repeating: 0, count: 16)
        for length in 1...15 {
            code = (code &+ UInt16(truncatingIfNeeded: counts[length - 1])) &<< 1
            next[length] = code
        }
        return next
    }

    static func reversed(_ code: UInt16, _ length: Int) -> UInt16 {
        var (rest, result): (UInt16, UInt16) = (code, 0)
        for _ in 0..<length {
            result = result << 1 | rest & 1
            rest >>= 1
        }
        return result
    }
}
