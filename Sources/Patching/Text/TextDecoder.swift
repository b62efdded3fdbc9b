import Primitives

/// Unpacks the text stream: LZMA1 over a dictionary that is never in memory as a whole. What is unpacked is kept, since
/// it may be referred to as well. Not for use from two threads at once.
///
/// liblzma's decoder copies its dictionary; for the text of a whole release that would be tens of megabytes.
final class TextDecoder: UnpackedStream {
    private static let inputBytes = 16 << 10
    private static let states = 12
    private static let longest = 273

    private let dictionary: TextDictionary
    private let dictionaryCount: Int
    private let count: Int
    private let parameters: LZMAParameters
    private let output: UnsafeMutablePointer<UInt8>
    private let input = UnsafeMutableRawBufferPointer.allocate(byteCount: inputBytes, alignment: 16)
    private var range: RangeDecoder
    private var model: TextModel
    private var produced = 0
    private var handedOut = 0
    private var state = 0
    private var (rep0, rep1, rep2, rep3) = (0, 0, 0, 0)

    /// Of `count` bytes, which are kept in memory.
    init(
        count: Int, _ parameters: LZMAParameters, _ dictionary: TextDictionary, source: @escaping PackedPiece.Reader
    ) throws {
        (self.count, self.parameters, self.dictionary) = (count, parameters, dictionary)
        dictionaryCount = dictionary.count
        output = .allocate(capacity: count)
        model = TextModel(parameters)
        do { range = try RangeDecoder(input, source: source) } catch {
            // `deinit` does not run for what was never whole.
            output.deallocate()
            input.deallocate()
            model.deallocate()
            throw error
        }
    }

    deinit {
        output.deallocate()
        input.deallocate()
        model.deallocate()
    }

    /// Bytes of memory for a stream of `count` bytes.
    static func memory(_ count: Int) -> Int { count + inputBytes + TextDictionary.memory + (64 << 10) }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        guard buffer.count <= count - handedOut else { throw PatchFault(.truncated, at: "text") }
        while produced - handedOut < buffer.count { try decodeSymbol() }
        buffer.copyMemory(from: UnsafeRawBufferPointer(start: output + handedOut, count: buffer.count))
        handedOut += buffer.count
    }

    func finish() throws {
        guard handedOut == count, produced == count else { throw PatchFault(.leftover, at: "text") }
        try range.finish()
    }

    private func decodeSymbol() throws {
        let place = (dictionaryCount &+ produced) & (1 << parameters.pb - 1)
        if try range.bit(model.isMatch + (state << 4 + place)) == 0 { return try decodeLiteral() }
        var length: Int
        if try range.bit(model.isRep + state) == 0 {
            (rep3, rep2, rep1) = (rep2, rep1, rep0)
            length = try model.length.decode(&range, place)
            state = state < 7 ? 7 : 10
            rep0 = try decodeDistance(length)
        } else if try range.bit(model.isRepG0 + state) == 0 {
            if try range.bit(model.isRep0Long + (state << 4 + place)) == 0 {
                state = state < 7 ? 9 : 11
                return try copy(1)
            }
            length = try model.repLength.decode(&range, place)
            state = state < 7 ? 8 : 11
        } else {
            try chooseOlderDistance()
            length = try model.repLength.decode(&range, place)
            state = state < 7 ? 8 : 11
        }
        length += 2
        try copy(length)
    }

    private func chooseOlderDistance() throws {
        let distance: Int
        if try range.bit(model.isRepG1 + state) == 0 {
            distance = rep1
        } else if try range.bit(model.isRepG2 + state) == 0 {
            (distance, rep2) = (rep2, rep1)
        } else {
            (distance, rep3, rep2) = (rep3, rep2, rep1)
        }
        (rep1, rep0) = (rep0, distance)
    }

    private func decodeLiteral() throws {
        let position = dictionaryCount &+ produced
        let previous = position > 0 ? Int(try byte(back: 0)) : 0
        let context = (position & (1 << parameters.lp - 1)) << parameters.lc + previous >> (8 - parameters.lc)
        let probabilities = model.literals + 0x300 * context
        var symbol = 1
        if state >= 7 {
            var matched = Int(try byte(back: rep0)) << 1
            while symbol < 0x100 {
                let matchBit = matched >> 8 & 1
                matched <<= 1
                let bit = try range.bit(probabilities + ((1 + matchBit) << 8 + symbol))
                symbol = symbol << 1 | bit
                if matchBit != bit { break }
            }
        }
        while symbol < 0x100 { symbol = symbol << 1 | (try range.bit(probabilities + symbol)) }
        guard produced < count else { throw PatchFault(.malformed, at: "text") }
        output[produced] = UInt8(truncatingIfNeeded: symbol)
        produced += 1
        state = state < 4 ? 0 : state < 10 ? state - 3 : state - 6
    }

    private func decodeDistance(_ length: Int) throws -> Int {
        let slot = try range.tree(model.slots + min(length, 3) << 6, bits: 6)
        guard slot >= 4 else { return slot }
        let bits = slot >> 1 - 1
        let base = (2 | slot & 1) << bits
        if slot < 14 { return base + (try range.reverseTree(model.special + (base - slot), bits: bits)) }
        let high = try range.direct(bits - 4) << 4
        return base + high + (try range.reverseTree(model.align, bits: 4))
    }

    /// The byte that lies `distance` bytes before the last one. Throws when there is none.
    private func byte(back distance: Int) throws -> UInt8 {
        if distance < produced { return output[produced - 1 - distance] }
        let position = dictionaryCount + produced - 1 - distance
        guard position >= 0 else { throw PatchFault(.malformed, found: "a distance too far", at: "text") }
        var byte: UInt8 = 0
        try dictionary.copy(1, from: position, to: &byte)
        return byte
    }

    private func copy(_ length: Int) throws {
        guard rep0 < dictionaryCount + produced else {
            throw PatchFault(.malformed, found: "a distance too far", at: "text")
        }
        // The last match may go on beyond the end: what says how long it is has been cut short.
        var rest = min(length, count - produced)
        if rep0 >= produced {
            let fromDictionary = min(rest, rep0 - produced + 1)
            try dictionary.copy(fromDictionary, from: dictionaryCount + produced - 1 - rep0, to: output + produced)
            produced += fromDictionary
            rest -= fromDictionary
        }
        // Byte by byte: source and target may overlap.
        for _ in 0..<rest {
            output[produced] = output[produced - 1 - rep0]
            produced += 1
        }
    }
}
