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
        try inParts(0..<max(count, 0), sink) { this, _, part in try this.streams.read(.text, into: part) }
    }

    private mutating func decodeCopy(
        _ old: any OldFile, _ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        try limits.check(EditMemory.copy)
        var differences = Differences(count: try streams.number(.layout, atMost: max(count, 0)))
        try forEachBlock(old.count, count) { this, literal, block in
            try this.inParts(literal, sink) { this, _, part in try this.streams.read(.literals, into: part) }
            guard let block else { return }
            try this.inParts(block.new..<block.newEnd, sink) { this, place, part in
                try old.read(at: place &- block.shift, into: part)
                try differences.apply(to: part, &this.streams)
            }
        }
        try differences.checkEnd()
    }

    /// Reads all blocks of a file, each with the literal bytes before it; the last may be literal bytes alone.
    private mutating func forEachBlock(
        _ oldCount: Int, _ count: Int, _ body: (inout Self, Range<Int>, Block?) throws -> Void
    ) throws {
        var place = 0
        var expected = 0
        while place < count {
            let start = place &+ (try streams.number(.inserts, atMost: count &- place))
            guard start < count else { return try body(&self, place..<start, nil) }
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

    /// Makes `range` part by part in a buffer of limited size.
    private mutating func inParts(
        _ range: Range<Int>, _ sink: (UnsafeRawBufferPointer) throws -> Void,
        _ fill: (inout Self, Int, UnsafeMutableRawBufferPointer) throws -> Void
    ) throws {
        guard !range.isEmpty else { return }
        let buffer = UnsafeMutableRawBufferPointer.allocate(
            byteCount: min(EditMemory.copy, range.count), alignment: 16)
        defer { buffer.deallocate() }
        var place = range.lowerBound
        while place < range.upperBound {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, range.upperBound &- place)])
            try fill(&self, place, part)
            try sink(UnsafeRawBufferPointer(part))
            place &+= part.count
        }
    }

    private mutating func decodePredicted(
        _ old: any OldFile, _ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        guard count >= 0, old.count >= 0 else { throw PatchFault(.malformed, found: "a file of \(count) bytes") }
        try limits.check(max(old.count, count))
        // One buffer for both: the old program is only read from it, then the new one is made in it.
        let buffer = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: max(old.count, count, 1))
        defer { buffer.deallocate() }
        let program = try readProgram(old, UnsafeMutableBufferPointer(rebasing: buffer[..<old.count]), new: count)
        let mask = UInt32(truncatingIfNeeded: try streams.number(.layout, atMost: Int(ReferenceKind.allGroups)))
        let differences = Differences(count: try streams.number(.layout, atMost: max(count, 0)))
        let corrections = Corrections(count: try streams.number(.layout, atMost: max(count, 0)))
        let blocks = try readBlocks(old.count, count, program)
        let new = UnsafeMutableBufferPointer(rebasing: buffer[..<count])
        new.initialize(repeating: 0)
        var builder = ProgramBuilder(
            old: old, program: program, blocks: blocks, mask: mask,
            new: new, differences: differences, corrections: corrections)
        let limits = limits
        try builder.build(&streams) { image in
            try limits.check(EditMemory.predicted(old: old.count, new: count, program, image, blocks: blocks.count))
        }
        try sink(UnsafeRawBufferPointer(new))
    }

    private func readProgram(
        _ old: any OldFile, _ buffer: UnsafeMutableBufferPointer<UInt8>, new: Int
    ) throws -> OldProgram {
        try old.read(at: 0, into: UnsafeMutableRawBufferPointer(buffer))
        guard let program = try OldProgram(ByteView(UnsafeBufferPointer(buffer)), new: new, limits: limits) else {
            throw PatchFault(.malformed, found: "a prediction from what is no program")
        }
        return program
    }

    private mutating func readBlocks(_ oldCount: Int, _ count: Int, _ program: OldProgram) throws -> [Block] {
        var blocks: [Block] = []
        let limits = limits
        try forEachBlock(oldCount, count) { _, _, block in
            guard let block else { return }
            guard blocks.count < EditMemory.mostBlocks(count) else {
                throw PatchFault(
                    .tooMuchMemory, found: "more blocks", expected: "at most \(EditMemory.mostBlocks(count))")
            }
            blocks.append(block)
            try limits.check(EditMemory.building(max(oldCount, count), program, blocks: blocks.count))
        }
        return blocks
    }
}
