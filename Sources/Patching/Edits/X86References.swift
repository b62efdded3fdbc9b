// References in x86-64 code, found by the bytes around them: Intel SDM volume 2, chapter 2 (ModR/M) and the opcode maps.

extension ReferenceScanner {
    mutating func scanX86(_ section: ELFImage.Section) {
        var place = section.offset
        let end = section.end
        // What a place in this section has to be raised by to be an address.
        let shift = section.address &- section.offset
        let (base, codeSpan) = (bytes.base, codeSpan)
        while place &+ 5 <= end {
            let byte = base[place]
            // Nine bytes in ten can begin no reference.
            guard Self.begins(byte) else {
                place &+= 1
                continue
            }
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

    @inline(__always)
    private static func begins(_ byte: UInt8) -> Bool {
        byte & 0xC7 == 0x05 || byte & 0xFE == 0xE8 || byte == 0x0F
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
