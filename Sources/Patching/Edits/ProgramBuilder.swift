import Primitives

/// Makes a new program step by step in memory, from the blocks of the old one, predictions and corrections.
struct ProgramBuilder {
    let old: any OldFile
    let program: OldProgram
    let blocks: [Block]
    let mask: UInt32
    let new: UnsafeMutableBufferPointer<UInt8>
    var differences: Differences
    var corrections: Corrections

    private var view: ByteView { ByteView(UnsafeBufferPointer(new)) }

    init(
        old: any OldFile, program: OldProgram, blocks: [Block], mask: UInt32, new: UnsafeMutableBufferPointer<UInt8>,
        differences: Differences, corrections: Corrections
    ) {
        self.old = old
        self.program = program
        self.blocks = blocks
        self.mask = mask
        self.new = new
        self.differences = differences
        self.corrections = corrections
    }

    /// `check` is called once the new program's headers are known, before anything is made by them.
    mutating func build<Streams: EditStreamReader>(
        _ streams: inout Streams, check: (ELFImage) throws -> Void
    ) throws {
        var order = BuildOrder(count: new.count)
        var image: ELFImage?
        var predictor: Predictor?
        for step in BuildOrder.Step.allCases {
            let prediction =
                step.isPredicted
                ? predictor.map { Prediction(predictor: $0, references: program.references, mask: mask) } : nil
            for range in order.ranges(step, image) { try make(range, prediction, &streams) }
            if !step.isPredicted {
                image = try readImage()
            } else {
                predictor?.learn(step, view)
            }
            if step == .sectionNames, let image {
                try check(image)
                predictor = Predictor(program, image, blocks)
            }
        }
        try differences.checkEnd()
        try corrections.checkEnd()
    }

    private func readImage() throws -> ELFImage {
        guard let image = ELFImage(view), image.machine == program.image.machine else {
            throw PatchFault(.malformed, found: "a prediction of what is no program")
        }
        return image
    }

    private mutating func make<Streams: EditStreamReader>(
        _ range: Range<Int>, _ prediction: Prediction?, _ streams: inout Streams
    ) throws {
        for part in BlockParts(blocks, in: range) {
            let bytes = UnsafeMutableRawBufferPointer(rebasing: UnsafeMutableRawBufferPointer(new)[part.new])
            guard let from = part.old else {
                try streams.read(.literals, into: bytes)
                continue
            }
            try old.read(at: from, into: bytes)
            try predict(part.new, from: from, prediction, &streams)
            try differences.apply(to: bytes, &streams)
        }
    }

    /// The references in a block that was just copied: what stands there is still the old value.
    private mutating func predict<Streams: EditStreamReader>(
        _ range: Range<Int>, from: Int, _ prediction: Prediction?, _ streams: inout Streams
    ) throws {
        guard let prediction else { return }
        let view = view
        try prediction.forEachReference(from..<from &+ range.count) { index, offset, kind in
            let place = range.lowerBound &+ offset &- from
            let value = kind.width == 8 ? view.i64(place) : view.i32(place)
            let predicted = prediction.predictor.predict(index, value: value, at: place)
            new.store(predicted &+ (try corrections.next(&streams)), width: kind.width, at: place)
        }
    }
}
