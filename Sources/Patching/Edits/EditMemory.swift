/// Bytes of memory that decoding an edit takes. The encoder states it and the decoder holds itself to it, by the same sums.
///
/// What each thing takes is counted with the room that a growing collection of it leaves free, and with what putting it into
/// order takes for a while.
enum EditMemory {
    /// Room for one part of a file that is made by copying.
    static let copy = 256 << 10

    /// A place and a kind; in a program for AArch64 what it points at too.
    static let eachReference = 10
    static let eachARMReference = 18
    /// While they are sorted, where that is needed: a key, and room to merge keys.
    static let sortingReference = 18
    static let sortingARMReference = 30
    /// An address at which a switch table may begin.
    static let eachCandidate = 32
    /// The same once all are listed, without room for more.
    private static let eachSettledReference = 5
    private static let eachSettledTarget = 4
    /// What else is known about the old program: its name's hash for each symbol, slots and stubs.
    private static let eachOldSymbol = 8
    private static let eachSlot = 80
    private static let eachStub = 128
    /// A name in the new program: its place, its symbol, and the pair that it makes.
    private static let eachName = 64
    private static let eachBlock = 200
    /// The tables of sections of both programs, and their names.
    private static let sections = 768 << 10

    /// More blocks than one in 64 bytes are not worth what they take.
    static func mostBlocks(_ count: Int) -> Int { count / 64 &+ 1024 }

    /// What is kept of an old program of so many bytes besides its references.
    static func kept(_ image: ELFImage) -> Int {
        symbols(image) &* eachOldSymbol
            &+ SlotMap.mostSlots(image) &* eachSlot &+ SlotMap.mostStubs(image) &* eachStub
    }

    /// While the old program is read, in a buffer that has room for either program.
    static func reading(_ bytes: Int, kept: Int) -> Int {
        bytes &+ kept &+ sections &+ References.reserved(bytes) &* eachSettledReference
    }

    static func held(_ references: References) -> Int {
        references.count &* eachSettledReference &+ references.targets.count &* eachSettledTarget
            &+ references.tables.count &* eachOldSymbol
    }

    /// While blocks are read: before the new program's tables are there, so that nobody knows yet what those take.
    static func building(_ bytes: Int, _ program: OldProgram, blocks: Int) -> Int {
        bytes &+ program.memory &+ blocks &* eachBlock &+ sections &+ copy
    }

    static func predicted(old: Int, new: Int, _ program: OldProgram, _ image: ELFImage, blocks: Int) -> Int {
        let names = image.symbolTables.reduce(0) { $0 &+ SymbolTable.mostNames(image.sections[$1]) }
        let slots = SlotMap.mostSlots(image) &* (eachSlot &* 2) &+ SlotMap.mostStubs(image) &* (eachStub &+ eachSlot)
        let building =
            building(max(old, new), program, blocks: blocks) &+ names &* eachName
            &+ symbols(image) &* (eachName &+ eachOldSymbol) &+ slots
            &+ AddressMap.mostIndexBytes(program.image.span.count)
        return max(program.madeWith, building)
    }

    private static func symbols(_ image: ELFImage) -> Int {
        image.symbolTables.reduce(0) { $0 &+ image.sections[$1].size / 24 }
    }
}
