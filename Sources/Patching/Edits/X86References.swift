// References in x86-64 code, found by the bytes around them: Intel SDM volume 2, chapter 2 (ModR/M) and the opcode maps.

extension ReferenceScanner {
    mutating func scanX86(_ section: ELFImage.Section) {
        var place = section.offset
        let end = section.end
        // What a place in this section has to be raised by to be an address.
        let shift = section.address &- section.offset
        let (base, codeSpan) = (bytes.base, codeSpan)
        while place &+ 5 <= end {
            // Nine bytes in ten can begin no reference.
            if place &+ 8 <= end {
                let candidates = Self.candidates(
                    UnsafeRawPointer(base + place).loadUnaligned(as: UInt64.self).littleEndian)
                place &+= candidates.trailingZeroBitCount >> 3
                guard candidates != 0, place &+ 5 <= end else { continue }
            }
            let byte = base[place]
            if byte == 0xE8 || byte == 0xE9 {
                if codeSpan.contains(place &+ 5 &+ shift &+ bytes.i32(place &+ 1)) {
                    references.append(.call, at: place &+ 1)
                    place &+= 5
                    continue
                }
            } else if byte == 0x0F {
                if bytes[place &+ 1] & 0xF0 == 0x80, place &+ 6 <= end,
                    codeSpan.contains(place &+ 6 &+ shift &+ bytes.i32(place &+ 2))
                {
                    references.append(.jump, at: place &+ 2)
                    place &+= 6
                    continue
                }
            } else if byte & 0xC7 == 0x05, place > section.offset, addData(at: place, shift: shift) {
                place &+= 5
                continue
            }
            place &+= 1
        }
    }

    /// The top bit of each byte that may begin a reference. The first is right, and what follows it may be one too many.
    @inline(__always)
    private static func candidates(_ word: UInt64) -> UInt64 {
        let (ones, tops) = (0x0101_0101_0101_0101 as UInt64, 0x8080_8080_8080_8080 as UInt64)
        let data = word & (ones &* 0xC7) ^ (ones &* 0x05)
        let call = word & (ones &* 0xFE) ^ (ones &* 0xE8)
        let jump = word ^ (ones &* 0x0F)
        return ((data &- ones) & ~data | (call &- ones) & ~call | (jump &- ones) & ~jump) & tops
    }

    /// A ModR/M byte that means an address relative to the next instruction.
    private mutating func addData(at place: Int, shift: Int) -> Bool {
        let kind = Self.kind(opcode: bytes.base[place &- 1], register: (bytes.base[place] >> 3) & 7)
        let immediate = kind == .data0 ? 0 : kind == .data1 ? 1 : 4
        let target = place &+ 5 &+ immediate &+ shift &+ bytes.i32(place &+ 1)
        guard span.contains(target) else { return false }
        references.append(kind, at: place &+ 1)
        if kind == .data0, bytes.base[place &- 1] == 0x8D, target & 3 == 0, tableSpan.contains(target),
            references.take(EditMemory.eachCandidate)
        {
            tableCandidates.append(target)
        }
        return true
    }

    /// By how many immediate bytes follow the reference.
    private static func kind(opcode: UInt8, register: UInt8) -> ReferenceKind {
        switch opcode {
        case 0x80, 0x83, 0xC6, 0xC0, 0xC1, 0x6B, 0xBA: .data1
        case 0x81, 0xC7, 0x69: .data4
        case 0xF6: register < 2 ? .data1 : .data0
        case 0xF7: register < 2 ? .data4 : .data0
        default: .data0
        }
    }
}
