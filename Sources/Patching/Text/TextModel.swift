/// LZMA's probabilities, one allocation, each named by where it begins.
struct TextModel {
    /// Two bits of choice, then trees of 3, 3 and 8 bits.
    struct Length {
        static let count = 2 + 2 * (16 << 3) + 256

        let base: UnsafeMutablePointer<UInt16>

        /// Less 2. `place` is the position state.
        func decode(_ range: inout RangeDecoder, _ place: Int) throws -> Int {
            if try range.bit(base) == 0 { return try range.tree(base + (2 + place << 3), bits: 3) }
            if try range.bit(base + 1) == 0 { return 8 + (try range.tree(base + (2 + 16 << 3 + place << 3), bits: 3)) }
            return 16 + (try range.tree(base + (2 + 32 << 3), bits: 8))
        }
    }

    private static let half: UInt16 = 1 << 10

    private let all: UnsafeMutablePointer<UInt16>
    let isMatch, isRep, isRepG0, isRepG1, isRepG2, isRep0Long: UnsafeMutablePointer<UInt16>
    let slots, special, align, literals: UnsafeMutablePointer<UInt16>
    let length, repLength: Length

    init(_ parameters: LZMAParameters) {
        let sizes = [
            12 << 4, 12, 12, 12, 12, 12 << 4, 4 << 6, 128, 16, Length.count, Length.count,
            0x300 << (parameters.lc + parameters.lp),
        ]
        let count = sizes.reduce(0, +)
        let all = UnsafeMutablePointer<UInt16>.allocate(capacity: count)
        all.initialize(repeating: Self.half, count: count)
        var offset = 0
        let parts = sizes.map { size in
            defer { offset += size }
            return all + offset
        }
        self.all = all
        (isMatch, isRep, isRepG0, isRepG1, isRepG2) = (parts[0], parts[1], parts[2], parts[3], parts[4])
        (isRep0Long, slots, special, align) = (parts[5], parts[6], parts[7], parts[8])
        (length, repLength, literals) = (Length(base: parts[9]), Length(base: parts[10]), parts[11])
    }

    func deallocate() { all.deallocate() }
}
