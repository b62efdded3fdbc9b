/// Slots of dynamic linking by the names of their symbols: where an entry of the old procedure linkage table or global
/// offset table is in the new program, whatever order the linker put them in.
struct SlotMap {
    struct Slot: Equatable {
        var old: Int
        var size: Int
        var new: Int
    }

    /// A slot of one program, by a hash of its symbol's name: two with one hash cost bytes in a patch and nothing else.
    struct Named {
        var name: UInt64
        var place: Int
    }

    /// A stub, by the slot that it jumps through.
    struct Stub {
        var slot: Int
        var address: Int
        var size: Int
    }

    /// How many slots there can be: each has eight bytes of a table and a relocation.
    static func mostSlots(_ image: ELFImage) -> Int {
        let relocations = image.sections.filter { $0.role == .relocations }.reduce(0) { $0 &+ $1.size / 24 }
        return min(image.offsetTables.reduce(0) { $0 &+ $1.size / 8 }, relocations)
    }

    static func mostStubs(_ image: ELFImage) -> Int {
        image.stubSections.reduce(0) { $0 &+ $1.section.size / $1.stub }
    }

    /// The relocations' places in `image`, with their symbols. `names`: of tables of symbols whose hashes are known.
    static func offsetSlots(_ bytes: ByteView, _ image: ELFImage, names: [Int: [UInt64]] = [:]) -> [Named] {
        var slots: [Named] = []
        let tables = image.offsetTables
        let most = mostSlots(image)
        slots.reserveCapacity(most)
        for section in image.sections where section.role == .relocations {
            guard let symbols = SymbolTable(bytes, image, sectionIndex: section.link) else { continue }
            let hashes = names[section.link]
            for entry in stride(from: section.offset, to: section.end &- 23, by: 24) where slots.count < most {
                let symbol = Int(bytes.u32(entry &+ 12))
                let place = bytes.i64(entry)
                guard symbol > 0, tables.contains(where: { place >= $0.address && place < $0.addressEnd }),
                    let name = hashes == nil ? symbols.nameHash(symbol) : hashes?.name(symbol)
                else { continue }
                // A symbol may have a slot for its address and one for calls, with relocations of two types.
                slots.append(Named(name: name ^ UInt64(bytes.u32(entry &+ 8)), place: place))
            }
        }
        return slots
    }

    /// Stubs of the procedure linkage tables, in the order of their slots. `jmp *slot(%rip)`, FF 25, in units of 8 or
    /// 16 bytes; on AArch64 ADRP and LDR in units of 16.
    static func stubs(_ bytes: ByteView, _ image: ELFImage) -> [Stub] {
        var stubs: [Stub] = []
        stubs.reserveCapacity(mostStubs(image))
        for (section, size) in image.stubSections {
            for stub in stride(from: section.offset, to: section.end &- size &+ 1, by: size) {
                let address = section.address &+ stub &- section.offset
                guard let slot = target(bytes, image, stub: stub, address: address, size: size) else { continue }
                stubs.append(Stub(slot: slot, address: address, size: size))
            }
        }
        stubs.sort { ($0.slot, $0.address) < ($1.slot, $1.address) }
        return stubs
    }

    private static func target(_ bytes: ByteView, _ image: ELFImage, stub: Int, address: Int, size: Int) -> Int? {
        if image.machine == .arm {
            let (first, second) = (bytes.u32(stub), bytes.u32(stub &+ 4))
            guard first & 0x9F00_0000 == 0x9000_0000, let low = ARMInstruction.pageOffset(second) else { return nil }
            return address & ~0xFFF &+ ARMInstruction.page(first) &+ low
        }
        for start in [0, 4, 5] where start &+ 6 <= size && bytes.u16(stub &+ start) == 0x25FF {
            return address &+ start &+ 6 &+ bytes.i32(stub &+ start &+ 2)
        }
        return nil
    }

    /// Slots that both programs have a symbol for, in the order of the old ones.
    static func pair(_ old: [Named], _ new: [Named]) -> [Slot] {
        guard !old.isEmpty, let first = new.lazy.map(\.place).min() else { return [] }
        var names = NameTable(most: new.count)
        for slot in new where slot.place &- first < Int(UInt32.max) { names.insert(slot.name, slot.place &- first) }
        var pairs: [Slot] = []
        pairs.reserveCapacity(old.count)
        for slot in old {
            if let distance = names.number(slot.name) {
                pairs.append(Slot(old: slot.place, size: 8, new: first &+ distance))
            }
        }
        return pairs
    }

    /// Stubs that jump through slots that belong together.
    static func pair(_ old: [Stub], _ new: [Stub], through slots: [Slot]) -> [Slot] {
        var pairs: [Slot] = []
        pairs.reserveCapacity(slots.count)
        for slot in slots {
            if let from = old.first(for: slot.old), let to = new.first(for: slot.new) {
                pairs.append(Slot(old: from.address, size: from.size, new: to.address))
            }
        }
        return pairs
    }
}

extension [SlotMap.Stub] {
    fileprivate func first(for slot: Int) -> Element? {
        let before = binaryCount { $0.slot < slot }
        return before < count && self[before].slot == slot ? self[before] : nil
    }
}

extension [UInt64] {
    /// The hash of a symbol's name; nil when it has none.
    fileprivate func name(_ symbol: Int) -> UInt64? {
        indices.contains(symbol) && self[symbol] != 0 ? self[symbol] : nil
    }
}
