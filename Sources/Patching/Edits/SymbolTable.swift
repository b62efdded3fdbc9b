/// A table of symbols and the names in it.
struct SymbolTable {
    private let bytes: ByteView
    let symbols: ELFImage.Section
    let strings: ELFImage.Section

    /// Bytes of a name that are looked at. Names may overlap, and a hostile file's could all be one long text.
    private static let longestName = 4096

    init?(_ bytes: ByteView, _ image: ELFImage, sectionIndex: Int) {
        guard image.sections.indices.contains(sectionIndex) else { return nil }
        let symbols = image.sections[sectionIndex]
        guard symbols.role == .dynamicSymbols || symbols.role == .symbols,
            image.sections.indices.contains(symbols.link), image.sections[symbols.link].role == .strings
        else { return nil }
        self.bytes = bytes
        self.symbols = symbols
        strings = image.sections[symbols.link]
    }

    var count: Int { symbols.size / 24 }

    /// Of a symbol's name; nil when it has none.
    func nameHash(_ index: Int) -> UInt64? {
        guard index >= 0, index < count else { return nil }
        return hash(at: Int(bytes.u32(symbols.offset &+ index &* 24)))
    }

    /// Of the text that begins at `offset` of the names: eight bytes at a time, up to the zero byte at its end.
    func hash(at offset: Int) -> UInt64? {
        guard offset > 0, offset < strings.size else { return nil }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var place = strings.offset &+ offset
        let end = min(strings.end, place &+ Self.longestName)
        while place < end {
            var word = bytes.word(place)
            // What follows the names is not there yet when a new program is made.
            if end &- place < 8 { word &= 1 << UInt64((end &- place) &* 8) &- 1 }
            let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
            let kept = zeros == 0 ? word : word & (zeros & (0 &- zeros) &- 1)
            hash = (hash ^ kept) &* 0x9E37_79B9_7F4A_7C15
            hash ^= hash >> 29
            if zeros != 0 { break }
            place &+= 8
        }
        return hash
    }

    /// Of every symbol; 0 where there is no name.
    func nameHashes() -> [UInt64] { (0..<count).map { nameHash($0) ?? 0 } }

    /// The first symbol of each name.
    func symbolsByName() -> NameTable {
        var names = NameTable(most: count)
        for symbol in 0..<count {
            if let name = nameHash(symbol) { names.insert(name, symbol) }
        }
        return names
    }

    /// How many names are kept: some belong to libraries and versions, but there are not many more than symbols.
    static func mostNames(_ symbols: ELFImage.Section) -> Int { symbols.size / 16 &+ 256 }

    /// Where each name begins that stands behind a zero byte.
    func offsetsByName() -> NameTable {
        let most = Self.mostNames(symbols)
        var names = NameTable(most: most)
        var (place, count) = (1, 0)
        while place < strings.size, count < most {
            if let name = hash(at: place) { names.insert(name, place) }
            count &+= 1
            place = bytes.firstZero(from: strings.offset &+ place, to: strings.end) &- strings.offset &+ 1
        }
        return names
    }
}
