/// Predicts each reference of the new program from the same reference of the old one: where it points moves as the blocks
/// around its target moved.
struct Predictor {
    private let old: OldProgram
    private let new: ELFImage
    private(set) var map: AddressMap
    private var slots: [SlotMap.Slot] = []
    /// Where Go's tables begin in the new program.
    private var go: GoTables
    /// Names of the new program, for the old table of symbols of each index.
    private var names: [NewNames?]

    private struct NewNames {
        let hashes: [UInt64]
        /// Where the name is, and which symbol has it.
        var offsets: NameTable?
        var symbols: NameTable?
    }

    init(_ old: OldProgram, _ new: ELFImage, _ chain: BlockChain) {
        self.old = old
        self.new = new
        map = AddressMap(chain, old: old.image, new: new)
        go = old.go
        names = old.image.sections.indices.map { index in
            old.symbols[index].map { NewNames(hashes: $0) }
        }
    }

    /// Takes note of what `step` has made of the new program.
    mutating func learn(_ step: BuildOrder.Step, _ bytes: ByteView) {
        switch step {
        case .tables: learnTables(bytes)
        case .strings: learnNames(bytes) { $0.offsets = $1.offsetsByName() }
        case .symbols: learnNames(bytes) { $0.symbols = $1.symbolsByName() }
        case .relocations:
            slots = SlotMap.pair(old.slots, SlotMap.offsetSlots(bytes, new))
            map.overlay(slots)
        case .stubs:
            map.overlay(SlotMap.pair(old.stubs, SlotMap.stubs(bytes, new), through: slots))
            slots = []
        default: break
        }
    }

    /// A table that cannot be found in the new program is where the blocks say.
    private mutating func learnTables(_ bytes: ByteView) {
        let found = GoTables(bytes, new, isWhole: false)
        func start(_ table: KeyPath<GoTables, Int>) -> Int {
            found[keyPath: table] > 0 ? found[keyPath: table] : map.map(old.go[keyPath: table])
        }
        go.text = start(\.text)
        go.names = start(\.names)
        go.units = start(\.units)
        go.files = start(\.files)
        go.counters = start(\.counters)
        go.functions = start(\.functions)
        go.data = start(\.data)
        go.types = start(\.types)
    }

    /// Old and new tables belong together by their kind.
    private func counterpart(_ index: Int, _ tables: [Int: SymbolTable]) -> SymbolTable? {
        let role = old.image.sections[index].role
        return tables.values.filter { $0.symbols.role == role }.min { $0.symbols.offset < $1.symbols.offset }
    }

    private mutating func learnNames(_ bytes: ByteView, _ learn: (inout NewNames, SymbolTable) -> Void) {
        let tables = new.symbolTables(bytes)
        for index in names.indices {
            guard var known = names[index], let table = counterpart(index, tables) else { continue }
            learn(&known, table)
            names[index] = known
        }
    }

    /// A part of a block: how far it is from its places in both files to addresses. Behind its ends that is asked for anew.
    struct Part {
        fileprivate let old: (shift: Int, end: Int)
        fileprivate let new: (shift: Int, end: Int)
    }

    func part(from oldPlace: Int, to place: Int) -> Part {
        Part(old: old.image.addresses(from: oldPlace), new: new.addresses(from: place))
    }

    @inline(__always)
    private func oldAddress(_ place: Int, _ part: Part) -> Int {
        place < part.old.end ? place &+ part.old.shift : old.image.address(ofOffset: place)
    }

    @inline(__always)
    private func newAddress(_ place: Int, _ part: Part) -> Int {
        place < part.new.end ? place &+ part.new.shift : new.address(ofOffset: place)
    }

    /// What stands at `place` of the new file, if what was `value` in the old one means the same as before.
    @inline(__always)
    func predict(_ reference: Reference, value: Int, at place: Int, _ part: Part) -> Int {
        switch reference.kind {
        case .call, .jump, .data0: relative(reference.place, place, value, part, behind: 4)
        case .data1: relative(reference.place, place, value, part, behind: 5)
        case .data4: relative(reference.place, place, value, part, behind: 8)
        case .frameStart, .frameData: relative(reference.place, place, value, part, behind: 0)
        case .relocationPlace, .relocationAddend, .symbolValue, .absolute: map.map(value)
        default: predictOther(reference, value: value, at: place, part)
        }
    }

    @inline(never)
    private func predictOther(_ reference: Reference, value: Int, at place: Int, _ part: Part) -> Int {
        switch reference.kind {
        case .frameCommon: newAddress(place, part) &- map.map(oldAddress(reference.place, part) &- value)
        case .relocationSymbol: symbol(reference.place, value)
        case .symbolName: name(reference.place, value)
        case .frameIndex: inTable(old.frameIndex, value)
        case .switchTable: inTable(old.image.address(ofOffset: old.references.table(of: reference.place)), value)
        case .goText: inTable(old.go.text, go.text, value)
        case .goName: inTable(old.go.names, go.names, value)
        case .goFunction: inTable(old.go.functions, go.functions, value)
        case .goUnit: (map.map(old.go.units &+ unsigned(value) &* 4) &- go.units) / 4
        case .goFile: inTable(old.go.files, go.files, value)
        case .goCounter: value == 0 ? 0 : inTable(old.go.counters, go.counters, value)
        case .goData: inTable(old.go.data, go.data, value)
        case .goType: inTable(old.go.types, go.types, value)
        default:
            arm(
                reference, oldAddress(reference.place, part), newAddress(place, part),
                UInt32(truncatingIfNeeded: value))
        }
    }

    private func unsigned(_ value: Int) -> Int { value & 0xFFFF_FFFF }

    @inline(__always)
    private func relative(_ oldPlace: Int, _ place: Int, _ value: Int, _ part: Part, behind: Int) -> Int {
        map.map(oldAddress(oldPlace, part) &+ behind &+ value) &- newAddress(place, part) &- behind
    }

    private func inTable(_ start: Int, _ value: Int) -> Int { map.map(start &+ value) &- map.map(start) }

    private func inTable(_ start: Int, _ newStart: Int, _ value: Int) -> Int {
        map.map(start &+ unsigned(value)) &- newStart
    }

    private func arm(_ reference: Reference, _ from: Int, _ to: Int, _ word: UInt32) -> Int {
        let target = old.references.target(reference.index).map { old.start &+ $0 } ?? 0
        let moved =
            switch reference.kind {
            case .armBranch: ARMInstruction.branch(word, to: map.map(from &+ ARMInstruction.branch(word)) &- to)
            case .armConditional:
                ARMInstruction.conditional(word, to: map.map(from &+ ARMInstruction.conditional(word)) &- to)
            case .armPage: ARMInstruction.page(word, to: map.map(target) & ~0xFFF &- to & ~0xFFF)
            default: ARMInstruction.pageOffset(word, to: map.map(target))
            }
        return Int(Int32(bitPattern: moved))
    }

    /// The table of symbols that holds `place`.
    private func table(of place: Int) -> Int? {
        names.indices.first {
            names[$0] != nil && old.image.sections[$0].offset <= place && place < old.image.sections[$0].end
        }
    }

    private func name(_ place: Int, _ value: Int) -> Int {
        guard let index = table(of: place), let names = names[index] else { return value }
        let section = old.image.sections[index]
        let symbol = (place &- section.offset) / 24
        if names.hashes.indices.contains(symbol), let offset = names.offsets?.number(names.hashes[symbol]) {
            return offset
        }
        guard old.image.sections.indices.contains(section.link) else { return value }
        return inTable(old.image.address(ofOffset: old.image.sections[section.link].offset), unsigned(value))
    }

    private func symbol(_ place: Int, _ value: Int) -> Int {
        guard let section = old.relocations(at: place), names.indices.contains(section.link),
            let names = names[section.link], names.hashes.indices.contains(value)
        else { return value }
        return names.symbols?.number(names.hashes[value]) ?? value
    }
}
