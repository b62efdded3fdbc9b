import FoundationEssentials

/// In which order mirrors are asked: by chance, so that they share the load and none of them sees more of us than others;
/// the one that served last first; those that misbehaved when no other mirror can serve.
package struct MirrorOrder: Hashable, Sendable {
    /// Places in the list that was given.
    package let first: [Int]
    /// Of mirrors that stand aside; everything they say is checked, so that they are better than none.
    package let afterwards: [Int]

    /// `shuffle`: any order of what it is given.
    package init(of mirrors: [String], _ memory: MirrorMemory, at now: Date, shuffle: ([Int]) -> [Int]) {
        let shuffled = shuffle(Array(mirrors.indices)).filter(mirrors.indices.contains)
        let isAside = { memory.standsAside(mirrors[$0], at: now) != nil }
        let willing = shuffled.filter { !isAside($0) }
        let good = willing.filter { mirrors[$0] == memory.lastGood }
        first = good + willing.filter { mirrors[$0] != memory.lastGood }
        afterwards = shuffled.filter(isAside)
    }

    package var all: [Int] { first + afterwards }
}

/// How long to wait before mirrors that failed in passing are asked again.
package enum BackOff {
    /// Before the first repetition, in seconds; before each further one three times as long.
    package static let first = 1.0
    private static let longest = 60.0

    /// Seconds before repetition `number` (1, 2, …). `chance`, from 0 up to 1, spreads it between half and one and a half
    /// times that, so that many instances do not come back at once.
    package static func seconds(before number: Int, chance: Double) -> Double {
        var seconds = first
        for _ in 1..<max(1, min(number, 10)) { seconds *= 3 }
        return min(longest, seconds) * (0.5 + min(max(chance, 0), 1))
    }
}
