import FoundationEssentials
import Primitives
import Testing

@testable import UpdatePlan

@Suite("An update window")
struct UpdateWindowTests {
    private static let brussels = "CET-1CEST,M3.5.0,M10.5.0/3"
    private static let newYork = "EST5EDT,M3.2.0,M11.1.0"
    private static let lordHowe = "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"

    /// `days` by their names, all when it is empty; times as `HH:MM`.
    private func window(_ days: String, _ from: String, _ to: String, _ footer: String = brussels) throws
        -> UpdateWindow
    {
        let named = days.split(separator: " ").compactMap { UpdateWindow.Weekday(name: String($0)) }
        return try UpdateWindow(
            days: Set(named.isEmpty ? UpdateWindow.Weekday.allCases : named), from: minutes(from), to: minutes(to),
            zone: .always(footer))
    }

    private func minutes(_ text: String) -> Int { text.split(separator: ":").reduce(0) { $0 * 60 + (Int($1) ?? 0) } }

    @Test(
        "is open from its beginning to before its end, on its days, as the clocks there show them",
        arguments: [
            // 27 November 2026 is a Friday; Brussels is an hour ahead.
            ("fri", "02:00", "05:00", "2026-11-27T00:59:59", false),
            ("fri", "02:00", "05:00", "2026-11-27T01:00:00", true),
            ("fri", "02:00", "05:00", "2026-11-27T03:59:59", true),
            ("fri", "02:00", "05:00", "2026-11-27T04:00:00", false),
            ("thu sat", "02:00", "05:00", "2026-11-27T02:00:00", false),
            // Over midnight it belongs to the day on which it began.
            ("fri", "23:00", "02:00", "2026-11-27T00:30:00", false),
            ("fri", "23:00", "02:00", "2026-11-27T22:00:00", true),
            ("fri", "23:00", "02:00", "2026-11-28T00:59:59", true),
            ("fri", "23:00", "02:00", "2026-11-28T01:00:00", false),
            ("fri", "23:00", "02:00", "2026-11-28T22:30:00", false),
            ("sun", "23:00", "02:00", "2026-11-30T00:00:00", true),
            // Its end is its beginning: a whole day.
            ("fri", "06:00", "06:00", "2026-11-28T04:59:59", true),
            ("fri", "06:00", "06:00", "2026-11-28T05:00:00", false),
            ("fri", "22:00", "00:00", "2026-11-27T22:59:59", true),
            ("fri", "22:00", "00:00", "2026-11-27T23:00:00", false),
            // Before 1970 too.
            ("wed", "00:00", "12:00", "1969-12-31T00:00:00", true),
            ("thu", "00:00", "12:00", "1969-12-31T00:00:00", false),
        ])
    func open(days: String, from: String, to: String, time: String, isOpen: Bool) throws {
        #expect(try window(days, from, to).contains(utc(time)) == isOpen)
    }

    @Test(
        "opens next at its beginning, or is open now",
        arguments: [
            ("fri", "02:00", "05:00", brussels, "2026-11-27T01:30:00", "2026-11-27T01:30:00"),
            ("fri", "02:00", "05:00", brussels, "2026-11-27T00:00:00", "2026-11-27T01:00:00"),
            ("fri", "02:00", "05:00", brussels, "2026-11-27T04:00:00", "2026-12-04T01:00:00"),
            ("mon", "23:00", "02:00", brussels, "2026-11-27T00:00:00", "2026-11-30T22:00:00"),
            // In Brussels 2:00 is followed by 3:00 on 29 March 2026: of 2:30 to 3:30 the second half is left.
            ("sun", "02:30", "03:30", brussels, "2026-03-28T12:00:00", "2026-03-29T01:00:00"),
            // Nothing is left of 2:10 to 2:50, and a week later it is there again, now two hours ahead.
            ("sun", "02:10", "02:50", brussels, "2026-03-28T12:00:00", "2026-04-05T00:10:00"),
            ("", "02:10", "02:50", brussels, "2026-03-28T12:00:00", "2026-03-30T00:10:00"),
            // On 25 October 2026 2:00 to 3:00 is there twice; a window that ends in it opens again.
            ("sun", "01:00", "02:30", brussels, "2026-10-25T00:29:59", "2026-10-25T00:29:59"),
            ("sun", "01:00", "02:30", brussels, "2026-10-25T00:30:00", "2026-10-25T01:00:00"),
            ("sun", "02:15", "02:30", brussels, "2026-10-25T00:30:00", "2026-10-25T01:15:00"),
            ("sun", "02:15", "02:30", brussels, "2026-10-25T01:30:00", "2026-11-01T01:15:00"),
            ("sun", "02:30", "02:45", newYork, "2026-03-08T00:00:00", "2026-03-15T06:30:00"),
            // Half an hour on Lord Howe: 2:00 is followed by 2:30 on 4 October 2026, at 15:30 of the day before in London.
            ("sun", "02:15", "02:45", lordHowe, "2026-10-03T12:00:00", "2026-10-03T15:30:00"),
            ("sun", "02:05", "02:25", lordHowe, "2026-10-03T12:00:00", "2026-10-10T15:05:00"),
        ])
    func next(days: String, from: String, to: String, zone: String, time: String, expected: String) throws {
        let opening = try window(days, from, to, zone).nextOpening(after: utc(time))
        #expect(try opening == utc(expected), "\(opening.map(UTCTime.encode) ?? "never")")
    }

    @Test("in the one hour of the week that two changes of the clocks skip opens in the third week")
    func skippedTwice() throws {
        let sunday = try utc("2026-03-01T02:00:00").wholeSeconds
        let week = 7 * 86_400
        // An hour ahead for an hour, twice.
        let changes = [0, 1].flatMap { [(sunday + $0 * week, 1), (sunday + $0 * week + 3600, 0)] }
        let file = TZifBytes(
            changes: changes.map { (Int64($0.0), UInt8($0.1)) }, offsets: [0, 3600], names: [0], footer: "")
        let window = try UpdateWindow(days: [.sunday], from: 130, to: 140, zone: .decode(file.bytes))
        let opening = try window.nextOpening(after: utc("2026-02-28T00:00:00"))
        #expect(try opening == utc("2026-03-15T02:10:00"))
    }

    @Test(
        "is open when it says that it opens, and not before",
        arguments: [
            (brussels, "2026-03-28T00:00:00"), (brussels, "2026-10-24T00:00:00"), (newYork, "2026-03-07T00:00:00"),
            (newYork, "2026-10-31T00:00:00"), (lordHowe, "2026-04-03T00:00:00"), (lordHowe, "2026-10-02T00:00:00"),
        ])
    func nothingBetween(zone: String, first: String) throws {
        let begin = try utc(first)
        var random = Numbers(seed: 11)
        for _ in 0..<30 {
            let days = UpdateWindow.Weekday.allCases.filter { _ in random.next() % 3 == 0 }
            let from = Int(random.next() % 240)
            let to = random.next() % 3 == 0 ? Int(random.next() % 1440) : from + 1 + Int(random.next() % 60)
            let window = try UpdateWindow(
                days: Set(days.isEmpty ? [.sunday] : days), from: from, to: to, zone: .always(zone))
            let time = begin.addingTimeInterval(Double(random.next() % 4320) * 60)
            let opening = try #require(window.nextOpening(after: time))
            #expect(window.contains(opening))
            #expect(opening >= time)
            var minute = time
            while minute < opening {
                if window.contains(minute) { Issue.record("\(window): open at \(minute), said \(opening)") }
                minute.addTimeInterval(60)
            }
            #expect(opening == time || !window.contains(opening.addingTimeInterval(-1)))
        }
    }

    @Test("keeps a time that is open to the fraction, and rounds none up into it")
    func fractions() throws {
        let window = try window("", "02:00", "05:00", "UTC0")
        let time = try utc("2026-11-27T02:00:00").addingTimeInterval(0.25)
        #expect(window.nextOpening(after: time) == time)
        let before = try utc("2026-11-27T01:59:59").addingTimeInterval(0.75)
        #expect(!window.contains(before))
        #expect(try window.nextOpening(after: before) == utc("2026-11-27T02:00:00"))
    }

    @Test("answers at the ends of time", arguments: [.nan, .infinity, -.infinity, 1e300] as [Double])
    func extremes(seconds: Double) throws {
        let window = try window("mon", "02:00", "05:00")
        let time = Date(timeIntervalSince1970: seconds)
        _ = window.contains(time)
        _ = window.nextOpening(after: time)
    }

    @Test("among others is open when any is, and the earliest opens next")
    func several() throws {
        let windows = try UpdateWindows([window("fri", "02:00", "03:00"), window("thu", "12:00", "13:00")])
        #expect(try windows.contains(utc("2026-11-26T11:30:00")))
        #expect(try !windows.contains(utc("2026-11-26T13:30:00")))
        #expect(try windows.nextOpening(after: utc("2026-11-26T10:00:00")) == utc("2026-11-26T11:00:00"))
        #expect(try windows.nextOpening(after: utc("2026-11-26T12:00:00")) == utc("2026-11-27T01:00:00"))
        #expect(windows.description == "fri 02:00-03:00 Test/Zone, thu 12:00-13:00 Test/Zone")
    }

    @Test("without days or with minutes that no day has is refused, and so are no windows and too many")
    func refused() throws {
        for (days, from, to) in [([], 0, 1), ([.monday], -1, 1), ([.monday], 0, 1440), ([.monday], .max, .min)]
            as [(Set<UpdateWindow.Weekday>, Int, Int)]
        {
            let fault = #expect(throws: UpdatePlanFault.self) {
                try UpdateWindow(days: days, from: from, to: to, zone: .utc)
            }
            #expect(fault?.code == .invalidWindow)
        }
        let one = try window("", "00:00", "01:00")
        #expect(throws: UpdatePlanFault.self) { try UpdateWindows([]) }
        #expect(throws: UpdatePlanFault.self) { try UpdateWindows(Array(repeating: one, count: 33)) }
        #expect(one.description == "daily 00:00-01:00 Test/Zone")
    }
}

/// The same numbers in every run.
private struct Numbers: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return state >> 33
    }
}
