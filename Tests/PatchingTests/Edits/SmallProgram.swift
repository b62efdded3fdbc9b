/// An ELF64 file made by hand: sections in one segment, at `base` and the place that each has in the file.
struct SmallProgram {
    struct Section {
        var name: String
        var type: UInt32 = 1
        /// 2 is in memory, 4 is code.
        var flags: UInt64 = 2
        var bytes: [UInt8] = []
        var link = ""
        /// Of a section without bytes in the file.
        var emptyBytes = 0
    }

    static let base = 0x40_0000
    static let first = 0x1000
    private static let align = 64

    var machine: UInt16 = 62
    var sections: [Section] = []

    init(machine: UInt16 = 62, _ sections: [Section]) { (self.machine, self.sections) = (machine, sections) }

    /// Where each section stands in the file.
    private var offsets: [Int] {
        var place = Self.first
        return sections.map { section in
            defer { place = (place + section.bytes.count + Self.align - 1) / Self.align * Self.align }
            return place
        }
    }

    func offset(_ name: String) -> Int {
        sections.firstIndex { $0.name == name }.map { offsets[$0] } ?? -1
    }

    func address(_ name: String) -> Int { Self.base + offset(name) }

    subscript(_ name: String) -> [UInt8] {
        get { sections.first { $0.name == name }?.bytes ?? [] }
        set {
            for index in sections.indices where sections[index].name == name { sections[index].bytes = newValue }
        }
    }

    var bytes: [UInt8] {
        var names: [UInt8] = [0]
        var headers: [UInt8] = [UInt8](repeating: 0, count: 64)
        for (index, section) in sections.enumerated() {
            let link = sections.firstIndex { $0.name == section.link }.map { $0 + 1 } ?? 0
            headers += header(
                names.count, section.type, section.flags, offsets[index],
                section.bytes.isEmpty ? section.emptyBytes : section.bytes.count, link)
            names += Array(section.name.utf8) + [0]
        }
        let end = (offsets.last ?? Self.first) + (sections.last?.bytes.count ?? 0)
        let nameOffset = names.count
        names += Array(".shstrtab".utf8) + [0]
        headers += header(nameOffset, 3, 0, end, names.count, 0)
        let headerPlace = (end + names.count + 63) / 64 * 64
        var file = fileHeader(sectionHeaders: headerPlace) + programHeader(end: end)
        file += [UInt8](repeating: 0, count: Self.first - file.count)
        for (offset, section) in zip(offsets, sections) {
            file += [UInt8](repeating: 0, count: offset - file.count) + section.bytes
        }
        file += names
        return file + [UInt8](repeating: 0, count: headerPlace - file.count) + headers
    }

    private func header(_ name: Int, _ type: UInt32, _ flags: UInt64, _ offset: Int, _ size: Int, _ link: Int)
        -> [UInt8]
    {
        word(name) + word(Int(type)) + long(Int(flags)) + long(flags & 2 == 0 ? 0 : Self.base + offset) + long(offset)
            + long(size) + word(link) + word(0) + long(1) + long(0)
    }

    private func fileHeader(sectionHeaders: Int) -> [UInt8] {
        [0x7F, 0x45, 0x4C, 0x46, 2, 1, 1, 0] + long(0) + half(3) + half(Int(machine)) + word(1) + long(0) + long(64)
            + long(sectionHeaders) + word(0) + half(64) + half(56) + half(1) + half(64) + half(sections.count + 2)
            + half(sections.count + 1)
    }

    private func programHeader(end: Int) -> [UInt8] {
        let inMemory = sections.filter { $0.bytes.isEmpty }.reduce(end) { $0 + $1.emptyBytes }
        return word(1) + word(5) + long(0) + long(Self.base) + long(Self.base) + long(end) + long(inMemory) + long(4096)
    }
}

func half(_ value: Int) -> [UInt8] { little(value, 2) }
func word(_ value: Int) -> [UInt8] { little(value, 4) }
func long(_ value: Int) -> [UInt8] { little(value, 8) }

private func little(_ value: Int, _ width: Int) -> [UInt8] {
    (0..<width).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

extension [UInt8] {
    /// Puts a number's bytes over those at `place`.
    mutating func put(_ bytes: [UInt8], at place: Int) { replaceSubrange(place..<place + bytes.count, with: bytes) }
}
