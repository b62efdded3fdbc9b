// References in AArch64 code: ARM DDI 0487, chapter C6. Every instruction is 32 bits at a place that 4 divides.

extension ReferenceScanner {
    /// How many instructions after ADRP its second half is looked for.
    private static let reach = 8

    mutating func scanARM(_ section: ELFImage.Section) {
        let shift = section.address &- section.offset
        var halves = SecondHalves()
        for place in stride(from: (section.offset &+ 3) & ~3, to: section.end &- 3, by: 4) {
            let word = bytes.u32(place)
            if word & 0x7C00_0000 == 0x1400_0000 {
                if codeSpan.contains(place &+ shift &+ ARMInstruction.branch(word)) {
                    references.append(.armBranch, at: place)
                }
            } else if word & 0xFF00_0010 == 0x5400_0000 || word & 0x7E00_0000 == 0x3400_0000 {
                if codeSpan.contains(place &+ shift &+ ARMInstruction.conditional(word)) {
                    references.append(.armConditional, at: place)
                }
            } else if word & 0x9F00_0000 == 0x9000_0000 {
                addPage(word, at: place, end: section.end, shift: shift, &halves)
            } else if let target = halves.take(at: place) {
                references.append(.armPageOffset, at: place, target: target)
            }
        }
    }

    /// ADRP, and the ADD or load that adds the rest of the address: that waits until its place is reached.
    private mutating func addPage(
        _ word: UInt32, at place: Int, end: Int, shift: Int, _ halves: inout SecondHalves
    ) {
        let page = (place &+ shift) & ~0xFFF &+ ARMInstruction.page(word)
        for step in 1...Self.reach where place &+ step &* 4 &+ 4 <= end {
            let other = bytes.u32(place &+ step &* 4)
            guard (other >> 5) & 31 == word & 31, let low = ARMInstruction.pageOffset(other) else { continue }
            guard span.contains(page &+ low) else { return }
            let target = page &+ low &- span.lowerBound
            references.append(.armPage, at: place, target: target)
            halves.add(target, at: place &+ step &* 4)
            return
        }
        if span.contains(page) { references.append(.armPage, at: place, target: page &- span.lowerBound) }
    }
}

/// Second halves of addresses that have been announced, at most as many as `reach`: the first word for a place counts.
private struct SecondHalves {
    private var waiting: [(place: Int, target: Int)] = []

    mutating func add(_ target: Int, at place: Int) {
        if !waiting.contains(where: { $0.place == place }) { waiting.append((place, target)) }
    }

    mutating func take(at place: Int) -> Int? {
        guard !waiting.isEmpty, let index = waiting.firstIndex(where: { $0.place == place }) else { return nil }
        return waiting.remove(at: index).target
    }
}

/// Numbers inside AArch64 instructions, in bytes, and the same instruction with another number.
enum ARMInstruction {
    @inline(__always)
    private static func signed(_ value: UInt32, bits: UInt32) -> Int {
        Int(Int32(bitPattern: value << (32 &- bits)) >> Int32(32 &- bits))
    }

    static func branch(_ word: UInt32) -> Int { signed(word & 0x03FF_FFFF, bits: 26) &* 4 }

    static func conditional(_ word: UInt32) -> Int { signed((word >> 5) & 0x7_FFFF, bits: 19) &* 4 }

    static func page(_ word: UInt32) -> Int { signed((word >> 3) & 0x1F_FFFC | (word >> 29) & 3, bits: 21) &* 4096 }

    /// Of ADD (immediate, not shifted) and of loads and stores with an unsigned offset; nil for others.
    static func pageOffset(_ word: UInt32) -> Int? {
        let number = Int((word >> 10) & 0xFFF)
        if word & 0xFFC0_0000 == 0x9100_0000 { return number }
        return word & 0x3B00_0000 == 0x3900_0000 ? number << scale(word) : nil
    }

    /// Loads and stores count in units of what they move: 1 to 16 bytes.
    private static func scale(_ word: UInt32) -> UInt32 {
        word & 0x0480_0000 == 0x0480_0000 && word >> 30 == 0 ? 4 : word >> 30
    }

    static func branch(_ word: UInt32, to distance: Int) -> UInt32 {
        word & 0xFC00_0000 | UInt32(truncatingIfNeeded: distance >> 2) & 0x03FF_FFFF
    }

    static func conditional(_ word: UInt32, to distance: Int) -> UInt32 {
        word & 0xFF00_001F | (UInt32(truncatingIfNeeded: distance >> 2) & 0x7_FFFF) << 5
    }

    static func page(_ word: UInt32, to distance: Int) -> UInt32 {
        let pages = UInt32(truncatingIfNeeded: distance >> 12)
        return word & 0x9F00_001F | (pages & 3) << 29 | ((pages >> 2) & 0x7_FFFF) << 5
    }

    static func pageOffset(_ word: UInt32, to target: Int) -> UInt32 {
        let isAdd = word & 0xFFC0_0000 == 0x9100_0000
        let number = UInt32(truncatingIfNeeded: (target & 0xFFF) >> (isAdd ? 0 : Int(scale(word))))
        return word & ~(0xFFF << 10) | (number & 0xFFF) << 10
    }
}
