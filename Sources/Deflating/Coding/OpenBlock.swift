/// The tokens of a block that has not ended yet, and how often each symbol occurs in it.
struct OpenBlock {
    /// Tokens one block may have in what we make: four bytes each.
    static let mostTokens = 1 << 22

    private(set) var tokens: [Token] = []
    private(set) var literals = [Int](repeating: 0, count: Alphabets.literalCount)
    private(set) var distances = [Int](repeating: 0, count: Alphabets.distanceCount)
    /// In the data.
    private(set) var start = 0
    private(set) var end = 0

    init() { literals[Alphabets.endOfBlock] = 1 }

    /// `byte` is the one at `end`; it counts when the token is a literal.
    @inline(__always)
    mutating func append(_ token: Token, _ byte: UInt8) {
        tokens.append(token)
        if token.isLiteral {
            literals[Int(byte)] &+= 1
        } else {
            literals[257 &+ Int(Alphabets.symbolOfLength[token.count &- 3])] &+= 1
            distances[Alphabets.symbol(ofDistance: token.distance)] &+= 1
        }
        end &+= token.count
    }

    /// Begins the next block where this one ends.
    mutating func startNext() {
        tokens.removeAll(keepingCapacity: true)
        for index in literals.indices { literals[index] = 0 }
        for index in distances.indices { distances[index] = 0 }
        literals[Alphabets.endOfBlock] = 1
        start = end
    }

    /// Bits of the tokens and the end, coded like that.
    func bits(_ literalLengths: [UInt8], _ distanceLengths: [UInt8]) -> Int {
        var bits = 0
        for (symbol, count) in literals.enumerated() where count > 0 {
            let extra = symbol > 256 ? Alphabets.lengthExtra[symbol - 257] : 0
            bits += count * (Int(literalLengths[symbol]) + extra)
        }
        for (symbol, count) in distances.enumerated() where count > 0 {
            bits += count * (Int(distanceLengths[symbol]) + Alphabets.distanceExtra[symbol])
        }
        return bits
    }
}
