/// What makes a deflated stream again from the bytes it stands for: how zlib or gzip would do it, and where the stream
/// is different.
struct DeflateRecipe: Equatable {
    /// Where another token stands than the predicted one.
    struct TokenCorrection: Equatable {
        /// Which token of the stream.
        let index: Int
        let token: Token
    }

    /// Where another number of blocks ends than predicted.
    struct EndCorrection: Equatable {
        /// How many tokens of the stream stand before.
        let index: Int
        /// How many blocks end there. All but the first are empty.
        let count: Int
    }

    /// Which block is coded in another way than predicted.
    struct BlockCorrection: Equatable {
        /// Which block of the stream.
        let index: Int
        let form: BlockForm
    }

    var parameters = DeflateParameters()
    /// All three by rising index.
    var tokens: [TokenCorrection] = []
    var ends: [EndCorrection] = []
    var blocks: [BlockCorrection] = []

    var isExact: Bool { tokens.isEmpty && ends.isEmpty && blocks.isEmpty }
}

/// How a block is coded.
enum BlockForm: Equatable {
    case stored
    case fixed
    /// With the codes that zlib and gzip would make.
    case dynamic
    /// With a header of its own: bits, the lowest of each byte first, and zeros behind the last.
    case header([UInt8], bitCount: Int)

    init(_ kind: BlockKind) {
        self =
            switch kind {
            case .stored: .stored
            case .fixed: .fixed
            case .dynamic: .dynamic
            }
    }
}
