import Testing

@testable import Patching

/// Encodings from the tables of the Arm Architecture Reference Manual (DDI 0487), chapter C6.2.
@Suite struct ARMInstructionTests {
    @Test(
        arguments: [
            (0x1400_0001, 4), (0x17FF_FFFF, -4), (0x9400_0400, 4096), (0x95FF_FFFF, 0x7FF_FFFC),
            (0x9600_0000, -0x800_0000),
        ] as [(UInt32, Int)])
    func aBranchGoesWhereItsWordSays(_ word: UInt32, _ distance: Int) {
        #expect(ARMInstruction.branch(word) == distance)
        #expect(ARMInstruction.branch(word & 0xFC00_0000, to: distance) == word)
    }

    @Test(
        arguments: [
            (0x5400_0041, 8), (0x54FF_FFE0, -4), (0xB400_0083, 16), (0x35FF_FF61, -20), (0x547F_FFEB, 0xF_FFFC),
        ] as [(UInt32, Int)])
    func aConditionalBranchGoesWhereItsWordSays(_ word: UInt32, _ distance: Int) {
        #expect(ARMInstruction.conditional(word) == distance)
        #expect(ARMInstruction.conditional(word & 0xFF00_001F, to: distance) == word)
    }

    @Test(
        arguments: [
            (0x9000_0000, 0), (0xB000_0000, 4096), (0xD000_0010, 8192), (0x9000_0020, 0x4000), (0xF0FF_FFE1, -4096),
            (0x9080_0002, -0x1_0000_0000),
        ] as [(UInt32, Int)])
    func aPageIsWhereItsWordSays(_ word: UInt32, _ distance: Int) {
        #expect(ARMInstruction.page(word) == distance)
        #expect(ARMInstruction.page(word & 0x9F00_001F, to: distance) == word)
    }

    /// ADD, LDRB, LDRH, LDR W, LDR X, LDR Q, LDR D, STR X, PRFM.
    @Test(
        arguments: [
            (0x9104_8C63, 0x123), (0x3944_8C63, 0x123), (0x7944_8C63, 0x246), (0xB944_8C63, 0x48C),
            (0xF944_8C63, 0x918),
            (0x3DC1_2063, 0x480), (0xFD41_2063, 0x240), (0xF904_8C63, 0x918), (0xF981_2063, 0x240),
        ] as [(UInt32, Int)])
    func theRestOfAnAddressCountsInUnitsOfWhatIsMoved(_ word: UInt32, _ offset: Int) {
        #expect(ARMInstruction.pageOffset(word) == offset)
        #expect(ARMInstruction.pageOffset(word & ~(0xFFF << 10), to: 0x40_0000 &+ offset & 0xFFF) == word)
    }

    /// ADD with a shifted number, ADD W, SUB, LDR by register, LDUR, NOP.
    @Test(arguments: [0x9144_8C63, 0x1104_8C63, 0xD104_8C63, 0xF864_6863, 0xF844_0063, 0xD503_201F] as [UInt32])
    func otherInstructionsHaveNone(_ word: UInt32) { #expect(ARMInstruction.pageOffset(word) == nil) }

    @Test func aPageIsAReferenceWithoutTheRestOfAnAddressToo() throws {
        // ADRP X3, 8 times NOP, ADD X3, X3: too far behind to belong to it.
        let code = [0x9000_0003] + [UInt32](repeating: 0xD503_201F, count: 8) + [0x9100_4063]
        let program = SmallProgram(
            machine: 183, [.init(name: ".text", flags: 6, bytes: code.flatMap { word(Int($0)) })])
        let references = try #require(oldProgram(program.bytes)).references
        #expect(references.all.map(\.kind) == [.armPage])
        #expect(references.targets == [UInt32(SmallProgram.first)])
    }

    @Test func whatPointsNowhereInTheProgramIsNoReference() {
        let code = [0x9500_0000, 0x5480_0000, 0x9040_0000, 0x3700_0083, 0xD503_201F] as [UInt32]
        let bytes = SmallProgram(
            machine: 183, [.init(name: ".text", flags: 6, bytes: code.flatMap { word(Int($0)) })]
        ).bytes
        #expect(oldProgram(bytes)?.references.count == 0)
    }
}
