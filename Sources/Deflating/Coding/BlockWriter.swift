import Primitives

/// Writes whole blocks.
struct BlockWriter {
    private(set) var bits = BitWriter()

    var bytes: [UInt8] { bits.bytes }

    mutating func begin(_ kind: BlockKind, isLast: Bool) {
        bits.write(isLast ? 1 : 0, 1)
        bits.write(UInt32(kind.rawValue), 2)
    }

    /// A stored block with at most 65,535 bytes, behind `begin`.
    mutating func store(_ bytes: UnsafeBufferPointer<UInt8>) throws(DeflatingFault) {
        guard let count = UInt16(exactly: bytes.count) else {
            throw DeflatingFault(.corruptRecipe, found: "a long stored block")
        }
        bits.align()
        bits.write(UInt32(count), 16)
        bits.write(UInt32(~count), 16)
        bits.append(bytes)
    }

    /// Zeros up to the end of the last byte.
    mutating func finish() { bits.align() }

    mutating func writeHeader(_ codes: DynamicCodes) { codes.writeHeader(to: &bits) }

    /// Bits as they are, the lowest of each byte first.
    mutating func write(_ raw: [UInt8], count: Int) {
        for (index, byte) in raw.enumerated() {
            let width = min(8, count - 8 * index)
            if width > 0 { bits.write(UInt32(byte) & (1 << UInt32(width) - 1), width) }
        }
    }

    /// The tokens of a block whose bytes are `data`, and its end. Both codes must have all symbols that occur.
    mutating func write(
        _ block: borrowing OpenBlock, _ data: UnsafeBufferPointer<UInt8>, _ literals: [UInt8], _ distances: [UInt8]
    ) throws(DeflatingFault) {
        guard Self.covers(literals, block.literals), Self.covers(distances, block.distances) else {
            throw DeflatingFault(.corruptRecipe, found: "a code without a symbol that occurs")
        }
        let (literalCode, distanceCode) = (HuffmanCode(literals), HuffmanCode(distances))
        let lengthTable = Self.lengthTable(literalCode)
        var position = block.start
        for token in block.tokens {
            if token.isLiteral {
                let byte = Int(data[position])
                bits.write(UInt32(literalCode.codes[byte]), Int(literalCode.lengths[byte]))
            } else {
                let (value, width) = lengthTable[token.count &- 3]
                bits.write(value, width)
                write(distance: token.distance, distanceCode)
            }
            position &+= token.count
        }
        bits.write(UInt32(literalCode.codes[Alphabets.endOfBlock]), Int(literalCode.lengths[Alphabets.endOfBlock]))
    }

    @inline(__always)
    private mutating func write(distance: Int, _ code: HuffmanCode) {
        let symbol = Alphabets.symbol(ofDistance: distance)
        let width = Int(code.lengths[symbol])
        let extra = UInt32(truncatingIfNeeded: distance &- Alphabets.distanceBase[symbol])
        bits.write(UInt32(code.codes[symbol]) | extra &<< UInt32(width), width &+ Alphabets.distanceExtra[symbol])
    }

    /// What is written for each length, by length - 3: the code and its extra bits.
    private static func lengthTable(_ code: HuffmanCode) -> [(UInt32, Int)] {
        (3...258).map { length in
            let symbol = Int(Alphabets.symbolOfLength[length - 3])
            guard symbol + 257 < code.lengths.count else { return (0, 0) }
            let width = Int(code.lengths[symbol + 257])
            let extra = UInt32(length - Alphabets.lengthBase[symbol])
            return (UInt32(code.codes[symbol + 257]) | extra << UInt32(width), width + Alphabets.lengthExtra[symbol])
        }
    }

    private static func covers(_ lengths: [UInt8], _ counts: [Int]) -> Bool {
        counts.enumerated().allSatisfy { $1 == 0 || ($0 < lengths.count && lengths[$0] > 0) }
    }
}
