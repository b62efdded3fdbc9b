import FoundationEssentials
import Primitives

/// When which offset from UTC holds in a time zone, for all times: from a file of the tz database.
///
/// By own arithmetic: FoundationEssentials knows no zone by its name.
package struct TimeZoneRules: Hashable, Sendable {
    package static let utc = TimeZoneRules(name: "UTC", changes: [], before: 0, footer: nil)

    /// From `time` on, in seconds since 1970, local time is `offset` seconds ahead of UTC.
    struct Change: Hashable, Sendable {
        let time: Int
        let offset: Int
    }

    /// As the configuration names it; for people.
    package let name: String
    /// Ascending.
    private let changes: [Change]
    private let before: Int
    /// What holds from the last of `changes` on.
    private let footer: TimeZoneFooter?

    /// - Parameter changes: strictly ascending.
    init(name: String, changes: [Change], before: Int, footer: TimeZoneFooter?) {
        self.name = name
        self.changes = changes
        self.before = before
        self.footer = footer
    }

    /// Seconds that local time is ahead of UTC.
    package func offset(at time: Date) -> Int { offset(at: time.wholeSeconds) }

    func offset(at time: Int) -> Int {
        let index = firstChange(after: time)
        if index == changes.count, let footer { return footer.offset(at: time) }
        return index == 0 ? before : changes[index - 1].offset
    }

    /// The first second after `time` from which another offset may hold; nil when there is none.
    func nextChange(after time: Int) -> Int? {
        let index = firstChange(after: time)
        return index < changes.count ? changes[index].time : footer?.nextChange(after: time)
    }

    /// The index of the first change later than `time`; their number when there is none.
    private func firstChange(after time: Int) -> Int {
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = low + (high - low) / 2
            if changes[middle].time <= time { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension Date {
    /// Whole seconds since 1970, rounded down. What is out of the years 0 to 9999 becomes the nearest second of them.
    var wholeSeconds: Int {
        let seconds = timeIntervalSince1970.rounded(.down)
        return seconds.isNaN ? 0 : Int(max(-62_167_219_200, min(253_402_300_799, seconds)))
    }
}
