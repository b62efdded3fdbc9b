/// Base 64 with padding (RFC 4648, 4), in its one spelling.
///
/// By own arithmetic: FoundationEssentials takes stray bits after the last byte for good, so that one signature would
/// have several texts, and copies more than once on the way.
package enum Base64 {
    private static let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let padding = UInt8(ascii: "=")
    /// In `values`. Digits have six bits.
    private static let noDigit: UInt8 = 0xFF
    /// The value of each character. A table, because no processor guesses the next digit of a signature.
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: noDigit, count: 256)
        for (value, digit) in digits.enumerated() { values[Int(digit)] = UInt8(value) }
        return values
    }()

    package static func encode(_ bytes: [UInt8]) -> String {
        var text: [UInt8] = []
        append(bytes, to: &text)
        return String(decoding: text, as: UTF8.self)
    }

    /// Appends the ASCII text of `bytes`: four characters for each three of them, begun or whole.
    package static func append(_ bytes: [UInt8], to text: inout [UInt8]) {
        let digits = digits
        text.reserveCapacity(text.count + (bytes.count + 2) / 3 * 4)
        var position = 0
        while position < bytes.count {
            let left = bytes.count - position
            let second = left > 1 ? bytes[position + 1] : 0
            let third = left > 2 ? bytes[position + 2] : 0
            let group = Int(bytes[position]) << 16 | Int(second) << 8 | Int(third)
            text.append(digits[group >> 18])
            text.append(digits[group >> 12 & 63])
            text.append(left > 1 ? digits[group >> 6 & 63] : padding)
            text.append(left > 2 ? digits[group & 63] : padding)
            position += 3
        }
    }

    package static func decode(_ text: [UInt8]) -> [UInt8]? { decode(text[...]) }

    /// The bytes, or nil for anything but what `encode` gives: padding is complete, the bits behind the last byte are
    /// zero, and nothing else stands before, between or behind.
    package static func decode(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        guard text.count.isMultiple(of: 4) else { return nil }
        guard text.last == padding else { return groups(text) }
        let last = text.suffix(4)
        guard var tail = tail(last) else { return nil }
        guard var bytes = groups(text.dropLast(4)) else { return nil }
        if last.dropLast().last == padding { tail.removeLast() }
        bytes += tail
        return bytes
    }

    /// Whole groups of four characters, without padding.
    private static func groups(_ text: ArraySlice<UInt8>) -> [UInt8]? {
        let values = values
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count / 4 * 3 + 2)
        var (group, count): (UInt32, Int) = (0, 0)
        var seen: UInt8 = 0
        for character in text {
            let value = values[Int(character)]
            seen |= value
            group = group << 6 | UInt32(value)
            count += 1
            guard count == 4 else { continue }
            bytes.append(UInt8(truncatingIfNeeded: group >> 16))
            bytes.append(UInt8(truncatingIfNeeded: group >> 8))
            bytes.append(UInt8(truncatingIfNeeded: group))
            (group, count) = (0, 0)
        }
        return seen <= 63 ? bytes : nil
    }

    /// The bytes of a last group with padding, two of them, of which the second is zero when only one is meant.
    private static func tail(_ group: ArraySlice<UInt8>) -> [UInt8]? {
        let zero = digits[0]
        let single = group.dropLast().last == padding
        // Read as if it were whole: what the padding stands for is zero, and so are the bits that nobody wants.
        let filled = group.dropLast(single ? 2 : 1) + (single ? [zero, zero] : [zero])
        guard let bytes = groups(ArraySlice(filled)), bytes.count == 3 else { return nil }
        guard bytes[2] == 0, !single || bytes[1] == 0 else { return nil }
        return Array(bytes.dropLast())
    }
}
