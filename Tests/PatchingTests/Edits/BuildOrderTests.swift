import Testing

@testable import Patching

@Suite struct BuildOrderTests {
    /// The ranges of all steps, as an encoder has them.
    private func ranges(_ bytes: [UInt8]) -> [Range<Int>] {
        var order = BuildOrder(count: bytes.count)
        let image = view(bytes) { ELFImage($0) }
        return BuildOrder.Step.allCases.flatMap { order.ranges($0, image) }
    }

    private func coversAllOnce(_ bytes: [UInt8]) -> Bool {
        var end = 0
        for range in ranges(bytes).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            guard range.lowerBound == end, !range.isEmpty else { return false }
            end = range.upperBound
        }
        return end == bytes.count
    }

    @Test(arguments: [0, 1, 63, 64, 65, 5000])
    func aFileThatIsNoProgramIsCoveredOnce(_ count: Int) {
        #expect(coversAllOnce([UInt8](repeating: 1, count: count)))
    }

    @Test func aProgramIsCoveredOnce() {
        #expect(coversAllOnce(LinkedProgram(isUpdate: false).program.bytes))
        #expect(coversAllOnce(LinkedProgram(isUpdate: true).program.bytes))
    }

    @Test func whatSaysWhereThingsAreComesFirst() throws {
        let program = LinkedProgram(isUpdate: false).program
        let image = try #require(view(program.bytes) { ELFImage($0) })
        var order = BuildOrder(count: program.bytes.count)
        let steps = BuildOrder.Step.allCases.map { order.ranges($0, image) }
        func all(_ name: String) -> Range<Int> {
            program.offset(name)..<program.offset(name) + program[name].count
        }
        #expect(steps[0] == [0..<64])
        #expect(steps[1] == [64..<120, image.sectionHeaders])
        #expect(steps[2] == [image.sectionNames])
        #expect(steps[4] == [all(".dynstr")])
        #expect(steps[5] == [all(".dynsym")])
        #expect(steps[6] == [all(".rela.dyn")])
        #expect(steps[7] == [all(".plt")])
    }

    /// A table of sections that says anything, with sizes and places near each other and near every limit.
    @Test(arguments: 0..<200)
    func anyTableOfSectionsIsCoveredOnceAndGivesNoByteTwoRoles(_ seed: UInt64) throws {
        let bytes = HostileProgram.random(seed)
        #expect(coversAllOnce(bytes))
        guard let image = view(bytes, { ELFImage($0) }) else { return }
        var end = 0
        let used = image.sections.filter { $0.role != .other && $0.role != .noBits && $0.size > 0 }
        for section in used.sorted(by: { $0.offset < $1.offset }) {
            #expect(section.offset >= end && section.end <= bytes.count)
            end = section.end
        }
        #expect(used.filter { $0.role == .symbols }.count <= 1)
    }
}
