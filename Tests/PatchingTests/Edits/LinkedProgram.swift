@testable import Patching

/// A small program with every kind of reference there is on x86-64, and the same after an update: code and data moved,
/// a symbol more, symbols and stubs in another order.
struct LinkedProgram {
    let isUpdate: Bool
    private(set) var program = SmallProgram([])
    private var names: [String] { isUpdate ? ["added", "beta", "alpha"] : ["alpha", "beta"] }
    private var stubs: [String] { isUpdate ? ["beta", "alpha"] : ["alpha", "beta"] }

    private static let rows = 8
    private var codePad: Int { isUpdate ? 48 : 0 }
    private var dataPad: Int { isUpdate ? 32 : 0 }

    init(isUpdate: Bool) {
        self.isUpdate = isUpdate
        program = SmallProgram([
            .init(name: ".text", flags: 6, bytes: empty(codePad + Self.rows * 16)),
            .init(name: ".plt", flags: 6, bytes: empty(stubs.count * 16)),
            .init(name: ".rodata", bytes: empty(dataPad + 32)),
            .init(name: ".eh_frame", bytes: empty(24 + 28 + 4)),
            .init(name: ".eh_frame_hdr", bytes: empty(20)),
            .init(name: ".dynsym", type: 11, bytes: empty((names.count + 1) * 24), link: ".dynstr"),
            .init(name: ".dynstr", type: 3, bytes: nameBytes),
            .init(name: ".rela.dyn", type: 4, bytes: empty(3 * 24), link: ".dynsym"),
            .init(name: ".got", bytes: empty(stubs.count * 8)),
            .init(name: ".data", bytes: empty(40)),
            .init(name: ".bss", type: 8, emptyBytes: 64),
        ])
        fill()
    }

    private func empty(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
    private var nameBytes: [UInt8] { [0] + names.flatMap { Array($0.utf8) + [0] } }
    private func nameOffset(_ name: String) -> Int {
        1 + names.prefix { $0 != name }.reduce(0) { $0 + $1.utf8.count + 1 }
    }
    private func symbol(_ name: String) -> Int { 1 + (names.firstIndex(of: name) ?? 0) }
    private func row(_ index: Int) -> Int { program.address(".text") + codePad + index * 16 }
    private func slot(_ name: String) -> Int { program.address(".got") + (stubs.firstIndex(of: name) ?? 0) * 8 }
    private func stub(_ name: String) -> Int { program.address(".plt") + (stubs.firstIndex(of: name) ?? 0) * 16 }
    private var table: Int { program.address(".rodata") + dataPad }
    private var empties: Int { program.address(".data") + 40 }

    private mutating func fill() {
        fillCode()
        fillFrames()
        fillLinkage()
        program[".data"] = long(table) + long(row(1)) + long(empties + 8) + long(5) + long(-1)
        let entries = [1, 2, 3].map { word(row($0) - table) }.joined()
        program[".rodata"] = empty(dataPad) + entries + word(0x7FFF_FFFF) + Array("some read text!!".utf8)
    }

    private mutating func fillCode() {
        let data = program.address(".data")
        let code: [(opcode: [UInt8], target: Int, rest: [UInt8])] = [
            ([0xE8], row(3), []), ([0x0F, 0x84], row(2), []), ([0x48, 0x8D, 0x05], table, []),
            ([0x83, 0x3D], data + 8, [1]), ([0xC7, 0x05], data, word(7)), ([0xE9], stub("beta"), []),
            ([0xE8], stub("alpha"), []), ([0x8B, 0x05], empties + 16, []),
        ]
        var bytes = [UInt8](repeating: 0x90, count: codePad)
        for (index, line) in code.enumerated() {
            let end = row(index) + line.opcode.count + 4 + line.rest.count
            let instruction = line.opcode + word(line.target - end) + line.rest
            bytes += instruction + [UInt8](repeating: 0x90, count: 16 - instruction.count)
        }
        program[".text"] = bytes
    }

    private mutating func fillFrames() {
        let frames = program.address(".eh_frame")
        let common = word(20) + word(0) + [1, 0x7A, 0x50, 0x4C, 0x52, 0, 1, 0x78, 0x10] + empty(7)
        let entry = frames + 24
        program[".eh_frame"] =
            common + word(24) + word(28) + word(row(1) - entry - 8) + word(16) + [4] + word(table - entry - 17)
            + empty(7)
            + word(0)
        let index = program.address(".eh_frame_hdr")
        program[".eh_frame_hdr"] =
            [1, 0x1B, 3, 0x3B] + word(frames - index - 4) + word(1) + word(row(1) - index) + word(entry - index)
    }

    private mutating func fillLinkage() {
        program[".dynsym"] =
            empty(24)
            + names.flatMap { word(nameOffset($0)) + word(0x12) + long(row(Self.rows - $0.utf8.count)) + long(16) }
        program[".rela.dyn"] =
            ["alpha", "beta"].flatMap { long(slot($0)) + word(6) + word(symbol($0)) + long(0) }
            + long(program.address(".data") + 8) + word(8) + word(0) + long(row(1))
        program[".plt"] = stubs.flatMap {
            [0xFF, 0x25] + word(slot($0) - stub($0) - 6) + [UInt8](repeating: 0x90, count: 10)
        }
    }

    /// What an update has of the program before it: everything but what was added.
    static func blocks(_ old: LinkedProgram, _ new: LinkedProgram) -> [Block] {
        var blocks: [Block] = []
        func add(_ name: String, _ from: Int, _ to: Int, _ length: Int) {
            blocks.append(
                Block(old: old.program.offset(name) + from, new: new.program.offset(name) + to, length: length))
        }
        add(".text", 0, new.codePad, rows * 16)
        for stub in ["alpha", "beta"] {
            let places = [old, new].map { ($0.stubs.firstIndex(of: stub) ?? 0) * 16 }
            add(".plt", places[0], places[1], 16)
        }
        add(".rodata", 0, new.dataPad, 32)
        for name in [".eh_frame", ".eh_frame_hdr", ".rela.dyn", ".data"] { add(name, 0, 0, old.program[name].count) }
        for name in ["alpha", "beta"] {
            add(".dynsym", old.symbol(name) * 24, new.symbol(name) * 24, 24)
            add(".dynstr", old.nameOffset(name), new.nameOffset(name), name.utf8.count + 1)
        }
        return blocks.sorted { $0.new < $1.new }
    }
}
