/// How zlib and gzip would code a block.
struct BlockPlan {
    let kind: BlockKind
    /// The dynamic codes, also when another kind is better.
    let codes: DynamicCodes

    init(_ block: borrowing OpenBlock, usesFixedCodes: Bool, canBeStored: Bool) {
        codes = DynamicCodes(block)
        let fixed = BlockHeader.fixed
        let fixedBytes = (block.bits(fixed.literals, fixed.distances) + 3 + 7) >> 3
        let dynamicBytes = (codes.headerBits + block.bits(codes.literals, codes.distances) + 3 + 7) >> 3
        let isFixed = fixedBytes <= dynamicBytes || usesFixedCodes
        let storedBytes = block.end - block.start + 4
        kind =
            canBeStored && storedBytes <= (isFixed ? fixedBytes : dynamicBytes) ? .stored : isFixed ? .fixed : .dynamic
    }
}

/// The codes that zlib and gzip would make for a dynamic block, and how they write them.
struct DynamicCodes {
    let literals: [UInt8]
    let distances: [UInt8]
    private let literalCount: Int
    private let distanceCount: Int
    private let runs: CodeLengthRuns
    private let lengthCode: [UInt8]
    /// How many lengths of the length code are sent.
    private let lengthCodeCount: Int

    init(_ block: borrowing OpenBlock) {
        let literalTree = HuffmanTree(block.literals, longest: Alphabets.longestCode)
        let distanceTree = HuffmanTree(block.distances, longest: Alphabets.longestCode)
        (literals, distances) = (literalTree.lengths, distanceTree.lengths)
        (literalCount, distanceCount) = (literalTree.largest + 1, distanceTree.largest + 1)
        var runs = CodeLengthRuns()
        runs.append(literals[..<literalCount])
        runs.append(distances[..<distanceCount])
        let lengthCode = HuffmanTree(runs.frequencies, longest: Alphabets.longestLengthCode).lengths
        self.runs = runs
        self.lengthCode = lengthCode
        lengthCodeCount = max(4, (Alphabets.lengthCodeOrder.lastIndex { lengthCode[$0] > 0 } ?? 0) + 1)
    }

    /// Bits of the header behind the three that say what kind of block it is.
    var headerBits: Int {
        runs.frequencies.enumerated().reduce(14 + 3 * lengthCodeCount) {
            $0 + $1.element * (Int(lengthCode[$1.offset]) + Alphabets.lengthCodeExtra[$1.offset])
        }
    }

    func writeHeader(to writer: inout BitWriter) {
        writer.write(UInt32(literalCount - 257), 5)
        writer.write(UInt32(distanceCount - 1), 5)
        writer.write(UInt32(lengthCodeCount - 4), 4)
        for symbol in Alphabets.lengthCodeOrder[..<lengthCodeCount] { writer.write(UInt32(lengthCode[symbol]), 3) }
        let code = HuffmanCode(lengthCode)
        for (symbol, extra) in runs.symbols {
            writer.write(UInt32(code.codes[symbol]), Int(code.lengths[symbol]))
            writer.write(UInt32(extra), Alphabets.lengthCodeExtra[symbol])
        }
    }
}

extension DynamicCodes {
    /// The header as a form that names its bits.
    var header: BlockForm {
        var writer = BitWriter()
        writeHeader(to: &writer)
        let count = writer.bitCount
        writer.align()
        return .header(writer.bytes, bitCount: count)
    }
}
