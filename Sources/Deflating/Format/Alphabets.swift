/// The alphabets of deflate (RFC 1951, 3.2.5 to 3.2.7).
enum Alphabets {
    static let endOfBlock = 256
    static let literalCount = 286
    static let distanceCount = 30
    static let lengthCodeCount = 19
    static let longestCode = 15
    static let longestLengthCode = 7
    /// In the fixed code there are symbols that never occur.
    static let fixedLiteralCount = 288

    /// Extra bits of symbols 257 and up.
    static let lengthExtra: [Int] = [
        0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0,
    ]
    static let distanceExtra: [Int] = (0..<distanceCount).map { max(0, $0 / 2 - 1) }
    static let lengthCodeExtra: [Int] = (0..<lengthCodeCount).map { $0 == 16 ? 2 : $0 == 17 ? 3 : $0 == 18 ? 7 : 0 }
    /// In which order the lengths of the length code are sent.
    static let lengthCodeOrder = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    /// The smallest length of symbols 257 and up. 258 has a symbol of its own.
    static let lengthBase: [Int] = {
        var bases = running(from: 3, lengthExtra)
        bases[28] = 258
        return bases
    }()
    static let distanceBase: [Int] = running(from: 1, distanceExtra)

    /// Which of symbols 257 and up stands for a length, by length - 3.
    static let symbolOfLength: [UInt8] = {
        var symbols = [UInt8](repeating: 0, count: 256)
        for symbol in 0..<28 {
            for length in lengthBase[symbol]..<(lengthBase[symbol] + 1 << lengthExtra[symbol]) where length < 258 {
                symbols[length - 3] = UInt8(symbol)
            }
        }
        symbols[255] = 28
        return symbols
    }()

    /// The distance symbol of `distance`, which is 1 to 32768.
    @inline(__always)
    static func symbol(ofDistance distance: Int) -> Int {
        let rest = distance - 1
        guard rest >= 4 else { return rest }
        let top = Int.bitWidth - 1 - rest.leadingZeroBitCount
        return 2 * top + (rest >> (top - 1) & 1)
    }

    static let fixedLiteralLengths: [UInt8] = (0..<fixedLiteralCount).map {
        $0 < 144 ? 8 : $0 < 256 ? 9 : $0 < 280 ? 7 : 8
    }
    /// Thirty of them mean something.
    static let fixedDistanceLengths = [UInt8](repeating: 5, count: 32)

    private static func running(from first: Int, _ extra: [Int]) -> [Int] {
        var next = first
        return extra.map { bits in
            defer { next += 1 << bits }
            return next
        }
    }
}
