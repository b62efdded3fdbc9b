/// Bytes of memory that decoding an edit takes. The encoder states it and the decoder holds itself to it, by the same sums.
///
/// What each thing takes is counted with the room that a growing collection of it leaves free, and with what putting it into
/// order takes for a while.
enum EditMemory {
    /// For a file that is made by copying: one part of it, and pages of the old file.
    static let copy = 256 << 10
    static let copyPages = 128 << 10
    /// Pages of an old program that are held while the new one is made.
    static let pages = 512 << 10

    /// A place and a kind; in a program for AArch64 what it points at too, with the room that is left for more of them, and
    /// while they are moved to where there is more.
    static let eachReference = 2
    static let eachARMReference = 11
    /// The same once all are listed, without room for more.
    private static let eachSettledReference = 2
    private static let eachSettledTarget = 4
    /// One that is not found in its order, until all are there.
    static let eachLateReference = 48
    /// An address at which a switch table may begin, and afterwards.
    static let eachCandidate = 32
    private static let eachTable = 8
    /// What else is known about the old program: its name's hash for each symbol, slots and stubs.
    private static let eachOldSymbol = 8
    private static let eachOldSlot = 16
    private static let eachStub = 36
    /// Slots and stubs that both programs have, while they are laid over the map.
    private static let eachPair = 120
    /// A block, and while blocks are put in order.
    private static let eachBlock = 12
    private static let eachPiece = 12
    private static let eachChained = 80
    /// The tables of sections of both programs, and their names.
    private static let sections = 768 << 10

    /// The buffer in which a new program is made over the old one. With some room between both, most of the old bytes are still
    /// there when they are wanted.
    static func programs(_ old: Int, _ new: Int) -> Int {
        max(old, new, 1) &+ min(max(old, 0) >> 6, mostBetween)
    }
    private static let mostBetween = 256 << 10

    /// More blocks than one in 64 bytes of a predicted file are not worth what they take.
    static func mostBlocks(_ count: Int) -> Int { max(count, 0) / 64 &+ 1024 }

    /// In a copied file each may cost a reading.
    static func mostCopiedBlocks(_ count: Int) -> Int { max(count, 0) / 32 &+ 1024 }

    /// What is kept of an old program of so many bytes besides its references.
    static func kept(_ image: ELFImage) -> Int {
        symbols(image) &* eachOldSymbol
            &+ SlotMap.mostSlots(image) &* eachOldSlot &+ SlotMap.mostStubs(image) &* eachStub
    }

    /// While the old program is read, in a buffer that has room for either program.
    static func reading(_ old: Int, new: Int, kept: Int) -> Int {
        programs(old, new) &+ kept &+ sections &+ References.pages(old) &* 4
    }

    static func held(_ references: References, _ fileBytes: Int) -> Int {
        references.count &* eachSettledReference &+ references.targets.count &* eachSettledTarget
            &+ references.tables.count &* eachTable &+ References.pages(fileBytes) &* 4
    }

    /// While blocks are read and put in order, before anything else is there.
    static func chaining(blocks: Int) -> Int { blocks &* eachChained }

    /// Blocks, and what is made of them.
    static func held(blocks: Int, pieces: Int) -> Int { blocks &* eachBlock &+ pieces &* eachPiece }

    static func predicted(
        old: Int, new: Int, _ program: OldProgram, _ image: ELFImage, blocks: Int, pieces: Int
    ) -> Int {
        let blockBytes = held(blocks: blocks, pieces: pieces)
        let mostPieces = AddressMap.mostPieces(pieces, program.image)
        let map = AddressMap.bytes(mostPieces, span: program.image.span.count)
        let laidOver =
            max(held(blocks: 0, pieces: pieces), AddressMap.bytes(mostPieces, span: 0)) &+ slots(program, image)
        let building =
            programs(old, new) &+ program.memory &+ sections &+ pages &+ held(blocks: blocks, pieces: 0) &+ map
            &+ names(image) &+ laidOver
        return max(chaining(blocks: blocks), blockBytes &+ program.madeWith, building)
    }

    private static func names(_ image: ELFImage) -> Int {
        image.symbolTables.map { image.sections[$0] }.reduce(0) {
            $0 &+ NameTable.bytes(SymbolTable.mostNames($1)) &+ NameTable.bytes($1.size / 24)
        }
    }

    private static func slots(_ program: OldProgram, _ image: ELFImage) -> Int {
        let most = SlotMap.mostSlots(image)
        return program.slots.count &* eachPair &+ most &* eachOldSlot &+ NameTable.bytes(most)
            &+ SlotMap.mostStubs(image) &* eachStub
    }

    private static func symbols(_ image: ELFImage) -> Int {
        image.symbolTables.reduce(0) { $0 &+ image.sections[$1].size / 24 }
    }
}
