/// How zlib and gzip were told to compress: with these and the data, their output is known.
struct DeflateParameters: Equatable, Sendable {
    /// How matches are looked for.
    enum Strategy: Equatable, Sendable {
        /// `level` is 1 to 9.
        case level(Int)
        /// Only copies of the byte before.
        case runs
        /// No copies.
        case literals
    }

    /// When a block is full.
    enum Splitting: Equatable, Sendable {
        /// gzip 1.2.4 and later: at 32,767 tokens, or when a block compresses so well that a new code may pay.
        case gzip
        /// zlib: at 2^bits - 1 tokens; bits is memLevel + 6 and 7 to 15.
        case zlib(bits: Int)
        /// Never but at the end of the data.
        case never
    }

    var strategy = Strategy.level(6)
    var splitting = Splitting.zlib(bits: 14)
    /// The window is 2^windowBits bytes; 9 to 15.
    var windowBits = 15
    /// The hash table has 2^hashBits places; 8 to 16, which is memLevel + 7.
    var hashBits = 15
    /// zlib's `Z_FILTERED`: matches of up to five bytes are not worth it.
    var isFiltered = false
    /// zlib's `Z_FIXED`: blocks with the fixed code only.
    var usesFixedCodes = false
}

/// How much work a level does for a better match.
struct SearchEffort {
    /// With a match of that length in hand, only a quarter of the candidates is looked at for a better one.
    let good: Int
    /// With a match of that length in hand, no better one is looked for. Without lazy evaluation: the bytes of longer
    /// matches are not entered in the hash table.
    let lazy: Int
    /// A match of that length is good enough to stop.
    let nice: Int
    /// Candidates looked at.
    let chain: Int
    /// Whether a match waits for a look at the next position.
    let isLazy: Bool

    /// `level` is 1 to 9.
    init(level: Int) {
        let numbers =
            switch level {
            case ...1: (4, 4, 8, 4)
            case 2: (4, 5, 16, 8)
            case 3: (4, 6, 32, 32)
            case 4: (4, 4, 16, 16)
            case 5: (8, 16, 32, 32)
            case 6: (8, 16, 128, 128)
            case 7: (8, 32, 128, 256)
            case 8: (32, 128, 258, 1024)
            default: (32, 258, 258, 4096)
            }
        (good, lazy, nice, chain) = numbers
        isLazy = level > 3
    }
}
