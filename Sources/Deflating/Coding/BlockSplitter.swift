/// Says when zlib or gzip would end a block.
struct BlockSplitter {
    /// gzip looks at what a block has come to whenever it has another of so many tokens.
    private static let lookEvery = 1 << 12
    private static let gzipTokens = 1 << 15 - 1

    private let splitting: DeflateParameters.Splitting
    /// gzip looks at the block at level 3 and above.
    private let looks: Bool
    /// When a match waits for the next position, gzip's and zlib's position is one further.
    private let isLazy: Bool

    init(_ parameters: DeflateParameters) {
        splitting = parameters.splitting
        if case .level(let level) = parameters.strategy {
            (looks, isLazy) = (level > 2, level > 3)
        } else {
            (looks, isLazy) = (false, false)
        }
    }

    /// How many times `block` ends behind its last token, before the end of the data.
    @inline(__always)
    func ends(_ block: borrowing OpenBlock, lastToken: Token) -> Int {
        switch splitting {
        case .never: 0
        case .zlib(let bits): block.tokens.count == 1 << bits &- 1 ? 1 : 0
        case .gzip: gzipEnds(block, lastToken) ? 1 : 0
        }
    }

    /// The same at the end of the data. The last literal of lazy evaluation is added when nobody asks any more whether
    /// the block is full.
    func endsOfData(_ block: borrowing OpenBlock, lastToken: Token) -> Int {
        isLazy && lastToken.isLiteral ? 1 : 1 + ends(block, lastToken: lastToken)
    }

    @inline(__always)
    private func gzipEnds(_ block: borrowing OpenBlock, _ lastToken: Token) -> Bool {
        let count = block.tokens.count
        if looks, count & (Self.lookEvery &- 1) == 0, compressesWell(block, lastToken) { return true }
        return count == Self.gzipTokens
    }

    private func compressesWell(_ block: borrowing OpenBlock, _ lastToken: Token) -> Bool {
        let matches = block.distances.reduce(0, +)
        let bits = block.distances.enumerated().reduce(block.tokens.count * 8) {
            $0 + $1.element * (5 + Alphabets.distanceExtra[$1.offset])
        }
        let position = block.end - lastToken.count + (isLazy ? 1 : 0)
        return matches < block.tokens.count / 2 && bits >> 3 < (position - block.start) / 2
    }

    /// Whether the bytes of `block` are still in the buffer when it ends, so that it could be stored. `bufferStart` is
    /// where gzip's begins.
    func canBeStored(_ block: borrowing OpenBlock, lastToken: Token, windowBits: Int, bufferStart: Int?) -> Bool {
        if let bufferStart { return block.start >= bufferStart }
        let window = 1 << windowBits
        let position = block.end - lastToken.count + (isLazy ? 1 : 0)
        // The buffer has two windows, and moves on by one when fewer than 262 bytes are left to read.
        let first = 2 * window - 261
        let moved = position < first ? 0 : (position - first) / window + 1
        return block.start >= moved * window
    }
}
