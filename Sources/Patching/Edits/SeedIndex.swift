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
    private let chain: UnsafeMutableBufferPointer<Int32>

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
        chain = .allocate(capacity: indexed / stride &+ 1)
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
                chain[place / stride] = -1
                continue
            }
            previous = value
            let slot = hash(value)
            chain[place / stride] = heads[slot]
            heads[slot] = Int32(truncatingIfNeeded: place)
        }
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
        var candidate = Int(heads[hash(value)])
        var left = Self.depth
        while candidate >= 0, left > 0 {
            left &-= 1
            if bytes.u64(candidate) == value {
                let length = bytes.commonLength(at: candidate, new, at: place, limit: Int.max)
                if length > best.length || length == best.length && abs(candidate &- near) < abs(best.old &- near) {
                    best = Match(length: length, old: candidate)
                }
            }
            candidate = Int(chain[candidate / stride])
        }
        return best
    }
}
