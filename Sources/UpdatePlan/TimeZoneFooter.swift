import Primitives

/// The rule that goes on for ever after the last change that a TZif file lists: a TZ string as POSIX has it, with the
/// hours of RFC 9636 section 3.3.1.
struct TimeZoneFooter: Hashable, Sendable {
    /// A day of each year, and a time of that day.
    struct Moment: Hashable, Sendable {
        enum Day: Hashable, Sendable {
            /// `J1` to `J365`: 29 February is never counted.
            case withoutLeapDay(Int)
            /// `0` to `365`: it is counted where it exists.
            case ofYear(Int)
            /// `M3.5.0`: in month 1 to 12 the week 1 to 5 (5: the last), the weekday 0 (Sunday) to 6.
            case ofWeek(month: Int, week: Int, weekday: Int)
        }

        let day: Day
        /// Seconds after the local midnight with which the day begins, within a week either way.
        let time: Int
    }

    /// Local time in summer, and when it begins and ends, in the local time that holds until then.
    struct Summer: Hashable, Sendable {
        let offset: Int
        let begin: Moment
        let end: Moment
    }

    /// Seconds ahead of UTC.
    let standard: Int
    let summer: Summer?

    func offset(at time: Int) -> Int {
        guard let summer else { return standard }
        let isSummer = changes(around: time, summer).last { $0.time <= time }?.isSummer ?? false
        return isSummer ? summer.offset : standard
    }

    /// The first change after `time`; nil when there is none.
    func nextChange(after time: Int) -> Int? {
        guard let summer else { return nil }
        return changes(around: time, summer).first { $0.time > time }?.time
    }

    private typealias Change = (time: Int, isSummer: Bool)

    /// In order. A change may lie a week outside its year, so it takes two years before that of `time`, and two after.
    private func changes(around time: Int, _ summer: Summer) -> [Change] {
        let year = UTCTime.calendarDate(time.flooredQuotientAndRemainder(by: 86_400).quotient).year
        // Summer that lasts all year ends and begins anew in one second; the next year's beginning comes last then.
        return (year - 2...year + 2).flatMap { year -> [Change] in
            let begin = (time: summer.begin.seconds(in: year) - standard, isSummer: true)
            let end = (time: summer.end.seconds(in: year) - summer.offset, isSummer: false)
            return begin.time <= end.time ? [begin, end] : [end, begin]
        }.enumerated().sorted { ($0.element.time, $0.offset) < ($1.element.time, $1.offset) }.map(\.element)
    }
}

extension TimeZoneFooter.Moment {
    /// Local seconds since the local midnight with which 1970 began.
    func seconds(in year: Int) -> Int { daysSinceEpoch(in: year) * 86_400 + time }

    private func daysSinceEpoch(in year: Int) -> Int {
        let january = UTCTime.daysSinceEpoch(year: year, month: 1, day: 1)
        switch day {
        case .ofYear(let number): return january + number
        case .withoutLeapDay(let number):
            let march = UTCTime.daysSinceEpoch(year: year, month: 3, day: 1)
            return number < 60 ? january + number - 1 : march + number - 60
        case .ofWeek(let month, let week, let weekday):
            let first = UTCTime.daysSinceEpoch(year: year, month: month, day: 1)
            let next =
                month == 12
                ? UTCTime.daysSinceEpoch(year: year + 1, month: 1, day: 1)
                : UTCTime.daysSinceEpoch(year: year, month: month + 1, day: 1)
            // 1 January 1970 was a Thursday.
            let wait = (weekday - 4 - first).flooredQuotientAndRemainder(by: 7).remainder
            let day = first + wait + 7 * (week - 1)
            // Only the fifth one may be missing.
            return day < next ? day : day - 7
        }
    }
}
