// Go's tables of functions and types, as runtime/symtab.go of Go 1.18 and later lays them out: 32-bit numbers, each relative to
// the start of the program's code or of a table. Little-endian, 64-bit.

/// Where the tables inside `.gopclntab` begin, as addresses.
struct GoTables {
    var text = 0
    var names = 0
    var units = 0
    var files = 0
    var counters = 0
    var functions = 0
    var data = 0
    var types = 0

    /// All 0 where there is no such section. Of a program that is being made only `.go.module` is there to be read.
    init(_ bytes: ByteView, _ image: ELFImage, isWhole: Bool) {
        text = image.section(named: ".text")?.address ?? 0
        guard let section = image.section(named: ".gopclntab"), section.size >= Self.headerBytes else { return }
        func table(_ field: Int) -> Int {
            let offset = bytes.i64(section.offset &+ field)
            return section.address &+ (0...section.size ~= offset ? offset : 0)
        }
        names = table(32)
        units = table(40)
        files = table(48)
        counters = table(56)
        functions = table(64)
        types = (image.section(named: ".go.type") ?? image.section(named: ".rodata"))?.address ?? 0
        data = Self.functionData(
            bytes, image, section.address, in: isWhole ? [".go.module", ".noptrdata", ".data"] : [".go.module"])
    }

    static let headerBytes = 72

    /// The program's description of itself begins with the address of `.gopclntab`; in it, the start of the read-only data is
    /// followed by the start of what functions point at.
    private static func functionData(
        _ bytes: ByteView, _ image: ELFImage, _ table: Int, in names: [StaticString]
    ) -> Int {
        let readOnly = image.section(named: ".rodata")?.address ?? 0
        for name in names {
            guard let section = image.section(named: name), section.role == .data else { continue }
            for start in stride(from: section.offset, to: section.end &- 15, by: 8) where bytes.i64(start) == table {
                let end = min(section.end, start &+ 512)
                let places = stride(from: start, to: end &- 15, by: 8).filter { bytes.i64($0) == readOnly }
                if let last = places.last { return bytes.i64(last &+ 8) & (ELFImage.largestPlace &- 1) }
            }
        }
        return 0
    }
}

extension ReferenceScanner {
    /// Of a function's description without its tables, by the first word of all: Go 1.20, and Go 1.18, which has no first line.
    private static func functionBytes(_ magic: UInt32) -> Int? {
        switch magic {
        case 0xFFFF_FFF1: 44
        case 0xFFFF_FFF0: 40
        default: nil
        }
    }

    /// The index of functions, and what stands about each: its code, name, file and tables by program counter.
    mutating func scanGoFunctions(_ section: ELFImage.Section) {
        guard section.size >= GoTables.headerBytes, let size = Self.functionBytes(bytes.u32(section.offset)) else {
            return
        }
        let count = bytes.i64(section.offset &+ 8)
        let index = section.offset &+ bytes.i64(section.offset &+ 64)
        guard count > 0, count < section.size / 8, index > section.offset, index < section.end &- count &* 8 &- 4 else {
            return
        }
        // Usually before the index.
        scanGoUnits(section)
        for entry in 0..<count {
            references.append(.goText, at: index &+ entry &* 8)
            references.append(.goFunction, at: index &+ entry &* 8 &+ 4)
        }
        references.append(.goText, at: index &+ count &* 8)
        // In the order of the index: no function is listed twice, however often a hostile index names it.
        var free = index &+ count &* 8 &+ 4
        for entry in 0..<count {
            let function = index &+ Int(bytes.u32(index &+ entry &* 8 &+ 4))
            if function >= free, function < section.end &- size {
                free = addGoFunction(function, size, end: section.end)
            }
        }
    }

    /// Which files each unit of compilation has: places in the table of file names.
    private mutating func scanGoUnits(_ section: ELFImage.Section) {
        let units = bytes.i64(section.offset &+ 40)
        let files = bytes.i64(section.offset &+ 48)
        guard units >= GoTables.headerBytes, files <= section.size, units < files else { return }
        for place in stride(from: section.offset &+ units, to: section.offset &+ files &- 3, by: 4)
        where bytes.u32(place) != UInt32.max {
            references.append(.goFile, at: place)
        }
    }

    /// Returns where the function's description ends.
    private mutating func addGoFunction(_ function: Int, _ size: Int, end: Int) -> Int {
        references.append(.goText, at: function)
        references.append(.goName, at: function &+ 4)
        for field in [16, 20, 24] { references.append(.goCounter, at: function &+ field) }
        references.append(.goUnit, at: function &+ 32)
        let counters = min(Int(bytes.u32(function &+ 28)), 64)
        var place = function &+ size
        for _ in 0..<counters where place &+ 4 <= end {
            references.append(.goCounter, at: place)
            place &+= 4
        }
        for _ in 0..<Int(bytes[function &+ size &- 1]) where place &+ 4 <= end {
            if bytes.u32(place) != UInt32.max { references.append(.goData, at: place) }
            place &+= 4
        }
        return place
    }

    /// Descriptions of types point at names, types and functions by numbers that look like any other: what is inside the
    /// section is taken for an offset in it, and two neighbours inside the code for a method's two entries.
    mutating func scanGoTypes(_ section: ELFImage.Section) {
        let code = image.section(named: ".text")?.size ?? 0
        var place = (section.offset &+ 3) & ~3
        while place &+ 4 <= section.end {
            let value = Int(bytes.u32(place))
            let next = Int(bytes.u32(place &+ 4))
            if value & 31 == 0, next & 31 == 0, value >= 4096, next >= 4096, value < code, next < code {
                references.append(.goText, at: place)
                references.append(.goText, at: place &+ 4)
                place &+= 8
                continue
            }
            if place & 7 == 0, next == 0 || bytes.u32(place &+ 4) == 0, span.contains(bytes.i64(place)) {
                references.append(.absolute, at: place)
                place &+= 8
                continue
            }
            if value >= 256, value < section.size { references.append(.goType, at: place) }
            place &+= 4
        }
    }
}
