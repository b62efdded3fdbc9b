/// The parts of an ELF64 little-endian file that references are predicted by: where things stand in the file and in memory.
///
/// Read from headers that may say anything. What does not fit into the file is left out, never followed. Source: the System
/// V ABI, chapters 4 and 5. Offsets and addresses are below 2^46, so sums of a few of them cannot overflow.
struct ELFImage {
    enum Machine: Equatable { case x86, arm }

    struct Section: Equatable {
        enum Role: UInt8 { case other, code, relocations, dynamicSymbols, symbols, strings, data, noBits }

        var role: Role
        var name: [UInt8]
        var address: Int
        var offset: Int
        var size: Int
        /// Index of the section that this one refers to.
        var link: Int

        var end: Int { offset &+ size }
        var addressEnd: Int { address &+ size }

        func isNamed(_ text: StaticString) -> Bool {
            name.count == text.utf8CodeUnitCount
                && text.withUTF8Buffer { wanted in name.elementsEqual(wanted) }
        }
    }

    /// A part of the file that is mapped into memory.
    struct Segment: Equatable {
        var address: Int
        var offset: Int
        var fileSize: Int
        var memorySize: Int
    }

    static let largestPlace = 1 << 46
    static let headerBytes = 64
    private static let mostSections = 1024
    private static let mostSegments = 32
    private static let longestName = 64

    let machine: Machine
    let fileBytes: Int
    var sections: [Section] = []
    var segments: [Segment] = []

    /// Where the program headers, the section headers and the section names stand, as far as they are inside the file.
    let programHeaders: Range<Int>
    let sectionHeaders: Range<Int>
    private(set) var sectionNames = 0..<0

    /// Nil when this is no ELF file of a kind that is known.
    init?(_ bytes: ByteView) {
        guard bytes.count > Self.headerBytes, bytes.u32(0) == 0x464c_457f, bytes[4] == 2, bytes[5] == 1 else {
            return nil
        }
        switch bytes.u16(18) {
        case 62: machine = .x86
        case 183: machine = .arm
        default: return nil
        }
        fileBytes = bytes.count
        programHeaders = Self.range(
            bytes.i64(32), count: min(bytes.u16(56), Self.mostSegments), each: 56, in: bytes.count)
        sectionHeaders = Self.range(
            bytes.i64(40), count: min(bytes.u16(60), Self.mostSections), each: 64, in: bytes.count)
        readSegments(bytes)
        readSections(bytes)
    }

    private static func range(_ offset: Int, count: Int, each: Int, in size: Int) -> Range<Int> {
        guard offset > 0, offset < size else { return 0..<0 }
        return offset..<(offset &+ min(count &* each, size &- offset))
    }

    private mutating func readSegments(_ bytes: ByteView) {
        for header in stride(from: programHeaders.lowerBound, to: programHeaders.upperBound &- 55, by: 56)
        where bytes.u32(header) == 1 {
            let segment = Segment(
                address: bytes.i64(header &+ 16), offset: bytes.i64(header &+ 8), fileSize: bytes.i64(header &+ 32),
                memorySize: bytes.i64(header &+ 40))
            let isPlausible =
                [segment.address, segment.memorySize].allSatisfy { 0..<Self.largestPlace ~= $0 }
                && 0...fileBytes ~= segment.offset && 0...(fileBytes &- segment.offset) ~= segment.fileSize
                && segment.memorySize >= segment.fileSize
            if isPlausible { segments.append(segment) }
        }
    }

    private mutating func readSections(_ bytes: ByteView) {
        let count = sectionHeaders.count / 64
        let names = sectionHeaders.lowerBound &+ bytes.u16(62) &* 64
        if bytes.u16(62) < count {
            sectionNames = Self.range(
                bytes.i64(names &+ 24), count: 1, each: max(0, min(bytes.i64(names &+ 32), 1 << 20)), in: fileBytes)
        }
        for index in 0..<count {
            sections.append(section(bytes, at: sectionHeaders.lowerBound &+ index &* 64))
        }
        keepApart()
    }

    /// No byte of the file has two roles, and there is one table of symbols of each kind, as the ABI has it. A hostile table
    /// of sections would have every byte looked at, and its references kept, a thousand times.
    private mutating func keepApart() {
        var end = 0
        var tables: Set<Section.Role> = []
        let inFile = sections.indices.filter { sections[$0].role != .other && sections[$0].role != .noBits }
        for index in inFile.sorted(by: { (sections[$0].offset, $0) < (sections[$1].offset, $1) }) {
            let (role, size) = (sections[index].role, sections[index].size)
            let isSecond = (role == .symbols || role == .dynamicSymbols) && !tables.insert(role).inserted
            guard !isSecond, size == 0 || sections[index].offset >= end else {
                sections[index].role = .other
                continue
            }
            end = max(end, sections[index].end)
        }
    }

    /// What does not fit into file or memory is an empty section without a role.
    private func section(_ bytes: ByteView, at header: Int) -> Section {
        let type = bytes.u32(header &+ 4)
        let flags = bytes.u64(header &+ 8)
        var section = Section(
            role: .other, name: name(bytes, at: Int(bytes.u32(header))), address: bytes.i64(header &+ 16),
            offset: bytes.i64(header &+ 24), size: bytes.i64(header &+ 32), link: Int(bytes.u32(header &+ 40)))
        let isInMemory = 0..<Self.largestPlace ~= section.address && 0..<Self.largestPlace ~= section.size
        let isInFile = 0...fileBytes ~= section.offset && 0...(fileBytes &- section.offset) ~= section.size
        guard type != 0, isInMemory, isInFile || type == 8 else {
            return Section(role: .other, name: [], address: 0, offset: 0, size: 0, link: 0)
        }
        section.role =
            switch type {
            case 8: .noBits
            case 4: .relocations
            case 11: .dynamicSymbols
            case 2: .symbols
            case 3: .strings
            case _ where flags & 4 != 0: .code
            case 1, 6, 14, 15, 16: flags & 2 != 0 ? .data : .other
            default: .other
            }
        return section
    }

    private func name(_ bytes: ByteView, at offset: Int) -> [UInt8] {
        var name: [UInt8] = []
        var place = sectionNames.lowerBound &+ offset
        while sectionNames.contains(place), bytes[place] != 0, name.count < Self.longestName {
            name.append(bytes[place])
            place &+= 1
        }
        return name
    }

    func section(named name: StaticString) -> Section? { sections.first { $0.isNamed(name) } }

    /// Indices of the tables of symbols: at most one of each kind.
    var symbolTables: [Int] {
        sections.indices.filter { sections[$0].role == .symbols || sections[$0].role == .dynamicSymbols }
    }

    /// The tables that dynamic linking fills with addresses.
    var offsetTables: [Section] { [section(named: ".got"), section(named: ".got.plt")].compactMap { $0 } }

    /// Stubs that jump through those tables, and how many bytes each has.
    var stubSections: [(section: Section, stub: Int)] {
        sections.filter { $0.role == .code && $0.name.starts(with: ".plt".utf8) }
            .map { ($0, $0.isNamed(".plt.got") && machine == .x86 ? 8 : 16) }
    }

    /// Where in memory the byte at `offset` of the file stands. Bytes that are not mapped get addresses of their own, above all
    /// others, so that they can be told apart.
    @inline(__always)
    func address(ofOffset offset: Int) -> Int {
        for segment in segments where offset >= segment.offset && offset &- segment.offset < segment.fileSize {
            return segment.address &+ (offset &- segment.offset)
        }
        return Self.largestPlace &+ offset
    }

    /// What to add to `offset`, and to all that follow it before `end`, to get an address.
    func addresses(from offset: Int) -> (shift: Int, end: Int) {
        for segment in segments where offset >= segment.offset && offset &- segment.offset < segment.fileSize {
            return (segment.address &- segment.offset, firstEnd(behind: offset, segment.offset &+ segment.fileSize))
        }
        return (Self.largestPlace, firstEnd(behind: offset, Int.max))
    }

    /// Where another segment begins before `end`, or that: which segment counts is asked for again there.
    private func firstEnd(behind offset: Int, _ end: Int) -> Int {
        segments.reduce(end) { $1.offset > offset ? min($0, $1.offset) : $0 }
    }

    /// From the lowest to the highest address in use.
    var span: Range<Int> {
        let low = segments.map(\.address).min() ?? 0
        let high = segments.map { $0.address &+ $0.memorySize }.max() ?? 0
        return low..<max(low, high)
    }

    /// The addresses of code, from the lowest to the highest.
    var codeSpan: Range<Int> {
        let code = sections.filter { $0.role == .code }
        let low = code.map(\.address).min() ?? 0
        return low..<max(low, code.map(\.addressEnd).max() ?? 0)
    }
}
