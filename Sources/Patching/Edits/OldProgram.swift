/// What prediction needs of the old program. Made from its bytes, which are not needed afterwards.
struct OldProgram {
    let image: ELFImage
    let references: References
    let go: GoTables
    /// For each table of symbols, by its section's index, the hash of each symbol's name.
    let symbols: [Int: [UInt64]]
    let slots: SlotMap.Names
    let stubs: [Int: SlotMap.Slot]
    /// Address of `.eh_frame_hdr`.
    let frameIndex: Int
    /// The lowest address in use.
    let start: Int

    init?(_ bytes: ByteView) {
        guard bytes.count <= Block.largestFile, let image = ELFImage(bytes) else { return nil }
        self.image = image
        references = ReferenceScanner.scan(bytes, image)
        go = GoTables(bytes, image, isWhole: true)
        symbols = image.symbolTables(bytes).mapValues { $0.nameHashes() }
        slots = SlotMap.offsetSlots(bytes, image)
        stubs = SlotMap.stubs(bytes, image)
        start = image.span.lowerBound
        frameIndex = image.section(named: ".eh_frame_hdr")?.address ?? 0
    }

    /// Bytes of memory that this holds, about.
    var memory: Int {
        (references.count &* 5 &+ references.targets.count &* 4) &+ symbols.values.reduce(0) { $0 &+ $1.count &* 8 }
            &+ (slots.count &+ stubs.count) &* 48
    }
}

extension ELFImage {
    func symbolTables(_ bytes: ByteView) -> [Int: SymbolTable] {
        var tables: [Int: SymbolTable] = [:]
        for index in sections.indices {
            if let table = SymbolTable(bytes, self, sectionIndex: index) { tables[index] = table }
        }
        return tables
    }
}
