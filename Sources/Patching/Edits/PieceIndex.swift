/// Where pieces of a large file stand: the first of every piece of `piece` bytes, by a hash that can be rolled over another
/// file. 16 bytes a piece.
struct PieceIndex {
    static let piece = 2048

    private var hashes: [UInt32]
    private var pieces: [Int32]
    private let mask: Int

    init(_ file: FileWindow) throws {
        let count = file.count / Self.piece
        var slots = 1024
        while slots < count &* 2 { slots *= 2 }
        mask = slots - 1
        hashes = Array(repeating: 0, count: slots)
        pieces = Array(repeating: -1, count: slots)
        for piece in 0..<count {
            insert(RollingHash(try file.bytes(at: piece &* Self.piece, Self.piece)).value, piece)
        }
    }

    private mutating func insert(_ hash: UInt64, _ piece: Int) {
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while pieces[slot] >= 0 {
            if hashes[slot] == UInt32(truncatingIfNeeded: hash) { return }
            slot = (slot &+ 1) & mask
        }
        hashes[slot] = UInt32(truncatingIfNeeded: hash)
        pieces[slot] = Int32(truncatingIfNeeded: piece)
    }

    /// Where a piece with this hash begins; whoever asks has to compare.
    @inline(__always)
    func offset(of hash: UInt64) -> Int? {
        var slot = Int(truncatingIfNeeded: hash >> 32) & mask
        while pieces[slot] >= 0 {
            if hashes[slot] == UInt32(truncatingIfNeeded: hash) { return Int(pieces[slot]) &* Self.piece }
            slot = (slot &+ 1) & mask
        }
        return nil
    }
}

/// A hash of `PieceIndex.piece` bytes that moves on a byte at a time.
struct RollingHash {
    private static let factor: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let leaving = (0..<PieceIndex.piece &- 1).reduce(UInt64(1)) { product, _ in product &* factor }

    private var sum: UInt64 = 0

    init(_ bytes: ByteView) {
        for place in 0..<bytes.count { sum = sum &* Self.factor &+ UInt64(bytes.base[place]) &+ 1 }
    }

    @inline(__always)
    mutating func roll(out: UInt8, in byte: UInt8) {
        sum = (sum &- (UInt64(out) &+ 1) &* Self.leaving) &* Self.factor &+ UInt64(byte) &+ 1
    }

    @inline(__always)
    var value: UInt64 { (sum ^ sum >> 29) &* 0xBF58_476D_1CE4_E5B9 }
}
