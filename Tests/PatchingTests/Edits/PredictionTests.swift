import Primitives
import Testing

@testable import Patching

@Suite struct PredictionTests {
    struct Wrong: Equatable, CustomStringConvertible {
        var kind: ReferenceKind
        var place: Int
        var predicted: Int
        var actual: Int
        var description: String { "\(kind) at \(place): \(predicted), is \(actual)" }
    }

    /// The references of `old` whose values in `new` are not what is predicted, and the kinds that were looked at.
    static func predict(_ old: [UInt8], _ new: [UInt8], _ blocks: [Block]) throws -> (
        wrong: [Wrong], kinds: Set<ReferenceKind>
    ) {
        let program = try #require(oldProgram(old))
        let image = try #require(view(new) { ELFImage($0) })
        var predictor = Predictor(program, image, BlockChain(blocks))
        var (wrong, kinds): ([Wrong], Set<ReferenceKind>) = ([], [])
        for step in BuildOrder.Step.allCases { view(new) { predictor.learn(step, $0) } }
        for reference in program.references.all {
            let (place, kind) = (reference.place, reference.kind)
            guard let block = blocks.first(where: { $0.old <= place && place + kind.width <= $0.oldEnd }) else {
                continue
            }
            kinds.insert(kind)
            func value(_ bytes: [UInt8], _ place: Int) -> Int {
                view(bytes) { kind.width == 8 ? $0.i64(place) : $0.i32(place) }
            }
            let part = predictor.part(from: block.old, to: block.new)
            let predicted = predictor.predict(reference, value: value(old, place), at: place + block.shift, part)
            let actual = value(new, place + block.shift)
            if kind.residue(actual &- predicted) != 0 {
                wrong.append(Wrong(kind: kind, place: place, predicted: predicted, actual: actual))
            }
        }
        return (wrong, kinds)
    }

    @Test func everyReferenceOfAnUpdatedProgramIsPredictedRight() throws {
        let (old, new) = (LinkedProgram(isUpdate: false), LinkedProgram(isUpdate: true))
        let (wrong, kinds) = try Self.predict(old.program.bytes, new.program.bytes, LinkedProgram.blocks(old, new))
        #expect(wrong == [])
        #expect(
            kinds == [
                .call, .jump, .data0, .data1, .data4, .relocationPlace, .relocationAddend, .relocationSymbol,
                .symbolValue, .symbolName, .frameStart, .frameCommon, .frameData, .frameIndex, .absolute, .switchTable,
            ])
    }

    @Test func everyReferenceOfAnUpdatedAArch64ProgramIsPredictedRight() throws {
        let (old, new) = (ARMProgram(pad: 0, data: 0), ARMProgram(pad: 0x3010, data: 0x1230))
        let (wrong, kinds) = try Self.predict(old.program.bytes, new.program.bytes, ARMProgram.blocks(old, new))
        #expect(wrong == [])
        #expect(kinds == [.armBranch, .armConditional, .armPage, .armPageOffset])
    }

    @Test func anEditOfAnUpdatedProgramIsPredictedAndMakesItAgain() throws {
        let (old, new) = (LinkedProgram(isUpdate: false).program.bytes, LinkedProgram(isUpdate: true).program.bytes)
        let edit = encode(old, new)
        #expect(edit.method == .predicted)
        #expect(try decode(.predicted, edit.streams, old: old, count: new.count, memory: edit.memory) == new)
    }

    @Test func anEditTakesTheMemoryItStatesAndIsRefusedWithLess() throws {
        let (old, new) = (LinkedProgram(isUpdate: false).program.bytes, LinkedProgram(isUpdate: true).program.bytes)
        let edit = encode(old, new)
        #expect {
            try decode(.predicted, edit.streams, old: old, count: new.count, memory: edit.memory - 1)
        } throws: { ($0 as? PatchFault)?.code == .tooMuchMemory }
    }
}

/// AArch64 code that jumps and points at data, with `pad` bytes in front of it and `data` before what it points at.
struct ARMProgram {
    let pad: Int
    let dataPad: Int
    private(set) var program: SmallProgram

    static let codeBytes = 11 * 4

    init(pad: Int, data: Int) {
        (self.pad, dataPad) = (pad, data)
        program = SmallProgram(
            machine: 183,
            [
                .init(name: ".text", flags: 6, bytes: [UInt8](repeating: 0, count: pad + Self.codeBytes)),
                .init(name: ".rodata", bytes: [UInt8](repeating: 0, count: data + 64)),
            ])
        let start = program.address(".text") + pad
        let target = program.address(".rodata") + data
        var code: [UInt32] = []
        func add(_ word: UInt32) { code.append(word) }
        var here: Int { start + code.count * 4 }
        add(ARMInstruction.branch(0x9400_0000, to: start + 40 - here))  // BL
        add(ARMInstruction.branch(0x1400_0000, to: start - here))  // B
        add(ARMInstruction.conditional(0x5400_0001, to: start + 40 - here))  // B.NE
        add(ARMInstruction.conditional(0xB400_0003, to: start - here))  // CBZ X3
        add(ARMInstruction.page(0x9000_0004, to: target & ~0xFFF - here & ~0xFFF))  // ADRP X4
        add(0xD503_201F)  // NOP
        add(ARMInstruction.pageOffset(0x9100_0084, to: target))  // ADD X4, X4
        add(ARMInstruction.page(0x9000_0005, to: (target + 16) & ~0xFFF - here & ~0xFFF))  // ADRP X5
        add(ARMInstruction.pageOffset(0xF940_00A6, to: target + 16))  // LDR X6, [X5]
        add(0xD65F_03C0)  // RET
        add(0xD503_201F)
        program[".text"] = [UInt8](repeating: 0, count: pad) + code.flatMap { word(Int($0)) }
    }

    static func blocks(_ old: ARMProgram, _ new: ARMProgram) -> [Block] {
        [
            Block(old: old.program.offset(".text"), new: new.program.offset(".text") + new.pad, length: codeBytes),
            Block(old: old.program.offset(".rodata"), new: new.program.offset(".rodata") + new.dataPad, length: 64),
        ]
    }
}
