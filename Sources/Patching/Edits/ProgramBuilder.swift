import Primitives

/// Makes a new program step by step in memory, from the blocks of the old one, predictions and corrections.
struct ProgramBuilder {
    private let old: FilePages
    private let program: OldProgram
    private let blocks: [Block]
    private let mask: UInt32
    private let new: UnsafeMutableBufferPointer<UInt8>
    /// Has the new program at its beginning and the old one, until that is made over, at its end.
    private let buffer: UnsafeMutableBufferPointer<UInt8>
    private let oldStart: Int
    private var differences: Differences
    private var corrections: Corrections
    /// What of the new program is made before the last step, which makes the rest from the front to the back; empty until then.
    private var madeBefore: [Range<Int>] = []
    private var isLastStep = false
    /// How far the new program was handed out.
    private var handedOut = 0

    private static let part = 256 << 10
    private static let step = 64 << 10

    private var view: ByteView { ByteView(UnsafeBufferPointer(new)) }

    /// `buffer` has the old program at its end, until the new one is made over it from the beginning.
    init(
        old: any OldFile, program: OldProgram, blocks: [Block], mask: UInt32,
        buffer: UnsafeMutableBufferPointer<UInt8>, newCount: Int, differences: Differences, corrections: Corrections
    ) {
        self.old = FilePages(old, bytes: EditMemory.pages)
        self.program = program
        self.blocks = blocks
        self.mask = mask
        self.buffer = buffer
        new = UnsafeMutableBufferPointer(rebasing: buffer[..<newCount])
        oldStart = buffer.count &- old.count
        self.differences = differences
        self.corrections = corrections
    }

    /// `check` is called once the new program's headers are known, before anything is made by them. `sink` gets the program
    /// in parts, as soon as all before them is there.
    mutating func build<Streams: EditStreamReader>(
        _ chain: consuming BlockChain, _ streams: inout Streams, check: (ELFImage) throws -> Void,
        into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var order = BuildOrder(count: new.count)
        try make(.header, &order, nil, nil, &streams)
        try make(.headers, &order, readImage(), nil, &streams)
        try make(.sectionNames, &order, readImage(), nil, &streams)
        let image = try readImage()
        try check(image)
        var predictor = Predictor(program, image, chain)
        for step in BuildOrder.Step.allCases where step.isPredicted && step != .rest {
            let prediction = Prediction(predictor: predictor, references: program.references, mask: mask)
            try make(step, &order, image, prediction, &streams)
            predictor.learn(step, view)
        }
        let prediction = Prediction(predictor: predictor, references: program.references, mask: mask)
        (madeBefore, isLastStep) = (order.done, true)
        for range in order.ranges(.rest, image) {
            try make(range, prediction, &streams) { this, end in try this.handOut(upTo: end, to: sink) }
        }
        try differences.checkEnd()
        try corrections.checkEnd()
        try handOut(upTo: new.count, isLast: true, to: sink)
    }

    private func readImage() throws -> ELFImage {
        guard let image = ELFImage(view), image.machine == program.image.machine else {
            throw PatchFault(.malformed, found: "a prediction of what is no program")
        }
        return image
    }

    private mutating func make<Streams: EditStreamReader>(
        _ step: BuildOrder.Step, _ order: inout BuildOrder, _ image: ELFImage?, _ prediction: Prediction?,
        _ streams: inout Streams
    ) throws {
        for range in order.ranges(step, image) { try make(range, prediction, &streams) { _, _ in } }
    }

    /// `done` is told how far all is made.
    private mutating func make<Streams: EditStreamReader>(
        _ range: Range<Int>, _ prediction: Prediction?, _ streams: inout Streams,
        done: (inout Self, Int) throws -> Void
    ) throws {
        for part in BlockParts(blocks, in: range) {
            if let from = part.old {
                try makeBlock(part.new, from: from, prediction, &streams, done: done)
            } else {
                try streams.read(.literals, into: bytes(part.new))
                try done(&self, part.new.upperBound)
            }
        }
    }

    private func bytes(_ range: Range<Int>) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(new)[range])
    }

    /// Step by step, so that all is done with bytes while they are in the processor's cache. A reference may reach into the next
    /// step: so many bytes are copied before.
    private mutating func makeBlock<Streams: EditStreamReader>(
        _ range: Range<Int>, from: Int, _ prediction: Prediction?, _ streams: inout Streams,
        done: (inout Self, Int) throws -> Void
    ) throws {
        let shift = from &- range.lowerBound
        var (place, copied) = (range.lowerBound, range.lowerBound)
        while place < range.upperBound {
            let end = min(place &+ Self.step, range.upperBound)
            let ahead = min(end &+ ReferenceKind.mostBytes, range.upperBound)
            try copy(copied..<ahead, shift)
            try predict(place..<end, before: range.upperBound, shift, prediction, &streams)
            try differences.apply(to: bytes(place..<end), &streams)
            (place, copied) = (end, ahead)
            try done(&self, end)
        }
    }

    /// The old bytes that belong at `range`. What is not made over yet need not be read again.
    private func copy(_ range: Range<Int>, _ shift: Int) throws {
        let from = range.lowerBound &+ shift
        let held = from &+ oldStart..<range.upperBound &+ shift &+ oldStart
        // Blocks are inside of the old program, so this is inside of the buffer.
        let isThere = isLastStep && held.lowerBound >= range.lowerBound && !madeBefore.contains { $0.overlaps(held) }
        guard isThere else { return try old.read(at: from, into: bytes(range)) }
        bytes(range).copyMemory(from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(buffer)[held]))
    }

    /// The references in a part of a block that was just copied: what stands there is still the old value.
    private mutating func predict<Streams: EditStreamReader>(
        _ range: Range<Int>, before end: Int, _ shift: Int, _ prediction: Prediction?, _ streams: inout Streams
    ) throws {
        guard let prediction else { return }
        let view = view
        let part = prediction.predictor.part(from: range.lowerBound &+ shift, to: range.lowerBound)
        let old = range.lowerBound &+ shift..<range.upperBound &+ shift
        try prediction.forEachReference(old, before: end &+ shift) { reference in
            let place = reference.place &- shift
            let width = reference.kind.width
            let value = width == 8 ? view.i64(place) : view.i32(place)
            let predicted = prediction.predictor.predict(reference, value: value, at: place, part)
            new.store(predicted &+ (try corrections.next(&streams)), width: width, at: place)
        }
    }

    private mutating func handOut(
        upTo end: Int, isLast: Bool = false, to sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard end &- handedOut >= Self.part || isLast, end > handedOut else { return }
        try sink(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(new)[handedOut..<end]))
        handedOut = end
    }
}
