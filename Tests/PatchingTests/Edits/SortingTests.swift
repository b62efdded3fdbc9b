import Testing

@testable import Patching

@Suite struct SortingTests {
    /// Fewer and more than are sorted by digits; all equal, few different ones, any.
    @Test(arguments: [0, 1, 511, 512, 5000, 100_000], [1, 3, 1 << 12, 1 << 31] as [UInt64])
    func numbersComeInOrderAndEqualOnesAsTheyWere(_ count: Int, _ different: UInt64) {
        var noise = Noise(UInt64(count) &+ different)
        let numbers = (0..<count).map { _ in noise.next() % different }
        var keys = numbers.indices.map { numbers[$0] << 32 | UInt64($0) }
        let sorted = keys.sorted()
        keys.sortByUpperHalves()
        #expect(keys == sorted)
        var short = numbers.map { UInt32(truncatingIfNeeded: $0 &* 2 &+ 1) }
        let shortSorted = short.sorted()
        short.sortByBits()
        #expect(short == shortSorted)
    }

    @Test(arguments: [0, 1, 2, 100, 5000], [1, 2, 1 << 12, 1 << 31])
    func aPlaceIsFoundForAnyNumber(_ count: Int, _ different: Int) {
        var noise = Noise(UInt64(count &+ different))
        let numbers = (0..<count).map { _ in Int(noise.next() % UInt64(different)) }.sorted()
        let shelves = Shelves(numbers.count) { numbers[$0] }
        for number in Set(numbers.flatMap { [max(0, $0 - 1), $0, $0 + 1] } + [0, 1 << 31, 1 << 32]) {
            #expect(shelves.count(below: number) { numbers[$0] } == numbers.binaryCount { $0 < number })
        }
    }
}
