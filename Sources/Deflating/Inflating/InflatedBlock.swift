/// How a deflated block is coded.
enum BlockKind: UInt8, Sendable {
    case stored = 0
    case fixed = 1
    case dynamic = 2
}

/// One block of a deflated stream, and where it ends.
struct InflatedBlock: Sendable {
    let kind: BlockKind
    /// Where its codes are in the deflated bytes, in bits; empty unless dynamic.
    let header: Range<Int>
    /// In the tokens of the stream. A stored block has none.
    let tokenEnd: Int
    /// In the inflated bytes, counted from the stream's first.
    let byteEnd: Int
}

/// All there is to know about a deflated stream besides the bytes it stands for.
struct InflatedStream: Sendable {
    /// Deflated bytes.
    var byteCount = 0
    var tokens: [Token] = []
    var blocks: [InflatedBlock] = []
}
