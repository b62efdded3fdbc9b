import Testing

@testable import Patching

@Suite struct AddressMapTests {
    private func chain(_ blocks: [(old: Int, new: Int, length: Int)]) -> BlockChain {
        BlockChain(blocks.map { Block(old: $0.old, new: $0.new, length: $0.length) })
    }

    @Test(
        arguments: [
            ("nothing", [], []),
            ("one", [(10, 0, 5)], [(10, 15, -10)]),
            ("in order", [(0, 0, 10), (20, 30, 10)], [(0, 10, 0), (20, 30, 10)]),
            ("the heavier of two that crossed", [(100, 0, 50), (0, 60, 99)], [(0, 99, 60), (100, 150, -100)]),
            ("a light one beside the chain is left out", [(100, 0, 20), (0, 60, 99)], [(0, 99, 60)]),
            (
                "beside the chain, over a part of it", [(0, 0, 100), (80, 200, 60), (150, 300, 400)],
                [
                    (0, 100, 0), (100, 140, 120), (150, 550, 150),
                ]
            ),
            ("the same old bytes twice", [(0, 0, 100), (0, 100, 100)], [(0, 100, 0)]),
            ("a small overlap in the old file", [(0, 0, 100), (90, 100, 100)], [(0, 100, 0), (100, 190, 10)]),
        ] as [(String, [(old: Int, new: Int, length: Int)], [(Int, Int, Int)])])
    func theHeaviestChainDecidesAndOthersFillWhatItLeaves(
        _ name: String, _ blocks: [(old: Int, new: Int, length: Int)], _ pieces: [(Int, Int, Int)]
    ) {
        #expect(chain(blocks).pieces == pieces.map { BlockChain.Piece(start: $0.0, end: $0.1, shift: $0.2) })
    }

    /// Blocks in the order of the new file, anywhere in the old.
    private func randomBlocks(_ noise: inout Noise, in count: Int) -> [Block] {
        var place = 0
        return (0..<Int.random(in: 0...60, using: &noise)).map { _ in
            let length = Int.random(in: 1...300, using: &noise)
            defer { place += length + Int.random(in: 0...50, using: &noise) }
            return Block(old: Int.random(in: 0...count - length, using: &noise), new: place, length: length)
        }
    }

    @Test(arguments: 0..<60)
    func piecesAreInOrderAndDoNotOverlapAndTheChainWeighsMost(_ seed: UInt64) {
        var noise = Noise(seed)
        let blocks = randomBlocks(&noise, in: 4000)
        var end = 0
        for piece in BlockChain(blocks).pieces {
            #expect(piece.start >= end && piece.end > piece.start)
            #expect(
                blocks.contains { $0.shift == piece.shift && $0.old <= piece.start && piece.end <= $0.oldEnd }
                    || piece.end - piece.start > 1)
            end = piece.end
        }
        let covered = BlockChain(blocks).pieces.reduce(0) { $0 + $1.end - $1.start }
        #expect(covered >= (blocks.map(\.length).max() ?? 0))
    }

    @Test(arguments: 0..<40)
    func everyAddressIsMappedAsThePieceItBelongsToSays(_ seed: UInt64) throws {
        var noise = Noise(seed)
        let program = LinkedProgram(isUpdate: false).program.bytes
        let image = try #require(view(program) { ELFImage($0) })
        let blocks = randomBlocks(&noise, in: program.count)
        let map = AddressMap(BlockChain(blocks), old: image, new: image)
        for piece in BlockChain(blocks).pieces {
            for place in [piece.start, (piece.start + piece.end) / 2, piece.end - 1]
            where place + piece.shift < program.count {
                let (from, to) = (image.address(ofOffset: place), image.address(ofOffset: place + piece.shift))
                // A piece may reach over the end of what is mapped, and then go on elsewhere.
                let begin = image.address(ofOffset: piece.start + piece.shift)
                guard to - begin == place - piece.start,
                    from - image.address(ofOffset: piece.start) == place - piece.start
                else { continue }
                #expect(map.map(from) == to)
            }
        }
        for address in [Int.min, -1, 0, 0x40_0000, 0x41_0000, 1 << 46, Int.max] { _ = map.map(address) }
    }

    @Test func whatNoBlockCoversGoesWithTheNearest() throws {
        let bytes = SmallProgram([.init(name: ".text", flags: 6, bytes: [UInt8](repeating: 0x90, count: 1000))]).bytes
        let image = try #require(view(bytes) { ELFImage($0) })
        let start = SmallProgram.first
        let blocks = [
            Block(old: start, new: start + 8, length: 100), Block(old: start + 500, new: start + 600, length: 300),
        ]
        let map = AddressMap(BlockChain(blocks), old: image, new: image)
        let base = SmallProgram.base + start
        #expect(map.map(base + 99) == base + 107)
        #expect(map.map(base + 299) == base + 307)
        #expect(map.map(base + 300) == base + 400)
        #expect(map.map(base + 499) == base + 599)
        #expect(map.map(base + 900) == base + 1000)
        #expect(map.map(base - 100) == base - 92)
    }

    @Test func anEmptyMapLeavesAddressesAsTheyAre() throws {
        let bytes = SmallProgram([.init(name: ".text", flags: 6, bytes: [0x90])]).bytes
        let image = try #require(view(bytes) { ELFImage($0) })
        #expect(AddressMap(BlockChain([]), old: image, new: image).map(0x40_1000) == 0x40_1000)
    }

    @Test func whatIsKnownExactlyLiesOverThePieces() throws {
        let bytes = SmallProgram([.init(name: ".text", flags: 6, bytes: [UInt8](repeating: 0x90, count: 1000))]).bytes
        let image = try #require(view(bytes) { ELFImage($0) })
        let base = SmallProgram.base + SmallProgram.first
        let blocks = [Block(old: SmallProgram.first, new: SmallProgram.first + 16, length: 900)]
        let slots = [SlotMap.Slot(old: base + 100, size: 8, new: base + 500), .init(old: base + 104, size: 8, new: 0)]
        var map = AddressMap(BlockChain(blocks), old: image, new: image)
        map.overlay(slots)
        #expect([99, 100, 107, 108].map { map.map(base + $0) - base } == [115, 500, 507, 124])
    }
}
