import Primitives
import Testing

@testable import Patching

/// What is stated of memory, held against what is really held: capacities of everything that grows with the files.
@Suite struct EditMemoryTests {
    /// A program of 2 MB with as many references as real ones have, and more symbols; `pad` bytes are inserted at its start.
    private static func program(_ pad: Int) -> [UInt8] {
        var noise = Noise(7)
        let start = SmallProgram.base + SmallProgram.first + pad
        var code = [UInt8](repeating: 0x90, count: pad)
        var (data, symbols, names): ([UInt8], [UInt8], [UInt8]) = ([], [], [0])
        for index in 0..<100_000 {
            code.append(0xE8)
            code += word(-8 * (index % 5000) - 5)
            code += [0x90, 0x48, 0x8B]
        }
        for index in 0..<5000 { data += long(start + index) }
        for index in 0..<2000 {
            symbols += word(1 + index * 8)
            symbols += word(0)
            symbols += long(start + index)
            symbols += long(8)
            for byte in noise.bytes(7) { names.append(byte | 1) }
            names.append(0)
        }
        return SmallProgram([
            .init(name: ".text", flags: 6, bytes: code), .init(name: ".data", bytes: data),
            .init(name: ".symtab", type: 2, flags: 0, bytes: symbols, link: ".strtab"),
            .init(name: ".strtab", type: 3, flags: 0, bytes: names),
        ]).bytes
    }

    /// Blocks of 64 bytes in any order.
    private static func blocks(_ count: Int, in bytes: Int) -> [Block] {
        var noise = Noise(3)
        return (0..<count).map {
            Block(old: Int.random(in: 0...bytes - 64, using: &noise), new: $0 * 64, length: 40)
        }
    }

    @Test func whatIsHeldOfAProgramIsNoMoreThanIsStated() throws {
        let bytes = Self.program(0)
        let program = try #require(oldProgram(bytes))
        #expect(program.references.count > 100_000)
        let names = program.symbols.values.reduce(0) { $0 + $1.capacity * 8 }
        let slots = program.slots.capacity * 16 + program.stubs.capacity * 24
        #expect(program.references.heldBytes + names + slots <= program.memory + (36 << 10))
        #expect(program.memory <= program.madeWith - bytes.count)
        // As many references as one in nine bytes, and their names, are a third of the program, not its size again.
        #expect(program.memory < bytes.count / 3)
    }

    @Test(arguments: [0, 1, 1000, 30_000])
    func whatIsHeldOfBlocksIsNoMoreThanIsStated(_ count: Int) throws {
        let bytes = Self.program(0)
        let program = try #require(oldProgram(bytes))
        let chain = BlockChain(Self.blocks(count, in: bytes.count))
        let pieces = chain.pieces
        #expect(
            pieces.count <= 2 * count && pieces.capacity * 12 <= EditMemory.held(blocks: 0, pieces: pieces.count) + 64)
        let map = AddressMap(chain, old: program.image, new: program.image)
        let most = AddressMap.mostPieces(pieces.count, program.image)
        #expect(map.count <= most)
        #expect(map.heldBytes <= AddressMap.bytes(most, span: program.image.span.count) + (64 << 10))
    }

    @Test(arguments: [0, 1, 8, 9, 1000, 20_000])
    func aTableOfNamesIsAsLargeAsStatedAndKeepsThemAll(_ count: Int) {
        var noise = Noise(11)
        let names = (0..<count).map { _ in noise.next() }
        var table = NameTable(most: count)
        for (number, name) in names.enumerated() { table.insert(name, number) }
        for name in names { table.insert(name, 0xFFFF_FFFE) }
        #expect(table.heldBytes <= NameTable.bytes(count) + 64)
        #expect(names.enumerated().allSatisfy { table.number($1) == $0 })
        #expect(table.number(noise.next()) == nil)
    }

    @Test func namesThatAllWantOnePlaceTakeNoLongerThanOthers() {
        var table = NameTable(most: 50_000)
        for number in 0..<50_000 { table.insert(UInt64(number), number) }
        #expect(table.number(0) == 0 && table.number(49_999) == nil)
    }

    @Test func aPredictionIsMadeInOneAndAHalfTimesTheProgram() throws {
        let (old, new) = (Self.program(0), Self.program(16))
        let edit = encode(old, new)
        #expect(edit.method == .predicted)
        // Besides the tables of sections and the pages, which do not grow with it.
        #expect(edit.memory - (768 << 10) - EditMemory.pages <= new.count * 3 / 2)
        #expect(try decode(.predicted, edit.streams, old: old, count: new.count, memory: edit.memory) == new)
    }
}
