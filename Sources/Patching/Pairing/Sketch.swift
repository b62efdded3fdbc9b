/// What a file's content is like: the smallest hashes of all its 24-byte pieces. Files that share blocks share hashes.
struct Sketch {
    static let pieceBytes = 24
    private static let kept = 64
    /// Beyond this much of a file nothing is looked at.
    private static let limit = 16 << 20

    let hashes: [UInt64]

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        let count = min(bytes.count, Self.limit)
        guard count >= Self.pieceBytes else {
            hashes = []
            return
        }
        let multiplier: UInt64 = 0x9e37_79b9_7f4a_7c15
        var outgoing: UInt64 = 1
        for _ in 0..<Self.pieceBytes { outgoing &*= multiplier }
        var rolling: UInt64 = 0
        var smallest: Set<UInt64> = []
        // Pieces below this are kept; it falls as smaller ones come.
        var bound = UInt64.max
        for index in 0..<count {
            rolling = rolling &* multiplier &+ UInt64(bytes[index]) &+ 1
            guard index >= Self.pieceBytes - 1 else { continue }
            if index >= Self.pieceBytes {
                rolling = rolling &- outgoing &* (UInt64(bytes[index - Self.pieceBytes]) &+ 1)
            }
            let mixed = (rolling ^ rolling >> 29) &* 0xbf58_476d_1ce4_e5b9
            let hash = mixed ^ mixed >> 32
            guard hash < bound else { continue }
            smallest.insert(hash)
            if smallest.count >= 2 * Self.kept { bound = Self.cut(&smallest) }
        }
        _ = Self.cut(&smallest)
        hashes = smallest.sorted()
    }

    /// Keeps the smallest ones and returns the largest of these.
    private static func cut(_ hashes: inout Set<UInt64>) -> UInt64 {
        let sorted = hashes.sorted().prefix(kept)
        hashes = Set(sorted)
        return sorted.count < kept ? .max : (sorted.last ?? .max)
    }
}
