import Primitives

/// Writes the numbers and bytes of headers and plans.
struct NumberWriter {
    private(set) var bytes: [UInt8] = []

    /// `value` is not negative.
    mutating func append(_ value: Int) {
        var rest = UInt64(max(0, value))
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(rest))
    }

    /// `value` is within a quarter of `Int`'s range.
    mutating func append(signed value: Int) {
        append(value < 0 ? -2 * value - 1 : 2 * value)
    }

    mutating func append(byte: UInt8) { bytes.append(byte) }
    mutating func append(_ more: some Sequence<UInt8>) { bytes += more }
}

/// Reads what `NumberWriter` wrote, and nothing else. Throws `PatchFault`.
struct NumberReader {
    private let bytes: [UInt8]
    private(set) var position = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { position == bytes.count }

    mutating func byte() throws(PatchFault) -> UInt8 {
        guard position < bytes.count else { throw PatchFault(.truncated) }
        defer { position += 1 }
        return bytes[position]
    }

    /// Exactly so many bytes.
    mutating func take(_ count: Int) throws(PatchFault) -> [UInt8] {
        guard count >= 0, count <= bytes.count - position else { throw PatchFault(.truncated) }
        defer { position += count }
        return Array(bytes[position..<position + count])
    }

    /// A number of at most 63 bits in its shortest form.
    mutating func number() throws(PatchFault) -> Int {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 63, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7f) << shift
            guard byte < 0x80 else { continue }
            guard byte != 0 || shift == 0 else {
                throw PatchFault(.notCanonical, found: "a number with a zero in front")
            }
            return Int(value)
        }
        throw PatchFault(.malformed, found: "a number of more than 63 bits")
    }

    /// A number in 0...limit.
    mutating func number(atMost limit: Int, _ what: String) throws(PatchFault) -> Int {
        let value = try number()
        guard value <= limit else {
            throw PatchFault(.malformed, found: "\(what) \(value)", expected: "at most \(limit)")
        }
        return value
    }

    mutating func signed() throws(PatchFault) -> Int {
        let value = try number()
        return value & 1 == 0 ? value >> 1 : -(value >> 1) - 1
    }

    /// A number that was written as its difference from `base`, which must lie in `range`.
    mutating func number(from base: Int, in range: ClosedRange<Int>, _ what: String) throws(PatchFault) -> Int {
        let (value, overflow) = base.addingReportingOverflow(try signed())
        guard !overflow, range.contains(value) else {
            throw PatchFault(
                .malformed, found: "\(what) out of range", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }
}
