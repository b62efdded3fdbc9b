import Primitives

package enum EditEncoder {
    /// The edit that makes `new` of `old`: blocks and differences, and where both are programs of one machine, references
    /// predicted. Never fails: what cannot be predicted back exactly is not predicted.
    package static func encode(old: UnsafeBufferPointer<UInt8>, new: UnsafeBufferPointer<UInt8>) -> EncodedEdit {
        let (oldView, newView) = (ByteView(old), ByteView(new))
        guard max(old.count, new.count) <= Block.largestFile else { return copy(oldView, newView, []) }
        let blocks = BlockMatcher.match(old: oldView, new: newView)
        if let edit = predicted(oldView, newView, blocks), reproduces(edit, oldView, newView) { return edit }
        return copy(oldView, newView, blocks)
    }

    static func copy(_ old: ByteView, _ new: ByteView, _ blocks: [Block]) -> EncodedEdit {
        var writer = EditWriter(old: old, new: new, blocks: longest(blocks, EditMemory.mostCopiedBlocks(new.count)))
        writer.writeBlocks()
        writer.write(0..<new.count, nil)
        var layout = EditStreams()
        layout.append(number: writer.differences, to: .layout)
        return EncodedEdit(method: .copy, memory: EditMemory.copy, streams: joined(layout, writer.streams))
    }

    /// Of more than `most` blocks those that are longest, in their order; the bytes of the others are literal.
    static func longest(_ blocks: [Block], _ most: Int) -> [Block] {
        guard blocks.count > most else { return blocks }
        let kept = Set(blocks.indices.sorted { (blocks[$1].length, $0) < (blocks[$0].length, $1) }.prefix(most))
        return blocks.indices.filter(kept.contains).map { blocks[$0] }
    }

    private static func predicted(_ old: ByteView, _ new: ByteView, _ first: [Block]) -> EncodedEdit? {
        let limits = EditLimits(memory: .max)
        guard let program = try? OldProgram(old, new: new.count, limits: limits), let image = ELFImage(new),
            image.machine == program.image.machine, program.references.count > 0
        else { return nil }
        let blocks = translated(old, program, image, new, first) { translation in
            BlockMatcher.match(old: translation, new: new, thorough: true)
        }
        guard blocks.count <= EditMemory.mostBlocks(new.count) else { return nil }
        let chain = BlockChain(blocks)
        let trial = write(old, new, blocks, chain, program, image, mask: ReferenceKind.allGroups)
        let mask = trial.tally.filter { $0.value.changed > $0.value.wrong }.reduce(UInt32(0)) { $0 | $1.key }
        let writer =
            mask == ReferenceKind.allGroups ? trial : write(old, new, blocks, chain, program, image, mask: mask)
        var layout = EditStreams()
        for number in [Int(mask), writer.differences, writer.corrections] { layout.append(number: number, to: .layout) }
        let memory = EditMemory.predicted(
            old: old.count, new: new.count, program, image, blocks: blocks.count, pieces: chain.pieces.count)
        return EncodedEdit(method: .predicted, memory: memory, streams: joined(layout, writer.streams))
    }

    /// Hands `body` the old program with its references as they would be in the new one: now what both have in common can be
    /// found by its bytes, in tables that hold nothing but references too.
    private static func translated<Result>(
        _ old: ByteView, _ program: OldProgram, _ image: ELFImage, _ new: ByteView, _ blocks: [Block],
        _ body: (ByteView) -> Result
    ) -> Result {
        let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: old.count)
        defer { bytes.deallocate() }
        _ = bytes.initialize(from: UnsafeBufferPointer(start: old.base, count: old.count))
        let chain = BlockChain(blocks)
        var predictor = Predictor(program, image, chain)
        for step in BuildOrder.Step.allCases { predictor.learn(step, new) }
        let pieces = chain.pieces
        var piece = 0
        program.references.forEach(in: 0..<Int.max) { reference in
            let (place, width) = (reference.place, reference.kind.width)
            while piece + 1 < pieces.count, pieces[piece + 1].start <= place { piece += 1 }
            let value = width == 8 ? old.i64(place) : old.i32(place)
            let target = place &+ (pieces.isEmpty ? 0 : pieces[piece].shift)
            let part = predictor.part(from: place, to: target)
            bytes.store(predictor.predict(reference, value: value, at: target, part), width: width, at: place)
        }
        return body(ByteView(UnsafeBufferPointer(bytes)))
    }

    private static func write(
        _ old: ByteView, _ new: ByteView, _ blocks: [Block], _ chain: BlockChain, _ program: OldProgram,
        _ image: ELFImage, mask: UInt32
    ) -> EditWriter {
        var writer = EditWriter(old: old, new: new, blocks: blocks)
        writer.writeBlocks()
        var order = BuildOrder(count: new.count)
        var predictor = Predictor(program, image, chain)
        for step in BuildOrder.Step.allCases {
            let prediction =
                step.isPredicted ? Prediction(predictor: predictor, references: program.references, mask: mask) : nil
            for range in order.ranges(step, image) { writer.write(range, prediction) }
            predictor.learn(step, new)
        }
        return writer
    }

    private static func joined(_ layout: EditStreams, _ streams: EditStreams) -> [[UInt8]] {
        var bytes = streams.bytes
        bytes[Int(EditStream.layout.rawValue)] = layout.bytes[Int(EditStream.layout.rawValue)]
        return bytes
    }

    private static func reproduces(_ edit: EncodedEdit, _ old: ByteView, _ new: ByteView) -> Bool {
        var decoder = EditDecoder(StreamsInMemory(edit.streams), limits: EditLimits(memory: edit.memory))
        var place = 0
        do {
            try decoder.decode(.predicted, old: FileInMemory(view: old), count: new.count) { bytes in
                let part = ByteView(bytes.assumingMemoryBound(to: UInt8.self))
                guard new.commonLength(at: place, part, at: 0, limit: part.count) == part.count else {
                    throw PatchFault(.wrongNewTree)
                }
                place &+= part.count
            }
        } catch {
            return false
        }
        return place == new.count
    }
}

/// What an edit was encoded to, for decoding it at once.
struct StreamsInMemory: EditStreamReader {
    private let streams: [[UInt8]]
    private var places: [Int]

    init(_ streams: [[UInt8]]) {
        self.streams = streams
        places = Array(repeating: 0, count: streams.count)
    }

    mutating func read(_ stream: EditStream, into buffer: UnsafeMutableRawBufferPointer) throws {
        let index = Int(stream.rawValue)
        let end = places[index] + buffer.count
        guard end <= streams[index].count else { throw PatchFault(.truncated, at: "\(stream)") }
        buffer.copyBytes(from: streams[index][places[index]..<end])
        places[index] = end
    }
}

private struct FileInMemory: OldFile {
    let view: ByteView
    var count: Int { view.count }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= view.count &- buffer.count else { throw PatchFault(.truncated) }
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: view.base + offset, count: buffer.count))
    }
}
