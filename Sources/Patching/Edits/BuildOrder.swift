/// The order in which a new program's bytes are made, so that what predicts others is there first: headers, names, symbols,
/// relocations, linkage stubs, and then the rest. Each step is a list of ranges that no step before it had.
struct BuildOrder {
    enum Step: Int, CaseIterable {
        case header, headers, sectionNames, tables, strings, symbols, relocations, stubs, rest

        /// Before the headers are there, nobody knows what is where.
        var isPredicted: Bool { self != .header && self != .headers && self != .sectionNames }
    }

    /// What all steps so far had, in order.
    private(set) var done: [Range<Int>] = []
    private let count: Int

    init(count: Int) { self.count = count }

    /// What of the file belongs to `step`, in order. `image` is the new program as far as it is made.
    mutating func ranges(_ step: Step, _ image: ELFImage?) -> [Range<Int>] {
        take(wanted(step, image))
    }

    private func wanted(_ step: Step, _ image: ELFImage?) -> [Range<Int>] {
        guard step != .header else { return [0..<min(ELFImage.headerBytes, count)] }
        guard step != .rest, let image else { return step == .rest ? [0..<count] : [] }
        let symbols = image.symbolTables.map { image.sections[$0] }
        switch step {
        case .headers: return [image.programHeaders, image.sectionHeaders]
        case .sectionNames: return [image.sectionNames]
        case .strings:
            return symbols.compactMap {
                image.sections.indices.contains($0.link) ? range(image.sections[$0.link]) : nil
            }
        case .tables:
            let table = image.section(named: ".gopclntab").map { range($0).prefix(GoTables.headerBytes) }
            return [table, image.section(named: ".go.module").map(range)].compactMap { $0 }
        case .symbols: return symbols.map(range)
        case .relocations: return image.sections.filter { $0.role == .relocations }.map(range)
        case .stubs: return image.stubSections.map { range($0.section) }
        case .header, .rest: return []
        }
    }

    private func range(_ section: ELFImage.Section) -> Range<Int> {
        section.role == .noBits ? 0..<0 : section.offset..<section.end
    }

    private mutating func take(_ wanted: [Range<Int>]) -> [Range<Int>] {
        var taken: [Range<Int>] = []
        for range in wanted.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            let free = freeParts(of: range.clamped(to: 0..<count))
            taken += free
            done = (done + free).sorted { $0.lowerBound < $1.lowerBound }
        }
        return taken
    }

    private func freeParts(of range: Range<Int>) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for other in done where other.upperBound > start && other.lowerBound < range.upperBound {
            if other.lowerBound > start { parts.append(start..<other.lowerBound) }
            start = max(start, other.upperBound)
        }
        if start < range.upperBound { parts.append(start..<range.upperBound) }
        return parts
    }
}
