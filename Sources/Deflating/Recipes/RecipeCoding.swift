import Primitives

extension DeflateRecipe {
    // The parameters; then for each of the three lists that is not empty, as their flags say, its count and its
    // entries, each with the distance of its index from the one behind the entry before.

    private static let tokensFlag = 1
    private static let endsFlag = 2
    private static let blocksFlag = 4
    /// A header with all its code lengths written out in the longest codes.
    private static let longestHeader = 14 + 19 * 3 + 316 * 14
    /// Form 3 and above: bits of the header.
    private static let headerForm = 3

    func write(to writer: inout RecipeWriter) {
        let flags =
            (tokens.isEmpty ? 0 : Self.tokensFlag) | (ends.isEmpty ? 0 : Self.endsFlag)
            | (blocks.isEmpty ? 0 : Self.blocksFlag)
        parameters.write(to: &writer, flags: flags)
        writeList(tokens, to: &writer, \.index) { writer, correction in
            writer.write(correction.token.isLiteral ? 0 : correction.token.count - 2)
            if !correction.token.isLiteral { writer.write(correction.token.distance - 1) }
        }
        writeList(ends, to: &writer, \.index) { writer, correction in writer.write(correction.count) }
        writeList(blocks, to: &writer, \.index) { writer, correction in Self.write(correction.form, to: &writer) }
    }

    private func writeList<Entry>(
        _ list: [Entry], to writer: inout RecipeWriter, _ index: (Entry) -> Int,
        _ write: (inout RecipeWriter, Entry) -> Void
    ) {
        guard !list.isEmpty else { return }
        writer.write(list.count)
        var next = 0
        for entry in list {
            writer.write(index(entry) - next)
            next = index(entry) + 1
            write(&writer, entry)
        }
    }

    private static func write(_ form: BlockForm, to writer: inout RecipeWriter) {
        switch form {
        case .stored: writer.write(0)
        case .fixed: writer.write(1)
        case .dynamic: writer.write(2)
        case .header(let bytes, let bitCount):
            writer.write(headerForm + bitCount)
            writer.write(raw: bytes)
        }
    }

    /// Reads the recipe of a stream that stands for `dataCount` bytes.
    init(from reader: inout RecipeReader, dataCount: Int) throws(DeflatingFault) {
        let (parameters, flags) = try DeflateParameters.read(from: &reader)
        self.parameters = parameters
        if flags & Self.tokensFlag != 0 {
            tokens = try Self.readList(&reader, dataCount) { index, reader throws(DeflatingFault) in
                TokenCorrection(index: index, token: try Self.readToken(&reader))
            }
        }
        if flags & Self.endsFlag != 0 {
            ends = try Self.readList(&reader, dataCount) { index, reader throws(DeflatingFault) in
                EndCorrection(index: index, count: try reader.number(upTo: OpenBlock.mostTokens))
            }
        }
        if flags & Self.blocksFlag != 0 {
            blocks = try Self.readList(&reader, .max >> 8) { index, reader throws(DeflatingFault) in
                BlockCorrection(index: index, form: try Self.readForm(&reader))
            }
        }
    }

    private static func readList<Entry>(
        _ reader: inout RecipeReader, _ largestIndex: Int,
        _ read: (Int, inout RecipeReader) throws(DeflatingFault) -> Entry
    ) throws(DeflatingFault) -> [Entry] {
        // Each entry takes two bytes at least.
        let count = try reader.number(upTo: reader.bytesLeft / 2)
        guard count > 0 else { throw DeflatingFault(.corruptRecipe, found: "an empty list") }
        var list: [Entry] = []
        list.reserveCapacity(count)
        var next = 0
        for _ in 0..<count {
            let index = next + (try reader.number(upTo: largestIndex - next))
            list.append(try read(index, &reader))
            guard index < largestIndex || list.count == count else {
                throw DeflatingFault(.corruptRecipe, found: "an index behind the end")
            }
            next = index + 1
        }
        return list
    }

    private static func readToken(_ reader: inout RecipeReader) throws(DeflatingFault) -> Token {
        let length = try reader.number(upTo: Token.lengths.upperBound - 2)
        guard length > 0 else { return .literal }
        return Token(length: length + 2, distance: try reader.number(upTo: Token.distances.upperBound - 1) + 1)
    }

    private static func readForm(_ reader: inout RecipeReader) throws(DeflatingFault) -> BlockForm {
        let code = try reader.number(upTo: headerForm + longestHeader)
        switch code {
        case 0: return .stored
        case 1: return .fixed
        case 2: return .dynamic
        default:
            let bitCount = code - headerForm
            let bytes = try reader.raw((bitCount + 7) / 8)
            guard bitCount & 7 == 0 || (bytes.last ?? 0) >> UInt8(bitCount & 7) == 0 else {
                throw DeflatingFault(.corruptRecipe, found: "bits behind a header")
            }
            return .header(bytes, bitCount: bitCount)
        }
    }
}
