/// Predicts each reference of the new program from the same reference of the old one: where it points moves as the blocks
/// around its target moved.
struct Predictor {
    private let old: OldProgram
    private let new: ELFImage
    private let chain: BlockChain
    private(set) var map: AddressMap
    private var slots: [SlotMap.Slot] = []
    /// Where Go's tables begin in the new program.
    private var go: GoTables
    /// Names of the new program by their hash, for each old table of symbols: where the name is, and which symbol has it.
    private var names: [Int: (offsets: [UInt64: Int], symbols: [UInt64: Int])] = [:]

    init(_ old: OldProgram, _ new: ELFImage, _ blocks: [Block]) {
        self.old = old
        self.new = new
        chain = BlockChain(blocks)
        map = AddressMap(chain, old: old.image, new: new)
        go = old.go
    }

    /// Takes note of what `step` has made of the new program.
    mutating func learn(_ step: BuildOrder.Step, _ bytes: ByteView) {
        switch step {
        case .tables: learnTables(bytes)
        case .strings: learnStrings(bytes)
        case .symbols: learnNames(bytes)
        case .relocations:
            slots = SlotMap.pair(old.slots, SlotMap.offsetSlots(bytes, new))
            map = AddressMap(chain, old: old.image, new: new, slots: slots)
        case .stubs:
            slots += SlotMap.pair(old.stubs, SlotMap.stubs(bytes, new), through: slots)
            map = AddressMap(chain, old: old.image, new: new, slots: slots)
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

    private mutating func learnStrings(_ bytes: ByteView) {
        let tables = new.symbolTables(bytes)
        for index in old.symbols.keys {
            guard let table = counterpart(index, tables) else { continue }
            names[index] = (table.nameOffsets(), [:])
        }
    }

    private mutating func learnNames(_ bytes: ByteView) {
        let tables = new.symbolTables(bytes)
        for index in old.symbols.keys {
            guard let table = counterpart(index, tables) else { continue }
            var symbols: [UInt64: Int] = [:]
            for (symbol, name) in table.nameHashes().enumerated() where name != 0 && symbols[name] == nil {
                symbols[name] = symbol
            }
            names[index]?.symbols = symbols
        }
    }

    /// What stands at `place` of the new file, if what was `value` in the old one means the same as before.
    func predict(_ index: Int, value: Int, at place: Int) -> Int {
        let oldPlace = Int(old.references.places[index])
        switch old.references.kinds[index] {
        case .call, .jump, .data0: return relative(oldPlace, place, value, behind: 4)
        case .data1: return relative(oldPlace, place, value, behind: 5)
        case .data4: return relative(oldPlace, place, value, behind: 8)
        case .frameStart, .frameData: return relative(oldPlace, place, value, behind: 0)
        case .frameCommon:
            return new.address(ofOffset: place) &- map.map(old.image.address(ofOffset: oldPlace) &- value)
        case .relocationPlace, .relocationAddend, .symbolValue, .absolute: return map.map(value)
        case .relocationSymbol: return symbol(oldPlace, value)
        case .symbolName: return name(oldPlace, value)
        case .frameIndex: return inTable(old.frameIndex, value)
        case .switchTable: return inTable(old.image.address(ofOffset: old.references.table(of: oldPlace)), value)
        case .goText: return inTable(old.go.text, go.text, value)
        case .goName: return inTable(old.go.names, go.names, value)
        case .goFunction: return inTable(old.go.functions, go.functions, value)
        case .goUnit: return (map.map(old.go.units &+ unsigned(value) &* 4) &- go.units) / 4
        case .goFile: return inTable(old.go.files, go.files, value)
        case .goCounter: return value == 0 ? 0 : inTable(old.go.counters, go.counters, value)
        case .goData: return inTable(old.go.data, go.data, value)
        case .goType: return inTable(old.go.types, go.types, value)
        case .armBranch, .armConditional, .armPage, .armPageOffset:
            return arm(index, oldPlace, place, UInt32(truncatingIfNeeded: value))
        }
    }

    private func unsigned(_ value: Int) -> Int { value & 0xFFFF_FFFF }

    @inline(__always)
    private func relative(_ oldPlace: Int, _ place: Int, _ value: Int, behind: Int) -> Int {
        map.map(old.image.address(ofOffset: oldPlace) &+ behind &+ value) &- new.address(ofOffset: place) &- behind
    }

    @inline(__always)
    private func inTable(_ start: Int, _ value: Int) -> Int { map.map(start &+ value) &- map.map(start) }

    @inline(__always)
    private func inTable(_ start: Int, _ newStart: Int, _ value: Int) -> Int {
        map.map(start &+ unsigned(value)) &- newStart
    }

    private func arm(_ index: Int, _ oldPlace: Int, _ place: Int, _ word: UInt32) -> Int {
        let from = old.image.address(ofOffset: oldPlace)
        let to = new.address(ofOffset: place)
        let references = old.references
        let target = references.targets.isEmpty ? 0 : old.start &+ Int(references.targets[index])
        let moved =
            switch references.kinds[index] {
            case .armBranch: ARMInstruction.branch(word, to: map.map(from &+ ARMInstruction.branch(word)) &- to)
            case .armConditional:
                ARMInstruction.conditional(word, to: map.map(from &+ ARMInstruction.conditional(word)) &- to)
            case .armPage: ARMInstruction.page(word, to: map.map(target) & ~0xFFF &- to & ~0xFFF)
            default: ARMInstruction.pageOffset(word, to: map.map(target))
            }
        return Int(Int32(bitPattern: moved))
    }

    private func table(of place: Int) -> Int? {
        old.image.symbolTables.first { old.image.sections[$0].offset <= place && place < old.image.sections[$0].end }
    }

    private func name(_ place: Int, _ value: Int) -> Int {
        guard let index = table(of: place), let hashes = old.symbols[index] else { return value }
        let section = old.image.sections[index]
        let symbol = (place &- section.offset) / 24
        if hashes.indices.contains(symbol), let offset = names[index]?.offsets[hashes[symbol]] { return offset }
        guard old.image.sections.indices.contains(section.link) else { return value }
        return inTable(old.image.address(ofOffset: old.image.sections[section.link].offset), unsigned(value))
    }

    private func symbol(_ place: Int, _ value: Int) -> Int {
        guard let section = old.relocations(at: place), let hashes = old.symbols[section.link],
            hashes.indices.contains(value),
            let symbol = names[section.link]?.symbols[hashes[value]]
        else { return value }
        return symbol
    }
}
