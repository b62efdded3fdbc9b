import Primitives

/// A Huffman code, ready to decode: the next bits of the stream are the index.
struct DecodingTable {
    /// What a symbol means, in the form it has in the table.
    struct Entry {
        enum Kind: UInt32 {
            case invalid, literal, length, end
        }

        /// Length of the code in bits 0 to 3, number of extra bits in 4 to 7, kind in 8 and 9, value above 16.
        private let packed: UInt32

        static let invalid = Entry(.invalid, value: 0)

        init(_ kind: Kind, value: Int, extra: Int = 0) {
            packed = UInt32(value) << 16 | kind.rawValue << 8 | UInt32(extra) << 4
        }

        private init(packed: UInt32) {
            self.packed = packed
        }

        func coded(_ length: UInt8) -> Entry { Entry(packed: packed | UInt32(length)) }

        @inline(__always) var codeLength: Int { Int(packed & 15) }
        @inline(__always) var extra: Int { Int(packed >> 4 & 15) }
        @inline(__always) var value: Int { Int(packed >> 16) }
        @inline(__always) var isLiteral: Bool { packed & 0x300 == Kind.literal.rawValue << 8 }
        @inline(__always) var isLength: Bool { packed & 0x300 == Kind.length.rawValue << 8 }
        @inline(__always) var isEnd: Bool { packed & 0x300 == Kind.end.rawValue << 8 }
        @inline(__always) var isInvalid: Bool { packed & 0x300 == 0 }
    }

    /// Number of bits of the longest code, at least 1.
    let width: Int
    /// 2 to the power of `width`.
    let entries: [Entry]

    static let literals: [Entry] = (0..<Alphabets.fixedLiteralCount).map { symbol in
        switch symbol {
        case 0..<256: Entry(.literal, value: symbol)
        case 256: Entry(.end, value: 0)
        case ..<Alphabets.literalCount:
            Entry(.length, value: Alphabets.lengthBase[symbol - 257], extra: Alphabets.lengthExtra[symbol - 257])
        default: .invalid
        }
    }
    static let distances: [Entry] = (0..<32).map { symbol in
        symbol < Alphabets.distanceCount
            ? Entry(.length, value: Alphabets.distanceBase[symbol], extra: Alphabets.distanceExtra[symbol]) : .invalid
    }
    static let numbers: [Entry] = (0..<Alphabets.lengthCodeCount).map { Entry(.literal, value: $0) }

    /// The code with these lengths. A code that does not use up its space is refused, but for one of a single symbol of
    /// one bit, or of no symbol at all when `mayBeEmpty`.
    init(_ lengths: some Collection<UInt8>, symbols: [Entry], mayBeEmpty: Bool = false) throws(DeflatingFault) {
        var counts = [Int](repeating: 0, count: 16)
        for length in lengths { counts[Int(length & 15)] += 1 }
        counts[0] = 0
        let width = max(1, counts.lastIndex { $0 > 0 } ?? 1)
        let used = (1...15).reduce(0) { $0 + counts[$1] << (15 - $1) }
        let isSingle = width == 1 && counts[1] == 1
        guard used == 1 << 15 || isSingle || (used == 0 && mayBeEmpty) else {
            throw DeflatingFault(.corruptStream, found: "a Huffman code that is not complete")
        }
        self.width = width
        entries = Self.fill(lengths, counts, width, symbols)
    }

    private static func fill(
        _ lengths: some Collection<UInt8>, _ counts: [Int], _ width: Int, _ symbols: [Entry]
    ) -> [Entry] {
        var next = HuffmanCode.firstCodes(counts)
        var entries = [Entry](repeating: .invalid, count: 1 << width)
        for (symbol, length) in lengths.enumerated() where length > 0 && symbol < symbols.count {
            let entry = symbols[symbol].coded(length)
            var index = Int(HuffmanCode.reversed(next[Int(length)], Int(length)))
            next[Int(length)] += 1
            while index < entries.count {
                entries[index] = entry
                index += 1 << Int(length)
            }
        }
        return entries
    }
}
