/// What kind of reference stands at a place: how its value says where it points. Each bit of an edit's mask is one `group`.
enum ReferenceKind: UInt8, CaseIterable {
    // x86-64: 32 bits, relative to the end of the instruction, which is 0, 1 or 4 bytes behind the reference.
    case call, jump, data0, data1, data4
    // AArch64, ARM DDI 0487 chapter C6: bits inside an instruction.
    case armBranch, armConditional, armPage, armPageOffset
    // ELF tables.
    case relocationPlace, relocationAddend, relocationSymbol, symbolValue, symbolName
    // .eh_frame and .eh_frame_hdr: DWARF call frame information, LSB Core chapter 10.6.
    case frameStart, frameCommon, frameData, frameIndex
    // Numbers in data.
    case absolute, switchTable
    // Go's tables: 32 bits, relative to the start of a table.
    case goText, goName, goFunction, goUnit, goFile, goCounter, goData, goType

    static let mostBytes = 8

    @inline(__always)
    var width: Int {
        switch self {
        case .relocationPlace, .relocationAddend, .symbolValue, .absolute: 8
        default: 4
        }
    }

    /// Bit of the mask by which an edit says which kinds it predicts.
    var group: UInt32 {
        switch self {
        case .call, .armBranch: 1 << 0
        case .jump, .armConditional: 1 << 1
        case .data0, .data1, .data4, .armPage, .armPageOffset: 1 << 2
        case .relocationPlace: 1 << 3
        case .relocationAddend: 1 << 4
        case .relocationSymbol: 1 << 5
        case .symbolValue: 1 << 6
        case .symbolName: 1 << 7
        case .frameStart, .frameCommon, .frameData: 1 << 8
        case .frameIndex: 1 << 9
        case .absolute: 1 << 10
        case .switchTable: 1 << 11
        case .goText, .goName, .goFunction, .goUnit, .goFile, .goCounter, .goData: 1 << 12
        case .goType: 1 << 13
        }
    }

    static let allGroups: UInt32 = 1 << 14 - 1

    /// The set of all kinds whose groups are in `mask`: bit i is the kind of raw value i.
    static func kinds(_ mask: UInt32) -> UInt32 {
        allCases.reduce(0) { $1.group & mask != 0 ? $0 | 1 << UInt32($1.rawValue) : $0 }
    }
}
