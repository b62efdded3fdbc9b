/// Positions by the hash of four bytes, and how many in the window have the same hash of three.
///
/// zlib's chains of three bytes are thousands long in a text, and it looks at each candidate in one. Where a chain is not
/// cut off, only the match counts, not the way to it. Accessed without checks, as `MatchFinder` says.
struct MatchIndex {
    /// Shorter chains are not worth it.
    static let leastChain = 1024

    private static let hashBits = 15

    private let windowMask: Int
    /// The newest position with a hash of four bytes; 0 means none.
    private let head: UnsafeMutablePointer<UInt32>
    /// How far back the next older one with the same hash is; 0 means none in the window.
    private let back: UnsafeMutablePointer<UInt16>
    /// By hash of three bytes, of the positions in the window.
    private let counts: UnsafeMutablePointer<UInt16>

    /// `windowSize` is at most 2^15.
    init(windowSize: Int, hashes: Int) {
        windowMask = windowSize - 1
        head = .allocate(capacity: 1 << Self.hashBits)
        head.initialize(repeating: 0, count: 1 << Self.hashBits)
        back = .allocate(capacity: windowSize)
        back.initialize(repeating: 0, count: windowSize)
        counts = .allocate(capacity: hashes)
        counts.initialize(repeating: 0, count: hashes)
    }

    func deallocate() {
        head.deallocate()
        back.deallocate()
        counts.deallocate()
    }

    /// `hash` is that of three bytes.
    @inline(__always)
    func insert(_ position: Int, hash: Int, _ data: UnsafePointer<UInt8>, hasFour: Bool) {
        counts[hash] &+= 1
        guard hasFour else { return back[position & windowMask] = 0 }
        let four = UInt32(littleEndian: UnsafeRawPointer(data + position).loadUnaligned(as: UInt32.self))
        let place = Int(truncatingIfNeeded: (four &* 0x9E37_79B1) >> (32 - UInt32(Self.hashBits)))
        let older = Int(head[place])
        let distance = position &- older
        back[position & windowMask] = older == 0 || distance > windowMask ? 0 : UInt16(truncatingIfNeeded: distance)
        head[place] = UInt32(truncatingIfNeeded: position)
    }

    /// A position with this hash of three bytes has left the window.
    @inline(__always)
    func forget(hash: Int) { counts[hash] &-= 1 }

    @inline(__always)
    func count(_ hash: Int) -> Int { Int(counts[hash]) }

    /// The next older position with the same four bytes as one in the window, and perhaps some with others; 0 when there is none.
    @inline(__always)
    func previous(_ position: Int) -> Int {
        let distance = Int(back[position & windowMask])
        return distance == 0 ? 0 : position &- distance
    }
}
