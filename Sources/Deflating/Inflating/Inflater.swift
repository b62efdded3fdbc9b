import Primitives

/// Inflates one deflated stream (RFC 1951), strictly.
struct Inflater {
    private enum Progress {
        case blockEnded, needsRoom
    }

    /// Room that one step never exceeds: the longest copy, and what is copied beyond it for speed.
    private static let slack = 258 + 16
    private static let firstRoom = 1 << 16

    private var reader: BitReader
    /// Where the deflated bytes begin.
    private let start: Int
    private let keepsTokens: Bool
    private let limit: Int
    private var stream = InflatedStream()
    /// Inflated bytes in front of this stream's own, which it cannot reach.
    private var base = 0
    private var position = 0

    private init(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int, keepingTokens: Bool, limit: Int) {
        reader = BitReader(bytes, from: start)
        self.start = start
        keepsTokens = keepingTokens
        self.limit = limit
    }

    /// Inflates the stream that begins at `start`, to the end of `output`, which may hold at most `limit` bytes in all.
    /// On a fault `output` is as it was.
    static func inflate(
        _ bytes: UnsafeBufferPointer<UInt8>, from start: Int, to output: inout [UInt8], limit: Int, keepingTokens: Bool
    ) throws(DeflatingFault) -> InflatedStream {
        var inflater = Inflater(bytes, from: start, keepingTokens: keepingTokens, limit: limit)
        inflater.base = output.count
        inflater.position = output.count
        do {
            try inflater.run(&output)
        } catch {
            output.removeLast(output.count - inflater.base)
            throw error
        }
        output.removeLast(output.count - inflater.position)
        return inflater.stream
    }

    private mutating func run(_ output: inout [UInt8]) throws(DeflatingFault) {
        var isLast = false
        while !isLast {
            isLast = try reader.read(1) == 1
            switch try reader.read(2) {
            case 0: try storedBlock(&output)
            case 1: try block(.fixed, .fixed, reader.bitPosition..<reader.bitPosition, &output)
            case 2:
                let headerStart = reader.bitPosition
                let header = try BlockHeader(from: &reader)
                try block(.dynamic, header, headerStart..<reader.bitPosition, &output)
            default: throw DeflatingFault(.corruptStream, found: "a block of an unknown type")
            }
        }
        try reader.align()
        stream.byteCount = reader.bitPosition / 8 - start
    }

    private mutating func storedBlock(_ output: inout [UInt8]) throws(DeflatingFault) {
        try reader.align()
        let count = try reader.read(16)
        guard try reader.read(16) == count ^ 0xFFFF else {
            throw DeflatingFault(.corruptStream, found: "a stored block's length without its complement")
        }
        guard count <= limit - position else { throw tooLarge }
        let bytes = try reader.bytes(count)
        output.removeLast(output.count - position)
        output.append(contentsOf: bytes)
        position += count
        end(.stored, 0..<0)
    }

    private mutating func block(
        _ kind: BlockKind, _ header: BlockHeader, _ place: Range<Int>, _ output: inout [UInt8]
    ) throws(DeflatingFault) {
        let literals = try DecodingTable(header.literals, symbols: DecodingTable.literals)
        let distances = try DecodingTable(header.distances, symbols: DecodingTable.distances, mayBeEmpty: true)
        while true {
            try makeRoom(&output)
            let progress = try literals.entries.withUnsafeBufferPointer { first throws(DeflatingFault) in
                try distances.entries.withUnsafeBufferPointer { second throws(DeflatingFault) in
                    try output.withUnsafeMutableBufferPointer { buffer throws(DeflatingFault) in
                        try symbols(first, literals.width, second, distances.width, buffer)
                    }
                }
            }
            if progress == .blockEnded { break }
        }
        end(kind, place)
    }

    private mutating func end(_ kind: BlockKind, _ header: Range<Int>) {
        guard keepsTokens else { return }
        stream.blocks.append(
            InflatedBlock(kind: kind, header: header, tokenEnd: stream.tokens.count, byteEnd: position - base))
    }

    /// Makes `output` longer than what is in it, by doubling, up to what the limit allows and one step.
    private func makeRoom(_ output: inout [UInt8]) throws(DeflatingFault) {
        guard position <= limit else { throw tooLarge }
        guard output.count - position < Self.slack else { return }
        let wanted = min(max(Self.firstRoom, (position - base) * 2) + base, limit) + 2 * Self.slack
        output.append(contentsOf: repeatElement(0, count: max(Self.slack, wanted - output.count)))
    }

    private var tooLarge: DeflatingFault { DeflatingFault(.tooLarge, expected: "\(limit) bytes at most") }

    /// Decodes until the block ends or `output` has less room than `slack` behind `position`.
    ///
    /// Unchecked accesses, and why they are in bounds: `literals` and `distances` have 2^width entries and are indexed
    /// by `width` bits; a step writes at most `slack` bytes behind `position`, which the loop's condition leaves room
    /// for; a copy reads from `position - distance`, which is not below `base`.
    private mutating func symbols(
        _ literals: UnsafeBufferPointer<DecodingTable.Entry>, _ literalWidth: Int,
        _ distances: UnsafeBufferPointer<DecodingTable.Entry>, _ distanceWidth: Int,
        _ output: UnsafeMutableBufferPointer<UInt8>
    ) throws(DeflatingFault) -> Progress {
        let end = output.count - Self.slack
        guard let bytes = output.baseAddress else { return .needsRoom }
        var (reader, position) = (reader, position)
        defer { (self.reader, self.position) = (reader, position) }
        while position <= end {
            reader.refill()
            let entry = literals[reader.peek(literalWidth)]
            guard reader.drop(entry.codeLength) else { throw DeflatingFault(.truncated) }
            if entry.isLiteral {
                bytes[position] = UInt8(truncatingIfNeeded: entry.value)
                position &+= 1
                if keepsTokens { stream.tokens.append(.literal) }
                continue
            }
            guard entry.isLength else {
                guard entry.isEnd else { throw DeflatingFault(.corruptStream, found: "an unknown code") }
                guard position <= limit else { throw tooLarge }
                return .blockEnded
            }
            let length = entry.value &+ reader.peek(entry.extra)
            guard reader.drop(entry.extra) else { throw DeflatingFault(.truncated) }
            let distanceEntry = distances[reader.peek(distanceWidth)]
            guard reader.drop(distanceEntry.codeLength) else { throw DeflatingFault(.truncated) }
            let distance = distanceEntry.value &+ reader.peek(distanceEntry.extra)
            guard reader.drop(distanceEntry.extra) else { throw DeflatingFault(.truncated) }
            guard distanceEntry.isLength, distance <= position &- base else {
                throw DeflatingFault(.corruptStream, found: "a copy from before the beginning")
            }
            Self.copy(bytes + position, distance, length)
            position &+= length
            if keepsTokens { stream.tokens.append(Token(length: length, distance: distance)) }
        }
        return .needsRoom
    }

    /// Copies `length` bytes from `distance` before `target`. May write up to 15 bytes more, which come to be overwritten.
    @inline(__always)
    private static func copy(_ target: UnsafeMutablePointer<UInt8>, _ distance: Int, _ length: Int) {
        let source = target - distance
        guard distance < 8 else {
            var index = 0
            repeat {
                let word = UnsafeRawPointer(source + index).loadUnaligned(as: UInt64.self)
                UnsafeMutableRawPointer(target + index).storeBytes(of: word, as: UInt64.self)
                index &+= 8
            } while index < length
            return
        }
        for index in 0..<length { target[index] = source[index] }
    }
}
