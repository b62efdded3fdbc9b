/// Numbers by the hashes of names. A table of fixed size: what finds no free place near its own is not kept, which costs
/// bytes in a patch and nothing else, so that nobody can make names whose hashes take long to look up.
struct NameTable {
    /// Half of the hash, and the number with one added; 0 where nothing is.
    private var places: [UInt64]
    private let shift: UInt64

    private static let reach = 64

    /// Has room for `most` names.
    init(most: Int) {
        let bits = Self.bits(most)
        places = Array(repeating: 0, count: 1 << bits)
        shift = UInt64(64 &- bits)
    }

    private static func bits(_ most: Int) -> Int {
        let wanted = max(most, 8) &+ max(most, 8) / 2
        return Int.bitWidth &- (wanted &- 1).leadingZeroBitCount
    }

    /// Bytes of a table for so many names.
    static func bytes(_ most: Int) -> Int { 8 << bits(most) }

    /// Bytes of memory.
    var heldBytes: Int { places.capacity &* 8 }

    /// The first number for a name counts. Numbers are below 2^32 - 1.
    mutating func insert(_ hash: UInt64, _ number: Int) {
        for step in 0..<Self.reach {
            let place = index(hash, step)
            guard places[place] != 0 else {
                places[place] = hash << 32 | UInt64(UInt32(truncatingIfNeeded: number &+ 1))
                return
            }
            if places[place] >> 32 == hash & 0xFFFF_FFFF { return }
        }
    }

    func number(_ hash: UInt64) -> Int? {
        for step in 0..<Self.reach {
            let found = places[index(hash, step)]
            guard found != 0 else { return nil }
            if found >> 32 == hash & 0xFFFF_FFFF { return Int(found & 0xFFFF_FFFF) &- 1 }
        }
        return nil
    }

    /// The highest bits say where.
    private func index(_ hash: UInt64, _ step: Int) -> Int {
        (Int(truncatingIfNeeded: hash >> shift) &+ step) & (places.count &- 1)
    }
}
