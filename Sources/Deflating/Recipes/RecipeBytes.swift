import Primitives

/// Writes the numbers that recipes consist of.
struct RecipeWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(byte: Int) { bytes.append(UInt8(truncatingIfNeeded: byte)) }

    /// Seven bits in each byte, the lowest first; the highest bit says that another byte follows. Not negative.
    mutating func write(_ number: Int) {
        var rest = UInt(bitPattern: number)
        while rest > 0x7F {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        bytes.append(UInt8(truncatingIfNeeded: rest))
    }

    mutating func write(raw: [UInt8]) { bytes += raw }
}

/// Reads them, each in its one spelling.
struct RecipeReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    var isAtEnd: Bool { rest.isEmpty }
    var bytesLeft: Int { rest.count }

    mutating func byte() throws(DeflatingFault) -> Int {
        guard let byte = rest.popFirst() else { throw DeflatingFault(.corruptRecipe, found: "its end") }
        return Int(byte)
    }

    /// A number up to `limit`, which is below 2^56.
    mutating func number(upTo limit: Int) throws(DeflatingFault) -> Int {
        var (value, shift) = (0, 0)
        while true {
            let byte = try byte()
            value |= (byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                guard byte != 0 || shift == 0 else {
                    throw DeflatingFault(.corruptRecipe, found: "a number with zeros in front")
                }
                break
            }
            shift += 7
            guard shift < 56 else { throw DeflatingFault(.corruptRecipe, found: "a number without an end") }
        }
        guard value <= limit else {
            throw DeflatingFault(.corruptRecipe, found: "\(value)", expected: "\(limit) at most")
        }
        return value
    }

    mutating func raw(_ count: Int) throws(DeflatingFault) -> [UInt8] {
        guard count <= rest.count else { throw DeflatingFault(.corruptRecipe, found: "its end") }
        defer { rest = rest.dropFirst(count) }
        return Array(rest.prefix(count))
    }
}
