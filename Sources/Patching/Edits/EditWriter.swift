/// Writes what blocks and predictions leave to say of a new file. Walks it as `EditDecoder` does, range by range.
struct EditWriter {
    /// How often each kind of reference changed, and how often it was predicted wrong.
    struct Tally {
        var changed = 0
        var wrong = 0
    }

    private let old: ByteView
    private let new: ByteView
    private let blocks: [Block]
    private(set) var streams = EditStreams()
    private(set) var differences = 0
    private(set) var corrections = 0
    private(set) var tally: [UInt32: Tally] = [:]
    /// Bytes without a difference, and references predicted right, since the last that was not.
    private var same = 0
    private var right = 0

    init(old: ByteView, new: ByteView, blocks: [Block]) {
        self.old = old
        self.new = new
        self.blocks = blocks
    }

    mutating func writeBlocks() {
        var place = 0
        var expected = 0
        for block in blocks {
            streams.append(number: block.new &- place, to: .inserts)
            streams.append(number: block.length, to: .lengths)
            streams.append(signed: block.old &- expected, to: .seeks)
            place = block.newEnd
            expected = block.oldEnd
        }
        if place < new.count { streams.append(number: new.count &- place, to: .inserts) }
    }

    /// All of `range`: literal bytes, and blocks with their differences. `prediction` is nil where nothing is predicted yet.
    mutating func write(_ range: Range<Int>, _ prediction: Prediction?) {
        for part in BlockParts(blocks, in: range) {
            guard let from = part.old else {
                streams.append(part.new, of: new, to: .literals)
                continue
            }
            writeBlock(part.new, from: from, prediction)
        }
    }

    private mutating func writeBlock(_ range: Range<Int>, from: Int, _ prediction: Prediction?) {
        var place = range.lowerBound
        prediction?.forEachReference(from..<from &+ range.count, before: from &+ range.count) { reference in
            let target = range.lowerBound &+ reference.place &- from
            writeDifferences(place..<target, shift: from &- range.lowerBound)
            place = target &+ reference.kind.width
            same &+= reference.kind.width
            writeReference(reference, at: target, prediction)
        }
        writeDifferences(place..<range.upperBound, shift: from &- range.lowerBound)
    }

    private mutating func writeReference(_ reference: Reference, at place: Int, _ prediction: Prediction?) {
        guard let prediction else { return }
        let kind = reference.kind
        let before = kind.width == 8 ? old.i64(reference.place) : old.i32(reference.place)
        let actual = kind.width == 8 ? new.i64(place) : new.i32(place)
        let part = prediction.predictor.part(from: reference.place, to: place)
        let rest = kind.residue(actual &- prediction.predictor.predict(reference, value: before, at: place, part))
        if actual != before { tally[kind.group, default: Tally()].changed &+= 1 }
        guard rest != 0 else {
            right &+= 1
            return
        }
        tally[kind.group, default: Tally()].wrong &+= 1
        streams.append(number: right, to: .referenceGaps)
        streams.append(signed: rest, to: .referenceValues)
        right = 0
        corrections &+= 1
    }

    private mutating func writeDifferences(_ range: Range<Int>, shift: Int) {
        var place = range.lowerBound
        while place < range.upperBound {
            let run = new.commonLength(at: place, old, at: place &+ shift, limit: range.upperBound &- place)
            same &+= run
            place &+= run
            guard place < range.upperBound else { return }
            streams.append(number: same, to: .gaps)
            streams.append(new[place] &- old[place &+ shift], to: .values)
            same = 0
            differences &+= 1
            place &+= 1
        }
    }
}

/// A predictor, and which kinds of references it is asked for.
struct Prediction {
    let predictor: Predictor
    let references: References
    private let kinds: UInt32

    init(predictor: Predictor, references: References, mask: UInt32) {
        (self.predictor, self.references) = (predictor, references)
        kinds = ReferenceKind.kinds(mask)
    }

    /// The references that begin in `range` of the old file and end before `end`, in order.
    @inline(__always)
    func forEachReference(_ range: Range<Int>, before end: Int, _ body: (Reference) throws -> Void) rethrows {
        try references.forEach(in: range, kinds: kinds) { reference in
            if reference.place &+ reference.kind.width <= end { try body(reference) }
        }
    }
}

/// The parts of a range of the new file: in a block, then `old` says where its bytes come from, or in none.
struct BlockParts: Sequence, IteratorProtocol {
    private let blocks: [Block]
    private var index: Int
    private var rest: Range<Int>

    init(_ blocks: [Block], in range: Range<Int>) {
        self.blocks = blocks
        rest = range
        index = blocks.binaryCount { $0.newEnd <= range.lowerBound }
    }

    mutating func next() -> (new: Range<Int>, old: Int?)? {
        guard !rest.isEmpty else { return nil }
        let start = rest.lowerBound
        guard index < blocks.count, blocks[index].new < rest.upperBound else { return take(rest.upperBound, nil) }
        let block = blocks[index]
        guard block.new <= start else { return take(block.new, nil) }
        if block.newEnd <= rest.upperBound { index &+= 1 }
        return take(Swift.min(block.newEnd, rest.upperBound), start &- block.shift)
    }

    private mutating func take(_ end: Int, _ old: Int?) -> (new: Range<Int>, old: Int?) {
        defer { rest = end..<rest.upperBound }
        return (rest.lowerBound..<end, old)
    }
}

extension ReferenceKind {
    /// What is left to say of a value of this width.
    @inline(__always)
    func residue(_ difference: Int) -> Int { width == 8 ? difference : Int(Int32(truncatingIfNeeded: difference)) }
}
