import Primitives

/// Makes new files of old ones and what the streams say. The streams may say anything: an error, never a trap, and never
/// more memory than the limit.
package struct EditDecoder<Streams: EditStreamReader> {
    private var streams: Streams
    var limits: EditLimits

    package init(_ streams: Streams, limits: EditLimits) {
        self.streams = streams
        self.limits = limits
    }

    /// Hands the new file's `count` bytes to `sink`, in order. Throws `PatchFault`, or what streams, file and sink throw.
    package mutating func decode(
        _ method: EditMethod, old: (any OldFile)?, count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        switch (method, old) {
        case (.literal, _), (.text, _): try decodeText(count, into: sink)
        case (.copy, let old?): try decodeCopy(old, count, into: sink)
        case (.predicted, let old?): try decodePredicted(old, count, into: sink)
        case (_, nil): throw PatchFault(.malformed, found: "an edit without an old file")
        }
    }

    /// Decodes `count` bytes of one stream.
    private mutating func decodeText(_ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard count > 0 else { return }
        var parts = Parts(count)
        defer { parts.deallocate() }
        try parts.fill(0..<count, sink) { _, part in try streams.read(.text, into: part) }
        try parts.flush(sink)
    }

    private mutating func decodeCopy(
        _ old: any OldFile, _ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try limits.check(EditMemory.copy)
        var differences = Differences(count: try streams.number(.layout, atMost: max(count, 0)))
        guard count > 0 else { return try differences.checkEnd() }
        let pages = FilePages(old, bytes: EditMemory.copyPages)
        var parts = Parts(count)
        defer { parts.deallocate() }
        try forEachBlock(old.count, count, atMost: EditMemory.mostCopiedBlocks(count)) { this, literal, block in
            try parts.fill(literal, sink) { _, part in try this.streams.read(.literals, into: part) }
            guard let block else { return }
            try parts.fill(block.new..<block.newEnd, sink) { place, part in
                try pages.read(at: place &- block.shift, into: part)
                try differences.apply(to: part, &this.streams)
            }
        }
        try parts.flush(sink)
        try differences.checkEnd()
    }

    /// Reads all blocks of a file, each with the literal bytes before it; the last may be literal bytes alone.
    private mutating func forEachBlock(
        _ oldCount: Int, _ count: Int, atMost most: Int, _ body: (inout Self, Range<Int>, Block?) throws -> Void
    ) throws {
        var left = most
        var place = 0
        var expected = 0
        while place < count {
            let start = place &+ (try streams.number(.inserts, atMost: count &- place))
            guard start < count else { return try body(&self, place..<start, nil) }
            left &-= 1
            guard left >= 0 else {
                throw PatchFault(.tooMuchMemory, found: "more blocks", expected: "at most \(most) in \(count) bytes")
            }
            let length = try streams.number(.lengths, atMost: min(count &- start, oldCount, Block.largestFile))
            let (old, overflow) = expected.addingReportingOverflow(try streams.signedNumber(.seeks))
            guard length > 0, !overflow, old >= 0, old <= oldCount &- length,
                max(oldCount, count) <= Block.largestFile
            else {
                throw PatchFault(
                    .malformed, found: "\(length) bytes from \(old)", expected: "a part of \(oldCount) bytes")
            }
            try body(&self, place..<start, Block(old: old, new: start, length: length))
            place = start &+ length
            expected = old &+ length
        }
    }

    private mutating func decodePredicted(
        _ old: any OldFile, _ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard count >= 0, old.count >= 0 else { throw PatchFault(.malformed, found: "a file of \(count) bytes") }
        try limits.check(max(old.count, count))
        let mask = UInt32(truncatingIfNeeded: try streams.number(.layout, atMost: Int(ReferenceKind.allGroups)))
        let differences = Differences(count: try streams.number(.layout, atMost: max(count, 0)))
        let corrections = Corrections(count: try streams.number(.layout, atMost: max(count, 0)))
        // Before there is a program in memory: putting them in order takes some.
        let blocks = try readBlocks(old.count, count)
        let chain = BlockChain(blocks)
        let pieces = chain.pieces.count
        try limits.check(
            EditMemory.reading(old.count, new: count, kept: 0)
                &+ EditMemory.held(blocks: blocks.count, pieces: pieces))
        // One buffer for both: the old program is only read from its end, then the new one is made from its beginning.
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: EditMemory.programs(old.count, count))
        defer { buffer.deallocate() }
        let start = buffer.count &- old.count
        buffer[..<start].initialize(repeating: 0)
        let program = try readProgram(
            old, UnsafeMutableBufferPointer(rebasing: buffer[start...]), new: count,
            besides: EditMemory.held(blocks: blocks.count, pieces: pieces))
        var builder = ProgramBuilder(
            old: old, program: program, blocks: blocks, mask: mask, buffer: buffer, newCount: count,
            differences: differences, corrections: corrections)
        let limits = limits
        let check: (ELFImage) throws -> Void = { image in
            try limits.check(
                EditMemory.predicted(
                    old: old.count, new: count, program, image, blocks: blocks.count, pieces: pieces))
        }
        try builder.build(chain, &streams, check: check, into: sink)
    }

    private func readProgram(
        _ old: any OldFile, _ buffer: UnsafeMutableBufferPointer<UInt8>, new: Int, besides held: Int
    ) throws -> OldProgram {
        try old.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
        let limits = EditLimits(memory: limits.memory &- held)
        guard let program = try OldProgram(ByteView(UnsafeBufferPointer(buffer)), new: new, limits: limits) else {
            throw PatchFault(.malformed, found: "a prediction from what is no program")
        }
        return program
    }

    private mutating func readBlocks(_ oldCount: Int, _ count: Int) throws -> [Block] {
        var blocks: [Block] = []
        let limits = limits
        try forEachBlock(oldCount, count, atMost: EditMemory.mostBlocks(count)) { _, _, block in
            guard let block else { return }
            if blocks.count == blocks.capacity { blocks.reserveCapacity(blocks.count &+ blocks.count / 4 &+ 256) }
            blocks.append(block)
            try limits.check(EditMemory.chaining(blocks: blocks.count))
        }
        return blocks.trimmed
    }
}

/// The new file's bytes on their way to the sink: gathered, since blocks may be short.
private struct Parts {
    private let buffer: UnsafeMutableRawBufferPointer
    private var filled = 0

    /// Of a file of so many bytes, at least one.
    init(_ count: Int) {
        buffer = .allocate(byteCount: min(EditMemory.copy &- EditMemory.copyPages, count), alignment: 16)
    }

    func deallocate() { buffer.deallocate() }

    /// Has the bytes in `range` of the file made by `fill`, which is told where a part of it begins.
    mutating func fill(
        _ range: Range<Int>, _ sink: (UnsafeRawBufferPointer) throws -> Void,
        _ fill: (Int, UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        var place = range.lowerBound
        while place < range.upperBound {
            if filled == buffer.count { try flush(sink) }
            let end = min(buffer.count, filled &+ (range.upperBound &- place))
            try fill(place, UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<end]))
            place &+= end &- filled
            filled = end
        }
    }

    mutating func flush(_ sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard filled > 0 else { return }
        try sink(UnsafeRawBufferPointer(rebasing: buffer[..<filled]))
        filled = 0
    }
}
