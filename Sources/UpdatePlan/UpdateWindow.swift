import FoundationEssentials
import Primitives

/// When releases may be installed: from one time of the day to another, on some days of the week, as the clocks of a time
/// zone show them.
///
/// A minute that the clocks skip is not there: what is left of a window that begins in it opens when they jump. Minutes
/// that they show twice count twice.
package struct UpdateWindow: Hashable, Sendable {
    package enum Weekday: Int, CaseIterable, Sendable {
        case monday, tuesday, wednesday, thursday, friday, saturday, sunday

        /// `mon` to `sun`.
        package var name: String { String("\(self)".prefix(3)) }

        package init?(name: String) {
            guard let day = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = day
        }

        /// - Parameter day: days since 1 January 1970, a Thursday.
        fileprivate init?(of day: Int) {
            self.init(rawValue: (day + 3).flooredQuotientAndRemainder(by: 7).remainder)
        }
    }

    package static let minutesOfDay = 24 * 60
    private static let daySeconds = 86_400
    /// A window of one weekday may be skipped by the clocks of one week; this is enough for two such weeks in a row.
    private static let searchedSeconds = 23 * daySeconds

    /// Those on which it begins; one at least.
    package let days: Set<Weekday>
    /// Minutes after midnight, below `minutesOfDay`. It begins with `from` and is over with `to`; not later than `from`,
    /// that is on the next day.
    package let from: Int
    package let to: Int
    package let zone: TimeZoneRules

    /// Throws `UpdatePlanFault.invalidWindow`.
    package init(days: Set<Weekday>, from: Int, to: Int, zone: TimeZoneRules) throws(UpdatePlanFault) {
        guard !days.isEmpty else { throw UpdatePlanFault(.invalidWindow, found: "no days", expected: "at least one") }
        guard [from, to].allSatisfy((0..<Self.minutesOfDay).contains) else {
            throw UpdatePlanFault(
                .invalidWindow, found: "minutes \(from) to \(to)", expected: "0 to \(Self.minutesOfDay - 1)")
        }
        self.days = days
        self.from = from
        self.to = to
        self.zone = zone
    }

    package func contains(_ time: Date) -> Bool { contains(time.wholeSeconds) }

    private func contains(_ time: Int) -> Bool {
        let (day, second) = (time + zone.offset(at: time)).flooredQuotientAndRemainder(by: Self.daySeconds)
        let minute = second / 60
        if from < to { return begins(on: day) && (from..<to).contains(minute) }
        return begins(on: day) && minute >= from || begins(on: day - 1) && minute < to
    }

    private func begins(on day: Int) -> Bool { Weekday(of: day).map(days.contains) ?? false }

    /// `time` itself when it is open then, or the first second after it at which it is. Nil when none comes within three
    /// weeks, which happens in no real time zone.
    package func nextOpening(after time: Date) -> Date? {
        if contains(time) { return time }
        let end = time.wholeSeconds + Self.searchedSeconds
        var start = time.wholeSeconds + 1
        // From one change of the clocks to the next, local time runs evenly.
        while start < end {
            // A change may have put the clocks right into the window.
            if contains(start) { return Date(timeIntervalSince1970: Double(start)) }
            let change = min(end, zone.nextChange(after: start) ?? end)
            if let opening = opening(from: start, before: change) {
                return Date(timeIntervalSince1970: Double(opening))
            }
            start = change
        }
        return nil
    }

    /// The first second in a time without changes at which the clocks show the window's beginning.
    private func opening(from start: Int, before end: Int) -> Int? {
        let offset = zone.offset(at: start)
        let first = (start + offset).flooredQuotientAndRemainder(by: Self.daySeconds).quotient
        let last = (end + offset).flooredQuotientAndRemainder(by: Self.daySeconds).quotient
        for day in first...max(first, last) where begins(on: day) {
            let opening = day * Self.daySeconds + from * 60 - offset
            if (start..<end).contains(opening) { return opening }
        }
        return nil
    }
}

extension UpdateWindow: CustomStringConvertible {
    /// `mon tue 02:00-05:00 Europe/Brussels`, for people.
    package var description: String {
        let names =
            days.count == Weekday.allCases.count ? ["daily"] : Weekday.allCases.filter(days.contains).map(\.name)
        return (names + ["\(Self.clock(from))-\(Self.clock(to))", zone.name]).joined(separator: " ")
    }

    private static func clock(_ minutes: Int) -> String {
        [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: ":")
    }
}

/// Windows of which any will do.
package struct UpdateWindows: Hashable, Sendable {
    package static let limit = 32

    /// 1 to `limit`.
    package let windows: [UpdateWindow]

    /// Throws `UpdatePlanFault.invalidWindow`.
    package init(_ windows: [UpdateWindow]) throws(UpdatePlanFault) {
        guard (1...Self.limit).contains(windows.count) else {
            throw UpdatePlanFault(
                .invalidWindow, found: "\(windows.count) windows", expected: "1 to \(Self.limit)")
        }
        self.windows = windows
    }

    package func contains(_ time: Date) -> Bool { windows.contains { $0.contains(time) } }

    /// The earliest of all windows' next openings.
    package func nextOpening(after time: Date) -> Date? { windows.compactMap { $0.nextOpening(after: time) }.min() }
}

extension UpdateWindows: CustomStringConvertible {
    package var description: String { windows.map(\.description).joined(separator: ", ") }
}
