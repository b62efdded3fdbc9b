import Primitives
import Testing

@testable import Patching

/// Programs by an attacker, as the old file and as the new one.
@Suite struct HostileProgramTests {
    /// A table of sections that all say they are the whole file, with one type.
    static func overlapping(_ type: UInt32, _ flags: UInt64, _ name: String, size: Int, machine: UInt16 = 62) -> [UInt8]
    {
        var noise = Noise(UInt64(type))
        let content = SmallProgram.Section(name: name, type: type, flags: flags, bytes: noise.bytes(size))
        let more = (0..<1000).map {
            SmallProgram.Section(name: name, type: type, flags: flags, bytes: [UInt8($0 % 250)])
        }
        var bytes = SmallProgram(machine: machine, [content] + more).bytes
        let headers = view(bytes) { $0.i64(40) }
        for index in 1...1001 {
            bytes.put(
                long(SmallProgram.base) + long(0) + long(bytes.count) + word(index), at: headers + index * 64 + 16)
        }
        return bytes
    }

    @Test(
        arguments: [(4, 2), (11, 2), (2, 0), (3, 0), (1, 6), (1, 2), (8, 2)] as [(UInt32, UInt64)],
        [62, 183] as [UInt16])
    func aThousandSectionsThatAreTheWholeFileAreReadOnce(_ kind: (type: UInt32, flags: UInt64), _ machine: UInt16)
        throws
    {
        let bytes = Self.overlapping(kind.type, kind.flags, ".text", size: 20_000, machine: machine)
        let program = try #require(oldProgram(bytes))
        #expect(program.references.count <= bytes.count / 2)
        #expect(program.image.sections.filter { $0.role != .other && $0.role != .noBits }.count <= 2)
        let edit = encode(bytes, bytes)
        #expect(try decode(edit.method, edit.streams, old: bytes, count: bytes.count, memory: edit.memory) == bytes)
    }

    @Test(arguments: 0..<150)
    func anyTwoHostileProgramsMakeAnEditThatIsTrue(_ seed: UInt64) throws {
        let (old, new) = (HostileProgram.random(seed), HostileProgram.random(seed / 2 + 1000))
        for (old, new) in [(old, new), (LinkedProgram(isUpdate: false).program.bytes, new), (old, old)] {
            let edit = encode(old, new)
            #expect(try decode(edit.method, edit.streams, old: old, count: new.count, memory: edit.memory) == new)
        }
    }

    /// Every field of every header at every limit: whatever it says, a prediction is true or a fault.
    @Test(arguments: HostileProgram.places)
    func aFieldThatSaysAnythingIsNeverFollowedOutOfTheFile(_ value: Int) throws {
        let (old, new) = (LinkedProgram(isUpdate: false).program.bytes, LinkedProgram(isUpdate: true).program.bytes)
        let edit = encode(old, new)
        let headers = view(old) { $0.i64(40) }
        let sections = (0..<13).flatMap { index in [0, 4, 8, 16, 24, 32, 40].map { headers + index * 64 + $0 } }
        for place in [32, 40, 56, 58, 60, 62, 64, 72, 80, 96, 104] + sections {
            var hostile = old
            let wide =
                [32, 40, 72, 80, 96, 104].contains(place)
                || place >= headers && ![0, 4, 40].contains((place - headers) % 64)
            hostile.put(wide ? long(value) : place < 64 ? half(value) : word(value), at: place)
            _ = oldProgram(hostile)
            let made = try? decode(.predicted, edit.streams, old: hostile, count: new.count, memory: edit.memory)
            #expect(made == nil || made?.count == new.count)
        }
    }

    @Test(arguments: [
        (8, 1 << 40), (8, Int.max), (8, -1), (8, 30), (32, -1), (40, 72), (40, 71), (40, -1), (48, Int.max), (48, 0),
        (64, 72), (64, -1), (64, Int.max), (64, 600), (56, 1 << 62),
    ])
    func tablesOfGoWithAbsurdNumbersListNothingOutsideOfThem(_ field: Int, _ value: Int) throws {
        var noise = Noise(5)
        var table =
            word(0xFFFF_FFF1) + word(0) + [30, 1, 0x401000, 72, 72, 80, 88, 96].flatMap { long($0) } + noise.bytes(600)
        for entry in 0..<30 { table.put(word(300), at: 96 + entry * 8 + 4) }
        table.put(long(value), at: field)
        let program = SmallProgram([
            .init(name: ".text", flags: 6, bytes: [UInt8](repeating: 0x90, count: 64)),
            .init(name: ".gopclntab", bytes: table), .init(name: ".data", bytes: long(0x40_1040) + noise.bytes(512)),
        ])
        let references = try #require(oldProgram(program.bytes)).references
        let range = program.offset(".gopclntab")..<program.offset(".gopclntab") + table.count
        for place in references.all.map(\.place) where place >= program.offset(".gopclntab") {
            #expect(range.contains(place) || place >= program.offset(".data"))
        }
        #expect(references.count < table.count)
    }

    @Test(arguments: [0, 1, 3, 4, 11, 12, 0xFFFF_FFFF, 0x7FFF_FFFF, 60])
    func framesOfAnyLengthEndTheListOrStayInTheSection(_ length: Int) throws {
        let frames = (word(20) + [UInt8](repeating: 1, count: 20)) + (word(length) + [UInt8](repeating: 2, count: 56))
        let program = SmallProgram([
            .init(name: ".eh_frame", bytes: frames),
            .init(name: ".eh_frame_hdr", bytes: Array(frames.prefix(min(length, 80)))),
        ])
        let references = try #require(oldProgram(program.bytes)).references
        let end = program.offset(".eh_frame_hdr") + program[".eh_frame_hdr"].count
        for reference in references.all { #expect(reference.place + reference.kind.width <= end) }
    }

    @Test func namesWithoutAnEndAreCutOff() throws {
        let symbols = (0..<200).flatMap { word($0 + 1) + word(0) + long(0x40_1000) + long(0) }
        let program = SmallProgram([
            .init(name: ".symtab", type: 2, flags: 0, bytes: symbols, link: ".strtab"),
            .init(name: ".strtab", type: 3, flags: 0, bytes: [UInt8](repeating: 0x61, count: 3000)),
        ])
        let hashes = try #require(oldProgram(program.bytes)?.symbols[1])
        #expect(hashes.count == 200 && !hashes.contains(0))
        let table = try #require(view(program.bytes) { bytes in ELFImage(bytes).map { $0.symbolTables(bytes) } }?[1])
        #expect(table.symbols.link == 2)
    }

    @Test(arguments: 1...9)
    func whatFollowsTheLastNameIsNoPartOfIt(_ length: Int) throws {
        let hashes = try [0x61, 0x62].map { follower in
            let program = SmallProgram([
                .init(
                    name: ".symtab", type: 2, flags: 0, bytes: word(1) + word(0) + long(0) + long(0), link: ".strtab"),
                .init(name: ".strtab", type: 3, flags: 0, bytes: [0] + [UInt8](repeating: 0x61, count: length)),
            ])
            var bytes = program.bytes
            bytes.put([UInt8](repeating: UInt8(follower), count: 8), at: program.offset(".strtab") + 1 + length)
            return try #require(view(bytes) { bytes in ELFImage(bytes)?.symbolTables(bytes)[1]?.nameHash(0) })
        }
        #expect(hashes[0] == hashes[1])
    }

    @Test func namesAreLookedForInTablesOfNamesAlone() throws {
        var program = SmallProgram([
            .init(name: ".symtab", type: 2, flags: 0, bytes: [UInt8](repeating: 1, count: 48), link: ".bss"),
            .init(name: ".bss", type: 8, emptyBytes: 1 << 40),
        ])
        #expect(oldProgram(program.bytes)?.symbols.isEmpty == true)
        program.sections[0].link = ".symtab"
        #expect(oldProgram(program.bytes)?.symbols.isEmpty == true)
    }

    @Test func aSwitchTableInMemoryThatIsNotInTheFileIsNone() throws {
        let code = [UInt8](repeating: 0x90, count: 8) + [0x48, 0x8D, 0x05] + word(0x1000)
        var program = SmallProgram([
            .init(name: ".text", flags: 6, bytes: code), .init(name: ".rodata", type: 8, emptyBytes: 1 << 40),
        ])
        program.sections.append(.init(name: "far", flags: 6, bytes: [1]))
        #expect(try #require(oldProgram(program.bytes)).references.tables.isEmpty)
    }

    @Test func aProgramWithMoreReferencesThanMemoryAllowsIsRefused() throws {
        let call: [UInt8] = [0xE8] + word(-5)
        let code = Array([[UInt8]](repeating: call, count: 50_000).joined())
        let bytes = SmallProgram([.init(name: ".text", flags: 6, bytes: code)]).bytes
        #expect(try #require(oldProgram(bytes)).references.count == 50_000)
        #expect {
            try view(bytes) { _ = try OldProgram($0, new: 0, limits: EditLimits(memory: 1080 << 10)) }
        } throws: { ($0 as? PatchFault)?.code == .tooMuchMemory }
    }
}
