/// The code lengths of a dynamic block's codes, as zlib and gzip write them: with runs, each code for itself.
struct CodeLengthRuns {
    /// Symbols of the length code, and what is in the extra bits of those that have some.
    private(set) var symbols: [(symbol: Int, extra: Int)] = []
    private(set) var frequencies = [Int](repeating: 0, count: Alphabets.lengthCodeCount)

    /// Adds the lengths of one code, the last of which is not zero.
    mutating func append(_ lengths: ArraySlice<UInt8>) {
        var before: UInt8?
        var rest = lengths
        while let length = rest.first {
            let isNew = length != before
            let most = length == 0 ? 138 : isNew ? 7 : 6
            let count = rest.prefix(most).prefix { $0 == length }.count
            append(Int(length), count, isNew)
            before = length
            rest = rest.dropFirst(count)
        }
    }

    private mutating func append(_ length: Int, _ count: Int, _ isNew: Bool) {
        // What is not zero says itself once before it is repeated, unless the run before it was the same.
        let repeated = length > 0 && isNew ? count - 1 : count
        switch (length, count) {
        case (0, 11...): add(18, count - 11)
        case (0, 3...): add(17, count - 3)
        case (1..., _) where repeated >= 3:
            if isNew { add(length, 0) }
            add(16, repeated - 3)
        default: for _ in 0..<count { add(length, 0) }
        }
    }

    private mutating func add(_ symbol: Int, _ extra: Int) {
        symbols.append((symbol, extra))
        frequencies[symbol] += 1
    }
}
