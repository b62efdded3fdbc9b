/// Slots of dynamic linking by the names of their symbols: where an entry of the old procedure linkage table or global
/// offset table is in the new program, whatever order the linker put them in.
struct SlotMap {
    struct Slot: Equatable {
        var old: Int
        var size: Int
        var new: Int
    }

    /// For each symbol, by a hash of its name: two with one hash cost bytes in a patch and nothing else.
    typealias Names = [UInt64: Int]

    /// How many slots there can be: each has eight bytes of a table and a relocation.
    static func mostSlots(_ image: ELFImage) -> Int {
        let relocations = image.sections.filter { $0.role == .relocations }.reduce(0) { $0 &+ $1.size / 24 }
        return min(image.offsetTables.reduce(0) { $0 &+ $1.size / 8 }, relocations)
    }

    static func mostStubs(_ image: ELFImage) -> Int {
        image.stubSections.reduce(0) { $0 &+ $1.section.size / $1.stub }
    }

    /// The relocations' places in `image`, by symbol.
    static func offsetSlots(_ bytes: ByteView, _ image: ELFImage) -> Names {
        var slots: Names = [:]
        let tables = image.offsetTables
        let most = mostSlots(image)
        for section in image.sections where section.role == .relocations {
            guard let symbols = SymbolTable(bytes, image, sectionIndex: section.link) else { continue }
            for entry in stride(from: section.offset, to: section.end &- 23, by: 24) where slots.count < most {
                let symbol = Int(bytes.u32(entry &+ 12))
                let place = bytes.i64(entry)
                guard symbol > 0, tables.contains(where: { place >= $0.address && place < $0.addressEnd }),
                    let name = symbols.nameHash(symbol)
                else { continue }
                slots[name] = place
            }
        }
        return slots
    }

    /// Stubs of the procedure linkage tables, by the slot that each jumps through. `jmp *slot(%rip)`, FF 25, in units of 8 or
    /// 16 bytes; on AArch64 ADRP and LDR in units of 16.
    static func stubs(_ bytes: ByteView, _ image: ELFImage) -> [Int: Slot] {
        var stubs: [Int: Slot] = [:]
        for (section, size) in image.stubSections {
            for stub in stride(from: section.offset, to: section.end &- size &+ 1, by: size) {
                let address = section.address &+ stub &- section.offset
                guard let slot = target(bytes, image, stub: stub, address: address, size: size) else { continue }
                stubs[slot] = Slot(old: address, size: size, new: 0)
            }
        }
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

    /// Slots that both programs have a symbol for.
    static func pair(_ old: Names, _ new: Names) -> [Slot] {
        old.compactMap { name, place in new[name].map { Slot(old: place, size: 8, new: $0) } }
    }

    /// Stubs that jump through slots that belong together.
    static func pair(_ old: [Int: Slot], _ new: [Int: Slot], through slots: [Slot]) -> [Slot] {
        slots.compactMap { slot in
            guard let from = old[slot.old], let to = new[slot.new] else { return nil }
            return Slot(old: from.old, size: from.size, new: to.old)
        }
    }
}
