/// Pi in base 2^32, by Machin's formula: pi = 16 arctan(1/5) - 4 arctan(1/239).
///
/// Blowfish begins with these digits, because nobody can have chosen them (Documentation/decisions has why we compute them).
enum Pi {
    private static let guardWords = 2

    /// The first `wordCount` words of 32 bits behind the point.
    static func fraction(wordCount: Int) -> [UInt32] {
        // Columns, not digits: each gathers the digits of all terms, and carries are settled once, at the end.
        var columns = [Int64](repeating: 0, count: 1 + wordCount + guardWords)
        addArctangent(ofOneOver: 5, times: 16, to: &columns)
        addArctangent(ofOneOver: 239, times: -4, to: &columns)
        var carry: Int64 = 0
        var digits: [UInt32] = []
        for column in columns.reversed() {
            let value = column + carry
            digits.append(UInt32(truncatingIfNeeded: value))
            carry = value >> 32
        }
        return Array(digits.reversed()[1...wordCount])
    }

    /// arctan(1/x) = 1/x - 1/3x³ + 1/5x⁵ …
    private static func addArctangent(ofOneOver x: UInt64, times factor: Int64, to columns: inout [Int64]) {
        var power = [UInt64](repeating: 0, count: columns.count)
        power[0] = factor.magnitude
        var sign = factor.signum()
        columns.withUnsafeMutableBufferPointer { columns in
            power.withUnsafeMutableBufferPointer { power in
                var start = divide(power, from: 0, by: x)
                var odd: UInt64 = 1
                while start < power.count {
                    add(power, from: start, over: odd, times: sign, to: columns)
                    start = divide(power, from: start, by: x * x)
                    odd += 2
                    sign = -sign
                }
            }
        }
    }

    /// Divides in place; returns where the first digit stands that is not zero. Written plainly, as Blowfish is.
    private static func divide(_ digits: UnsafeMutableBufferPointer<UInt64>, from start: Int, by divisor: UInt64) -> Int
    {
        var remainder: UInt64 = 0
        var first = digits.count
        var index = start
        while index < digits.count {
            let value = remainder &<< 32 | digits[index]
            digits[index] = value / divisor
            remainder = value % divisor
            if first == digits.count, digits[index] != 0 { first = index }
            index &+= 1
        }
        return first
    }

    private static func add(
        _ digits: UnsafeMutableBufferPointer<UInt64>, from start: Int, over divisor: UInt64, times sign: Int64,
        to columns: UnsafeMutableBufferPointer<Int64>
    ) {
        var remainder: UInt64 = 0
        var index = start
        while index < digits.count {
            let value = remainder &<< 32 | digits[index]
            columns[index] &+= sign &* Int64(value / divisor)
            remainder = value % divisor
            index &+= 1
        }
    }
}
