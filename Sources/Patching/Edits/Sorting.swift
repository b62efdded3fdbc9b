/// Sorting by numbers, in a time that depends on nothing but how many there are: 11 bits at a time, the lowest first. Takes
/// as much memory again.
private enum RadixSort {
    static let digitBits = 11
    static let digits = 1 << digitBits
    /// Fewer are sorted as anything else is.
    static let few = 512

    /// Puts `from` into `to`, in the order of one digit, which begins at the bit `shift`. False, and nothing is done, when
    /// all have the same.
    static func sort<Key: FixedWidthInteger>(
        _ from: UnsafeBufferPointer<Key>, into to: UnsafeMutableBufferPointer<Key>, shift: Int
    ) -> Bool {
        var places = [Int](repeating: 0, count: digits)
        return places.withUnsafeMutableBufferPointer { places in
            for key in from { places[digit(key, shift)] &+= 1 }
            var sum = 0
            for digit in 0..<digits {
                guard places[digit] < from.count else { return false }
                (places[digit], sum) = (sum, sum &+ places[digit])
            }
            // Each digit has as many places as keys were counted for it, so no place is outside of `to`.
            for key in from {
                let digit = digit(key, shift)
                to[places[digit]] = key
                places[digit] &+= 1
            }
            return true
        }
    }

    @inline(__always)
    private static func digit<Key: FixedWidthInteger>(_ key: Key, _ shift: Int) -> Int {
        Int(truncatingIfNeeded: key >> Key(truncatingIfNeeded: shift)) & (digits &- 1)
    }
}

extension [UInt64] {
    /// Sorts them; their lower halves rise before.
    mutating func sortByUpperHalves() { sort(bits: 32..<64) }
}

extension [UInt32] {
    mutating func sortByBits() { sort(bits: 0..<32) }
}

extension Array where Element: FixedWidthInteger {
    /// What the bits below do not say, the order before does.
    fileprivate mutating func sort(bits: Range<Int>) {
        guard count >= RadixSort.few else { return sort() }
        var other = Array(repeating: 0, count: count)
        for shift in stride(from: bits.lowerBound, to: bits.upperBound, by: RadixSort.digitBits) {
            let isSorted = withUnsafeBufferPointer { from in
                other.withUnsafeMutableBufferPointer { RadixSort.sort(from, into: $0, shift: shift) }
            }
            if isSorted { swap(&self, &other) }
        }
    }
}

/// Finds places in a list of numbers that rise and are below 2^31: their highest bits say nearly where.
struct Shelves {
    /// How many numbers stand before each shelf.
    private var firsts: [UInt32]
    private let shift: Int
    private let count: Int

    /// Of `count` numbers. Takes four bytes of memory for each.
    init(_ count: Int, _ number: (Int) -> Int) {
        self.count = count
        let bits = Int.bitWidth &- max(count, 1).leadingZeroBitCount &- 1
        let most = count > 0 ? max(number(count &- 1), 0) : 0
        shift = max(0, Int.bitWidth &- most.leadingZeroBitCount &- bits)
        firsts = []
        firsts.reserveCapacity(most >> shift &+ 1)
        for index in 0..<count {
            while firsts.count <= number(index) >> shift { firsts.append(UInt32(truncatingIfNeeded: index)) }
        }
    }

    /// How many numbers are below `limit`, which is not below 0.
    @inline(__always)
    func count(below limit: Int, _ number: (Int) -> Int) -> Int {
        let shelf = limit >> shift
        guard shelf < firsts.count else { return count }
        var low = Int(firsts[shelf])
        var high = shelf &+ 1 < firsts.count ? Int(firsts[shelf &+ 1]) : count
        while low < high {
            let middle = (low &+ high) >> 1
            if number(middle) < limit { low = middle &+ 1 } else { high = middle }
        }
        return low
    }
}
