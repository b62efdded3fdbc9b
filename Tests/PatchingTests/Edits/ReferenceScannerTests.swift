import Testing

@testable import Patching

@Suite struct ReferenceScannerTests {
    struct Found: Equatable, CustomStringConvertible {
        var kind: ReferenceKind
        var place: Int
        var description: String { "\(kind) at \(place)" }
    }

    /// In a section, by places in it.
    private func found(_ section: String, in program: SmallProgram) -> [Found] {
        let start = program.offset(section)
        guard let references = oldProgram(program.bytes)?.references else { return [] }
        return references.all.map { Found(kind: $0.kind, place: $0.place - start) }
            .filter { 0..<program[section].count ~= $0.place }
    }

    /// Opcode up to the reference, its kind, how many bytes follow it. Intel SDM volume 2.
    @Test(
        arguments: [
            ([0xE8], .call, 0), ([0xE9], .call, 0), ([0x0F, 0x80], .jump, 0), ([0x0F, 0x8F], .jump, 0),
            ([0x48, 0x8D, 0x05], .data0, 0), ([0x8B, 0x3D], .data0, 0), ([0x48, 0x89, 0x35], .data0, 0),
            ([0xFF, 0x25], .data0, 0), ([0xF6, 0x15], .data0, 0), ([0xF7, 0x1D], .data0, 0), ([0x80, 0x3D], .data1, 1),
            ([0x83, 0x05], .data1, 1), ([0xC6, 0x05], .data1, 1), ([0xC1, 0x25], .data1, 1), ([0xF6, 0x05], .data1, 1),
            ([0x6B, 0x05], .data1, 1), ([0x0F, 0xBA, 0x25], .data1, 1), ([0x81, 0x3D], .data4, 4),
            ([0xC7, 0x05], .data4, 4),
            ([0xF7, 0x05], .data4, 4), ([0x69, 0x05], .data4, 4),
        ] as [([UInt8], ReferenceKind, Int)])
    func aReferenceInCodeIsFoundWhereItStands(_ opcode: [UInt8], _ kind: ReferenceKind, _ immediate: Int) {
        let nops = [UInt8](repeating: 0x90, count: 16)
        // Its own section's first byte.
        let distance = -(16 + opcode.count + 4 + immediate)
        let code = nops + opcode + word(distance) + [UInt8](repeating: 1, count: immediate) + nops
        let program = SmallProgram([.init(name: ".text", flags: 6, bytes: code)])
        #expect(found(".text", in: program) == [Found(kind: kind, place: 16 + opcode.count)])
    }

    /// One byte before the first and at the end of everything.
    @Test(arguments: [[0xE8], [0x0F, 0x84], [0x48, 0x8D, 0x05]] as [[UInt8]], [-SmallProgram.first - 1, 0x10_0000])
    func whatPointsOutsideIsNoReference(_ opcode: [UInt8], _ target: Int) {
        let code = opcode + word(target - opcode.count - 4) + [0x90, 0x90]
        let program = SmallProgram([.init(name: ".text", flags: 6, bytes: code)])
        #expect(found(".text", in: program) == [])
    }

    @Test func tablesOfAProgramAreListedEntryByEntry() {
        let program = LinkedProgram(isUpdate: false).program
        #expect(
            found(".rela.dyn", in: program) == [
                Found(kind: .relocationPlace, place: 0), Found(kind: .relocationSymbol, place: 12),
                Found(kind: .relocationPlace, place: 24), Found(kind: .relocationSymbol, place: 36),
                Found(kind: .relocationPlace, place: 48), Found(kind: .relocationAddend, place: 64),
            ])
        #expect(
            found(".dynsym", in: program) == [
                Found(kind: .symbolName, place: 24), Found(kind: .symbolValue, place: 32),
                Found(kind: .symbolName, place: 48), Found(kind: .symbolValue, place: 56),
            ])
        #expect(
            found(".eh_frame", in: program) == [
                Found(kind: .frameCommon, place: 28), Found(kind: .frameStart, place: 32),
                Found(kind: .frameData, place: 41),
            ])
        #expect(
            found(".eh_frame_hdr", in: program) == [
                Found(kind: .frameStart, place: 4), Found(kind: .frameIndex, place: 12),
                Found(kind: .frameIndex, place: 16),
            ])
        #expect(found(".data", in: program) == [0, 8, 16].map { Found(kind: .absolute, place: $0) })
        #expect(found(".rodata", in: program) == [0, 4, 8].map { Found(kind: .switchTable, place: $0) })
        #expect(found(".dynstr", in: program) == [])
    }

    @Test func theTablesOfAGoProgramAreListedFunctionByFunction() {
        let index = 72 + 16
        let functions = index + 2 * 8 + 4
        let header =
            word(0xFFFF_FFF1) + word(0) + [2, 1, 0x401000, 64, 72, 80, 84, 0x58].flatMap { long($0) }
        let first =
            word(0) + word(1) + long(0) + word(1) + word(2) + word(3) + word(1) + word(0) + word(0) + [0, 0, 0, 2]
        let second =
            word(16) + word(3) + long(0) + word(4) + word(5) + word(6) + word(0) + word(0) + word(0) + [0, 0, 0, 0]
        let table =
            header + word(0) + word(-1) + long(0) + word(0) + word(20) + word(16) + word(20 + 44 + 12) + word(32)
            + first + word(9) + word(4) + word(-1) + second + long(0) + long(0)
        let program = SmallProgram([
            .init(name: ".text", flags: 6, bytes: [UInt8](repeating: 0x90, count: 32)),
            .init(name: ".gopclntab", bytes: table),
        ])
        let parts: [(ReferenceKind, Int)] = [
            (.goFile, 72), (.goText, index), (.goFunction, index + 4), (.goText, index + 8), (.goFunction, index + 12),
            (.goText, index + 16), (.goText, functions), (.goName, functions + 4), (.goCounter, functions + 16),
            (.goCounter, functions + 20), (.goCounter, functions + 24), (.goUnit, functions + 32),
            (.goCounter, functions + 44), (.goData, functions + 48), (.goText, functions + 56),
            (.goName, functions + 60), (.goCounter, functions + 72), (.goCounter, functions + 76),
            (.goCounter, functions + 80), (.goUnit, functions + 88),
        ]
        #expect(found(".gopclntab", in: program) == parts.map { Found(kind: $0, place: $1) })
    }

    @Test func referencesAreInOrderAndDoNotOverlap() throws {
        let references = try #require(oldProgram(LinkedProgram(isUpdate: true).program.bytes)).references
        var end = 0
        for reference in references.all {
            #expect(reference.place >= end)
            end = reference.place + reference.kind.width
        }
        #expect(references.all.map(\.index) == Array(0..<references.count))
    }
}
