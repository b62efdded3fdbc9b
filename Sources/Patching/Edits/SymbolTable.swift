/// A table of symbols and the names in it.
struct SymbolTable {
    private let bytes: ByteView
    let symbols: ELFImage.Section
    let strings: ELFImage.Section

    private static let longestName = 4096

    init?(_ bytes: ByteView, _ image: ELFImage, sectionIndex: Int) {
        guard image.sections.indices.contains(sectionIndex) else { return nil }
        let symbols = image.sections[sectionIndex]
        guard symbols.role == .dynamicSymbols || symbols.role == .symbols, image.sections.indices.contains(symbols.link)
        else { return nil }
        self.bytes = bytes
        self.symbols = symbols
        strings = image.sections[symbols.link]
    }

    var count: Int { symbols.size / 24 }

    /// FNV-1a of a symbol's name; nil when it has none.
    func nameHash(_ index: Int) -> UInt64? {
        guard index >= 0, index < count else { return nil }
        return hash(at: Int(bytes.u32(symbols.offset &+ index &* 24)))
    }

    /// Of the text that begins at `offset` of the names.
    func hash(at offset: Int) -> UInt64? {
        guard offset > 0, offset < strings.size else { return nil }
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var place = strings.offset &+ offset
        // Names may overlap, and a hostile file's could all be one long text.
        let end = min(strings.end, place &+ Self.longestName)
        while place < end, bytes[place] != 0 {
            hash = (hash ^ UInt64(bytes[place])) &* 0x100_0000_01b3
            place &+= 1
        }
        return hash
    }

    /// Of every symbol; 0 where there is no name.
    func nameHashes() -> [UInt64] { (0..<count).map { nameHash($0) ?? 0 } }

    /// Where each name begins that stands behind a zero byte.
    func nameOffsets() -> [UInt64: Int] {
        var offsets: [UInt64: Int] = [:]
        var place = 1
        while place < strings.size {
            if let name = hash(at: place), offsets[name] == nil { offsets[name] = place }
            while place < strings.size, bytes[strings.offset &+ place] != 0 { place &+= 1 }
            place &+= 1
        }
        return offsets
    }
}
