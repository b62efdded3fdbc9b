/// What kind of reference stands at a place: how its value says where it points. Each bit of an edit's mask is one `group`.
enum ReferenceKind: UInt8 {
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
}

/// The references of a file, in the order of their places, which are offsets in the file.
struct References {
    private(set) var places: [UInt32] = []
    private(set) var kinds: [ReferenceKind] = []
    /// Starts of switch tables, in order: an entry is relative to the start of its table.
    var tables: [UInt32] = []
    /// What each reference of an AArch64 program points at, as far as its own bits do not say: both parts of an address that is
    /// in two instructions. Empty for other programs.
    private(set) var targets: [UInt32] = []
    /// Bytes of memory that more references may take. Below zero once there was no room for one.
    private(set) var room: Int

    private let eachBytes: Int

    init(_ machine: ELFImage.Machine, room: Int) {
        self.room = room
        eachBytes = machine == .arm ? EditMemory.eachARMReference : EditMemory.eachReference
    }

    var count: Int { places.count }

    /// Says whether there is room for something more, and takes it.
    mutating func take(_ bytes: Int) -> Bool {
        guard room >= 0 else { return false }
        room &-= bytes
        return room >= 0
    }

    /// About as many as code of so many bytes has, for which room is made at once.
    static func reserved(_ codeBytes: Int) -> Int { codeBytes / 24 }

    mutating func reserve(codeBytes: Int) {
        places.reserveCapacity(Self.reserved(codeBytes))
        kinds.reserveCapacity(Self.reserved(codeBytes))
    }

    mutating func append(_ kind: ReferenceKind, at place: Int) {
        guard take(eachBytes) else { return }
        places.append(UInt32(truncatingIfNeeded: place))
        kinds.append(kind)
        if !targets.isEmpty { targets.append(0) }
    }

    /// A part of an address whose whole is `target`, as a distance from the program's start; below 2^32.
    mutating func append(_ kind: ReferenceKind, at place: Int, target: Int) {
        guard take(eachBytes) else { return }
        if targets.isEmpty { targets = Array(repeating: 0, count: places.count) }
        places.append(UInt32(truncatingIfNeeded: place))
        kinds.append(kind)
        targets.append(UInt32(truncatingIfNeeded: target))
    }

    /// Brings places into order, and drops what overlaps a reference before it. Usually all up to `tail` are in order, and all
    /// from there on: then nothing is sorted, which would take more memory than the references themselves.
    mutating func settle(tail: Int) {
        if isOrdered(0..<tail), isOrdered(tail..<count) {
            merge(tail)
        } else if take(count &* (targets.isEmpty ? EditMemory.sortingReference : EditMemory.sortingARMReference)) {
            sort()
        }
        dropOverlaps()
    }

    private mutating func dropOverlaps() {
        var kept = 0
        var end = 0
        for index in places.indices where Int(places[index]) >= end {
            end = Int(places[index]) &+ kinds[index].width
            move(index, to: kept)
            kept &+= 1
        }
        // Copies, without the room that growing left; one after the other.
        places = Array(places[..<kept])
        kinds = Array(kinds[..<kept])
        if !targets.isEmpty { targets = Array(targets[..<kept]) }
    }

    private mutating func move(_ index: Int, to place: Int) {
        places[place] = places[index]
        kinds[place] = kinds[index]
        if !targets.isEmpty { targets[place] = targets[index] }
    }

    private func isOrdered(_ range: Range<Int>) -> Bool {
        range.dropFirst().allSatisfy { places[$0 &- 1] < places[$0] }
    }

    /// Merges two ordered parts in place, from the back.
    private mutating func merge(_ tail: Int) {
        let (tailPlaces, tailKinds) = (Array(places[tail...]), Array(kinds[tail...]))
        let tailTargets = targets.isEmpty ? [] : Array(targets[tail...])
        var (front, back, target) = (tail &- 1, tailPlaces.count &- 1, places.count &- 1)
        while back >= 0 {
            if front >= 0, places[front] > tailPlaces[back] {
                move(front, to: target)
                front &-= 1
            } else {
                places[target] = tailPlaces[back]
                kinds[target] = tailKinds[back]
                if !targets.isEmpty { targets[target] = tailTargets[back] }
                back &-= 1
            }
            target &-= 1
        }
    }

    private mutating func sort() {
        guard targets.isEmpty else { return sortWithTargets() }
        var keys = places.indices.map { UInt64(places[$0]) << 8 | UInt64(kinds[$0].rawValue) }
        keys.sort()
        places = keys.map { UInt32(truncatingIfNeeded: $0 >> 8) }
        kinds = keys.compactMap { ReferenceKind(rawValue: UInt8(truncatingIfNeeded: $0)) }
    }

    private mutating func sortWithTargets() {
        let order = places.indices.sorted {
            (places[$0], kinds[$0].rawValue, $0) < (places[$1], kinds[$1].rawValue, $1)
        }
        places = order.map { places[$0] }
        kinds = order.map { kinds[$0] }
        targets = order.map { targets[$0] }
    }

    /// The first reference at or behind `offset`.
    func first(from offset: Int) -> Int {
        places.binaryCount { Int($0) < offset }
    }

    /// Where the switch table that holds `place` begins.
    func table(of place: Int) -> Int {
        let before = tables.binaryCount { Int($0) <= place }
        return before > 0 ? Int(tables[before &- 1]) : place
    }
}
