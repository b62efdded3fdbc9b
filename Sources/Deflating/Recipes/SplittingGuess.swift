/// Tells from the lengths of a stream's blocks when its compressor may have ended them.
struct SplittingGuess {
    /// The likeliest first, and at last `never`.
    let candidates: [DeflateParameters.Splitting]

    init(_ stream: InflatedStream, _ hint: CompressorHint) {
        let usual = hint.isGzip ? DeflateParameters.Splitting.gzip : .zlib(bits: 14)
        let others = [DeflateParameters.Splitting.zlib(bits: 14), .gzip, .zlib(bits: 15)].filter { $0 != usual }
        let all = [usual] + others + (7...13).map { .zlib(bits: $0) }
        let blocks = Self.blocks(stream)
        let full = blocks.dropLast()
        let scores = all.map { splitting in full.count { Self.fits($0, splitting) } }
        let fitting = zip(all, scores).filter { splitting, score in
            Self.isPossible(blocks, splitting) && (score > 0 || full.isEmpty)
        }
        let best = fitting.enumerated().sorted { ($1.element.1, $0.offset) < ($0.element.1, $1.offset) }
        candidates = best.prefix(4).map(\.element.0) + [.never]
    }

    private struct Block {
        let count: Int
        let isStored: Bool
    }

    /// In a stored block, which does not compress, nearly each byte is a token.
    private static func fits(_ block: Block, _ splitting: DeflateParameters.Splitting) -> Bool {
        switch splitting {
        case .never: return false
        case .gzip: return isFull(block, 1 << 15 - 1) || (!block.isStored && block.count & 0xFFF == 0)
        case .zlib(let bits): return isFull(block, 1 << bits - 1)
        }
    }

    private static func isFull(_ block: Block, _ tokens: Int) -> Bool {
        block.isStored ? (tokens...tokens + tokens / 16).contains(block.count) : block.count == tokens
    }

    /// No block may have more tokens than a full one.
    private static func isPossible(_ blocks: [Block], _ splitting: DeflateParameters.Splitting) -> Bool {
        let most =
            switch splitting {
            case .never: Int.max
            case .gzip: 1 << 15 - 1
            case .zlib(let bits): 1 << bits - 1
            }
        return blocks.allSatisfy { $0.isStored || $0.count <= most }
    }

    private static func blocks(_ stream: InflatedStream) -> [Block] {
        var (tokens, bytes) = (0, 0)
        return stream.blocks.map { block in
            defer { (tokens, bytes) = (block.tokenEnd, block.byteEnd) }
            let isStored = block.kind == .stored
            return Block(count: isStored ? block.byteEnd - bytes : block.tokenEnd - tokens, isStored: isStored)
        }
    }
}
