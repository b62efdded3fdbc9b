import Primitives

/// The two codes of a dynamic block (RFC 1951, 3.2.7).
struct BlockHeader {
    let literals: [UInt8]
    let distances: [UInt8]

    static let fixed = BlockHeader(literals: Alphabets.fixedLiteralLengths, distances: Alphabets.fixedDistanceLengths)

    private init(literals: [UInt8], distances: [UInt8]) {
        self.literals = literals
        self.distances = distances
    }

    /// Reads what follows the three bits that say that a block is dynamic.
    init(from reader: inout BitReader) throws(DeflatingFault) {
        let literalCount = try reader.read(5) + 257
        let distanceCount = try reader.read(5) + 1
        guard literalCount <= Alphabets.literalCount, distanceCount <= Alphabets.distanceCount else {
            throw DeflatingFault(.corruptStream, found: "\(literalCount) and \(distanceCount) code lengths")
        }
        var orders = [UInt8](repeating: 0, count: Alphabets.lengthCodeCount)
        for index in 0..<(try reader.read(4) + 4) {
            orders[Alphabets.lengthCodeOrder[index]] = UInt8(try reader.read(3))
        }
        let table = try DecodingTable(orders, symbols: DecodingTable.numbers)
        let all = try Self.lengths(literalCount + distanceCount, table, &reader)
        literals = Array(all[..<literalCount])
        distances = Array(all[literalCount...])
        guard literals[Alphabets.endOfBlock] > 0 else {
            throw DeflatingFault(.corruptStream, found: "a block without an end")
        }
    }

    /// A header alone: all of its bits, and nothing else.
    init(_ bytes: [UInt8], bitCount: Int) throws(DeflatingFault) {
        self = try bytes.withUnsafeBufferPointer { buffer throws(DeflatingFault) in
            var reader = BitReader(buffer)
            let header = try BlockHeader(from: &reader)
            _ = try DecodingTable(header.literals, symbols: DecodingTable.literals)
            _ = try DecodingTable(header.distances, symbols: DecodingTable.distances, mayBeEmpty: true)
            guard reader.bitPosition == bitCount else {
                throw DeflatingFault(.corruptStream, found: "a header of another length")
            }
            return header
        }
    }

    private static func lengths(
        _ count: Int, _ table: DecodingTable, _ reader: inout BitReader
    ) throws(DeflatingFault) -> [UInt8] {
        var lengths: [UInt8] = []
        while lengths.count < count {
            reader.refill()
            let entry = table.entries[reader.peek(table.width)]
            guard !entry.isInvalid else { throw DeflatingFault(.corruptStream, found: "an unknown code") }
            guard reader.drop(entry.codeLength) else { throw DeflatingFault(.truncated) }
            if entry.value < 16 {
                lengths.append(UInt8(entry.value))
                continue
            }
            let repeated = try Self.repeated(entry.value, after: lengths.last, &reader)
            guard repeated.count <= count - lengths.count else {
                throw DeflatingFault(.corruptStream, found: "code lengths beyond the last")
            }
            lengths.append(contentsOf: repeated)
        }
        return lengths
    }

    private static func repeated(
        _ symbol: Int, after last: UInt8?, _ reader: inout BitReader
    ) throws(DeflatingFault) -> Repeated<UInt8> {
        switch symbol {
        case 16:
            guard let last else { throw DeflatingFault(.corruptStream, found: "nothing to repeat") }
            return repeatElement(last, count: try reader.read(2) + 3)
        case 17: return repeatElement(0, count: try reader.read(3) + 3)
        default: return repeatElement(0, count: try reader.read(7) + 11)
        }
    }
}
