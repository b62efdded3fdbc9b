/// Where in a file any eight bytes stand: hash chains, the latest place first.
final class SeedIndex {
    struct Match {
        var length: Int
        var old: Int
    }

    static let seed = 8
    /// How many places with one hash are looked at.
    private static let depth = 32

    /// Files from this size on are not indexed at every place: a match is still found within a few bytes of where it could be.
    private static let sparseFrom = 8 << 20

    private let bytes: ByteView
    private let stride: Int
    private let bits: UInt64
    private let heads: UnsafeMutableBufferPointer<Int32>
    /// For each indexed place, how many of these the next older one with its hash is back, modulo `turn`; 0 for none. In
    /// three bytes: in a large file this is the largest table of all.
    private let chain: UnsafeMutableRawBufferPointer
    private static let turn = 1 << 24

    /// A file beyond 2 GiB is indexed up to there, a large one at every `sparse`th place.
    init(_ bytes: ByteView, sparse: Int) {
        self.bytes = bytes
        let indexed = min(bytes.count, Int(Int32.max) - 16)
        stride = bytes.count < Self.sparseFrom ? 1 : sparse
        var bits = 12
        while bits < 22, 1 << bits < indexed { bits += 1 }
        self.bits = UInt64(bits)
        heads = .allocate(capacity: 1 << bits)
        heads.initialize(repeating: -1)
        // One byte more, to read four at the last place.
        chain = .allocate(byteCount: 3 * (indexed / stride &+ 1) &+ 1, alignment: 16)
        fill(indexed)
    }

    deinit {
        heads.deallocate()
        chain.deallocate()
    }

    /// Of a run of equal seeds only the first place is kept.
    private func fill(_ indexed: Int) {
        var previous: UInt64?
        for place in Swift.stride(from: 0, to: indexed &- Self.seed &+ 1, by: stride) {
            let value = bytes.u64(place)
            if value == previous {
                link(place, back: 0)
                continue
            }
            previous = value
            let slot = hash(value)
            let older = Int(heads[slot])
            link(place, back: older < 0 ? 0 : (place &- older) / stride)
            heads[slot] = Int32(truncatingIfNeeded: place)
        }
    }

    @inline(__always)
    private func link(_ place: Int, back: Int) {
        let start = 3 &* (place / stride)
        chain[start] = UInt8(truncatingIfNeeded: back)
        chain[start &+ 1] = UInt8(truncatingIfNeeded: back >> 8)
        chain[start &+ 2] = UInt8(truncatingIfNeeded: back >> 16)
    }

    /// The next older place with the same hash, which is `slot`; -1 for none.
    @inline(__always)
    private func older(_ place: Int, _ slot: Int) -> Int {
        let four = chain.loadUnaligned(fromByteOffset: 3 &* (place / stride), as: UInt32.self)
        let back = Int(UInt32(littleEndian: four) & 0xFF_FFFF)
        guard back != 0 else { return -1 }
        var older = place &- back &* stride
        // Where the hash is another, the place is one turn farther, or more.
        while older >= Self.turn &* stride, hash(bytes.u64(older)) != slot { older &-= Self.turn &* stride }
        return older
    }

    @inline(__always)
    private func hash(_ value: UInt64) -> Int {
        Int(truncatingIfNeeded: (value &* 0x9E37_79B9_7F4A_7C15) >> (64 &- bits))
    }

    /// The longest match for what stands at `place` in `new`; of equally long ones the one closest to `near`.
    func longest(in new: ByteView, at place: Int, near: Int) -> Match {
        var best = Match(length: 0, old: 0)
        guard place &+ Self.seed <= new.count else { return best }
        let value = new.u64(place)
        let slot = hash(value)
        var candidate = Int(heads[slot])
        var left = Self.depth
        while candidate >= 0, left > 0 {
            left &-= 1
            if bytes.u64(candidate) == value {
                let length = bytes.commonLength(at: candidate, new, at: place, limit: Int.max)
                if length > best.length || length == best.length && abs(candidate &- near) < abs(best.old &- near) {
                    best = Match(length: length, old: candidate)
                }
            }
            candidate = older(candidate, slot)
        }
        return best
    }
}
