/// Lists the references of an executable. The same for the same bytes, on both sides; nothing of it is in the patch.
///
/// A number that only looks like a reference does no harm but to the size of a patch: what is predicted wrong is corrected.
struct ReferenceScanner {
    let bytes: ByteView
    let image: ELFImage
    let span: Range<Int>
    let codeSpan: Range<Int>
    /// Address of the section with Go's types, which is -1 in other programs.
    let goTypes: Int
    var references: References
    /// Where switch tables may begin in read-only data: addresses of four bytes.
    let tableSpan: Range<Int>
    /// Such addresses that code points at.
    var tableCandidates: [Int] = []

    /// Nil when the references would take more than `memory` bytes.
    static func scan(_ bytes: ByteView, _ image: ELFImage, memory: Int = .max) -> References? {
        var scanner = ReferenceScanner(
            bytes: bytes, image: image, span: image.span, codeSpan: image.codeSpan,
            goTypes: image.section(named: ".gopclntab") == nil ? -1 : GoTables(bytes, image, isWhole: true).types,
            references: References(image.machine, room: memory), tableSpan: tableSpan(image))
        scanner.references.reserve(fileBytes: bytes.count)
        for section in image.sections.sorted(by: { $0.offset < $1.offset }) { scanner.scan(section) }
        scanner.scanSwitchTables()
        guard scanner.references.room >= 0 else { return nil }
        scanner.references.settle()
        return scanner.references.room >= 0 ? scanner.references : nil
    }

    private static func tableSpan(_ image: ELFImage) -> Range<Int> {
        guard let section = image.section(named: ".rodata"), section.role == .data else { return 0..<0 }
        return section.address..<max(section.address, section.addressEnd &- 3)
    }

    private mutating func scan(_ section: ELFImage.Section) {
        switch section.role {
        case .code: image.machine == .x86 ? scanX86(section) : scanARM(section)
        case .relocations: scanRelocations(section)
        case .dynamicSymbols, .symbols: scanSymbols(section)
        case .data where section.isNamed(".eh_frame"): scanFrames(section)
        case .data where section.isNamed(".eh_frame_hdr"): scanFrameIndex(section)
        case .data where section.isNamed(".gopclntab"): scanGoFunctions(section)
        case .data where section.address == goTypes: scanGoTypes(section)
        case .data where section.isNamed(".gnu.hash"): break
        case .data: scanAddresses(section)
        case .other, .strings, .noBits: break
        }
    }

    /// RELA entries: ELF64, 24 bytes of place, info, addend.
    private mutating func scanRelocations(_ section: ELFImage.Section) {
        for entry in stride(from: section.offset, to: section.end &- 23, by: 24) {
            references.append(.relocationPlace, at: entry)
            if bytes.u32(entry &+ 12) != 0 { references.append(.relocationSymbol, at: entry &+ 12) }
            if span.contains(bytes.i64(entry &+ 16)) { references.append(.relocationAddend, at: entry &+ 16) }
        }
    }

    /// Symbols: ELF64, 24 bytes, the name's offset first, the value in the middle.
    private mutating func scanSymbols(_ section: ELFImage.Section) {
        for entry in stride(from: section.offset, to: section.end &- 23, by: 24) {
            if bytes.u32(entry) != 0 { references.append(.symbolName, at: entry) }
            if span.contains(bytes.i64(entry &+ 8)) { references.append(.symbolValue, at: entry &+ 8) }
        }
    }

    private mutating func scanFrames(_ section: ELFImage.Section) {
        var entry = section.offset
        while entry &+ 12 <= section.end {
            let length = Int(bytes.u32(entry))
            guard length > 0, length <= section.end &- entry &- 4 else { return }
            if bytes.u32(entry &+ 4) != 0, length >= 12 {
                references.append(.frameCommon, at: entry &+ 4)
                references.append(.frameStart, at: entry &+ 8)
                // Augmentation data of four bytes: a pointer to data for exceptions.
                if length >= 17, bytes[entry &+ 16] == 4, bytes.u32(entry &+ 17) != 0 {
                    references.append(.frameData, at: entry &+ 17)
                }
            }
            entry &+= 4 &+ length
        }
    }

    private mutating func scanFrameIndex(_ section: ELFImage.Section) {
        guard section.size >= 12 else { return }
        references.append(.frameStart, at: section.offset &+ 4)
        for place in stride(from: section.offset &+ 12, to: section.end &- 3, by: 4) {
            references.append(.frameIndex, at: place)
        }
    }

    private mutating func scanAddresses(_ section: ELFImage.Section) {
        for place in stride(from: (section.offset &+ 7) & ~7, to: section.end &- 7, by: 8) {
            let value = bytes.i64(place)
            if value > 4096, span.contains(value) { references.append(.absolute, at: place) }
        }
    }

    /// Switch tables of compilers: 32 bits an entry, from the table's start to the code. A table ends where the next
    /// begins, or where an entry does not point at code.
    private mutating func scanSwitchTables() {
        guard let section = image.section(named: ".rodata"), !codeSpan.isEmpty else { return }
        tableCandidates.sort()
        for (index, start) in tableCandidates.enumerated() {
            let next = index &+ 1
            let end = next < tableCandidates.count ? tableCandidates[next] : section.addressEnd
            var place = start
            while place &+ 4 <= end, codeSpan.contains(start &+ bytes.i32(section.offset &+ place &- section.address)) {
                let offset = section.offset &+ place &- section.address
                if place == start { references.tables.append(UInt32(truncatingIfNeeded: offset)) }
                references.append(.switchTable, at: offset)
                place &+= 4
            }
        }
    }
}
