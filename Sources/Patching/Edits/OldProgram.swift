import Primitives

/// What prediction needs of the old program. Made from its bytes, which are not needed afterwards.
struct OldProgram {
    let image: ELFImage
    let references: References
    let go: GoTables
    /// For each table of symbols, by its section's index, the hash of each symbol's name.
    let symbols: [Int: [UInt64]]
    let slots: [SlotMap.Named]
    let stubs: [SlotMap.Stub]
    /// Address of `.eh_frame_hdr`.
    let frameIndex: Int
    /// The lowest address in use.
    let start: Int

    /// Bytes of memory that were needed while this was made, and that it holds.
    let madeWith: Int
    let memory: Int
    /// Relocations, in the order of their places in the file.
    let relocations: [ELFImage.Section]

    /// Nil when this is no program that is known. Throws when it would take more memory than `limits` allow, with a buffer
    /// that has room for `new` bytes too.
    init?(_ bytes: ByteView, new: Int, limits: EditLimits) throws {
        guard bytes.count <= Block.largestFile, let image = ELFImage(bytes) else { return nil }
        self.image = image
        let kept = EditMemory.kept(image)
        let reading = EditMemory.reading(bytes.count, new: new, kept: kept)
        try limits.check(reading)
        let room = limits.memory &- reading
        guard let references = ReferenceScanner.scan(bytes, image, memory: room) else {
            throw PatchFault(.tooMuchMemory, found: "too many references", expected: "at most \(room) bytes of them")
        }
        self.references = references
        madeWith = reading &+ room &- references.room
        memory = kept &+ EditMemory.held(references, bytes.count)
        relocations = image.sections.filter { $0.role == .relocations && $0.size > 0 }.sorted { $0.offset < $1.offset }
        go = GoTables(bytes, image, isWhole: true)
        symbols = image.symbolTables(bytes).mapValues { $0.nameHashes() }
        slots = SlotMap.offsetSlots(bytes, image, names: symbols)
        stubs = SlotMap.stubs(bytes, image)
        start = image.span.lowerBound
        frameIndex = image.section(named: ".eh_frame_hdr")?.address ?? 0
    }

    /// The table of relocations that has the byte at `place` of the file.
    func relocations(at place: Int) -> ELFImage.Section? {
        let before = relocations.binaryCount { $0.offset <= place }
        return before > 0 && place < relocations[before &- 1].end ? relocations[before &- 1] : nil
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
