import FoundationEssentials
import Primitives
import TestSupport
import Testing

@testable import UpdatePlan

@Suite("The rules of a time zone")
struct TimeZoneTests {
    /// Every kind there is: summer in the north and the south, of half an hour, counted as winter (Dublin), at odd times
    /// (Gaza, Nuuk), twice two hours (Troll); no summer, no more summer, a day skipped (Apia), no name but a number.
    private static let zones = [
        "Europe/Brussels", "Europe/London", "Europe/Dublin", "Europe/Moscow", "Europe/Istanbul", "Europe/Chisinau",
        "Europe/Lisbon", "Europe/Volgograd", "America/New_York", "America/Los_Angeles", "America/St_Johns",
        "America/Sao_Paulo", "America/Santiago", "America/Caracas", "America/Havana", "America/Nuuk",
        "America/Scoresbysund", "America/Asuncion", "America/Phoenix", "Africa/Cairo", "Africa/Casablanca",
        "Africa/El_Aaiun", "Africa/Nairobi", "Africa/Monrovia", "Africa/Johannesburg", "Asia/Kathmandu", "Asia/Kolkata",
        "Asia/Tehran", "Asia/Gaza", "Asia/Jerusalem", "Asia/Beirut", "Asia/Pyongyang", "Asia/Tokyo",
        "Australia/Lord_Howe", "Australia/Sydney", "Australia/Eucla", "Antarctica/Troll", "Pacific/Apia",
        "Pacific/Auckland", "Pacific/Chatham", "Pacific/Easter", "Pacific/Norfolk", "Etc/GMT+5", "Etc/UTC",
    ]

    @Test("are read as Python's zoneinfo reads them, in 44 zones, around every change from 1970 to 2060")
    func peer() throws {
        let readings = try PythonZones.read(Self.zones, from: 1970, to: 2060)
        #expect(readings.map(\.name) == Self.zones)
        for reading in readings {
            let bytes = try #require(Hex.decode(Array(reading.file.utf8)))
            let rules = try TimeZoneRules.decode(bytes, name: reading.name, file: reading.name)
            #expect(reading.offsets.count > 1000)
            let wrong = reading.offsets.first { $0[1] != rules.offset(at: $0[0]) }
            #expect(wrong == nil, "\(reading.name): \(String(describing: wrong))")
            try checkChanges(of: rules, reading)
        }
    }

    /// Between two changes nothing changes.
    private func checkChanges(of rules: TimeZoneRules, _ reading: PythonZones.Reading) throws {
        for (one, next) in zip(reading.offsets, reading.offsets.dropFirst()) where one[1] != next[1] {
            #expect(next[0] == one[0] + 1, "the peer shows the second of each change")
            #expect(rules.nextChange(after: one[0]) == next[0], "\(reading.name)")
        }
    }

    @Test("go on for ever after the last change in the file")
    func footer() throws {
        let file = TZifBytes(
            changes: [(-1000, 1), (1000, 2)], offsets: [60, 120, 3600], footer: "CET-1CEST,M3.5.0,M10.5.0/3")
        let rules = try TimeZoneRules.decode(file.bytes)
        for (time, offset) in [(-1001, 60), (-1000, 120), (999, 120), (1000, 3600)] {
            #expect(rules.offset(at: time) == offset)
        }
        #expect(try rules.offset(at: utc("2199-07-01T00:00:00")) == 7200)
        #expect(try rules.offset(at: utc("2199-12-01T00:00:00")) == 3600)
        #expect(rules.nextChange(after: -2000) == -1000 && rules.nextChange(after: -1000) == 1000)
        #expect(try rules.nextChange(after: 1000) == utc("1970-03-29T01:00:00").wholeSeconds)
        for extreme in [Double.nan, .infinity, -.infinity, 1e300] {
            #expect([60, 3600].contains(rules.offset(at: Date(timeIntervalSince1970: extreme))) || extreme.isNaN)
        }
    }

    @Test("of a file without a footer stay as they are at its end", arguments: [0, 0x32, 0x33, 0x34] as [UInt8])
    func noFooter(version: UInt8) throws {
        let file = TZifBytes(version: version, changes: [(-5, 1)], offsets: [0, -3600], footer: "")
        let rules = try TimeZoneRules.decode(file.bytes)
        #expect([-6, -5, 5].map { rules.offset(at: $0) } == [0, -3600, -3600])
        #expect(rules.nextChange(after: -6) == -5)
        #expect(rules.nextChange(after: -5) == nil)
        #expect(TimeZoneRules.utc.offset(at: .now) == 0 && TimeZoneRules.utc.nextChange(after: 0) == nil)
    }

    @Test(
        "may be written in every way that a TZ string can be",
        arguments: [
            ("<+03>-3", "2026-07-01T00:00:00", 10_800), ("<-00>0", "2026-07-01T00:00:00", 0),
            ("ABC+1:30:15", "2026-07-01T00:00:00", -5415), ("ABC24", "2026-07-01T00:00:00", -86_400),
            // 29 February is the 59th day, counted from 0, and no day for J. glibc reads it so too; Python 3.11 takes the
            // day before, and no zone has such a rule.
            ("AAA0BBB,59/0,J61/0", "2028-02-28T23:59:59", 0), ("AAA0BBB,59/0,J61/0", "2028-02-29T00:00:00", 3600),
            ("AAA0BBB,59/0,J61/0", "2028-03-01T22:59:59", 3600), ("AAA0BBB,59/0,J61/0", "2028-03-01T23:00:00", 0),
            ("AAA0BBB,59/0,J61/0", "2027-02-28T23:59:59", 0), ("AAA0BBB,59/0,J61/0", "2027-03-01T00:00:00", 3600),
            ("AAA0BBB,J59/0,J60/0", "2027-02-28T00:00:00", 3600), ("AAA0BBB,J59/0,J60/0", "2028-02-28T12:00:00", 3600),
            ("AAA0BBB,J59/0,J60/0", "2028-02-29T12:00:00", 3600), ("AAA0BBB,J59/0,J60/0", "2028-03-01T00:00:00", 0),
            // All year summer, with offsets either way, also in the second in which it begins anew.
            ("EST5EDT,0/0,J365/25", "2026-01-01T05:00:00", -14_400),
            ("EST5EDT,0/0,J365/25", "2026-01-01T04:59:59", -14_400),
            ("XXX3EDT4,0/0,J365/23", "2026-01-01T03:00:00", -14_400),
            ("XXX3EDT4,0/0,J365/23", "2027-07-01T00:00:00", -14_400),
            // A week before and after the day.
            ("AAA0BBB,J1/-167,J300", "2025-12-25T00:59:59", 0), ("AAA0BBB,J1/-167,J300", "2025-12-25T01:00:00", 3600),
            ("AAA0BBB,J10/0,J365/167", "2026-01-06T21:59:59", 3600),
            ("AAA0BBB,J10/0,J365/167", "2026-01-06T22:00:00", 0),
            ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-27T00:00:00", 10_800),
            ("IST-2IDT,M3.4.4/26,M10.5.0", "2026-03-26T23:59:59", 7200),
            ("AAA0BBB,M2.5.0,M12.5.6", "2026-12-26T00:59:59", 3600),
            ("AAA0BBB,M2.5.0,M12.5.6", "2026-12-26T01:00:00", 0),
        ])
    func footers(text: String, time: String, offset: Int) throws {
        #expect(try TimeZoneRules.always(text).offset(at: utc(time)) == offset)
    }

    @Test(
        "are refused when the TZ string is none",
        arguments: [
            "A0", "AB0", "ABC", "ABC25", "ABC-25", "ABC0:60", "ABC0:00:60", "ABC0 ", "<AB>0", "<+03-3", "+03-3",
            "ABC0DEF",
            "ABC0DEF,M3.5.0", "ABC0DEF,M3.5.0,", "ABC0DEF,M0.5.0,M10.5.0", "ABC0DEF,M13.5.0,M10.5.0",
            "ABC0DEF,M3.0.0,M10.5.0", "ABC0DEF,M3.6.0,M10.5.0", "ABC0DEF,M3.5.7,M10.5.0", "ABC0DEF,J0,J3",
            "ABC0DEF,J366,J3", "ABC0DEF,366,3", "ABC0DEF,1/168,3", "ABC0DEF,1/-168,3", "ABC0DEF,1/,3", "ABC0DEF,1,3,",
            "ABC0DEF,1,3/", "ABC0DEF1DEF,1,3", "ABC0DEF25,1,3", "ABC0DEF,0001,3", "ABC0DEF,99999999999999999999,3",
            "ABC--1",
            "\n", "ABC0\0", "é00", ":/etc/localtime",
        ])
    func wrongFooter(text: String) {
        let fault = #expect(throws: UpdatePlanFault.self) { try TimeZoneRules.always(text) }
        #expect(fault?.code == .malformedTimeZone)
    }

    private static let whole = TZifBytes(
        changes: [(-1000, 1), (1000, 2)], offsets: [0, 3600, 7200], names: Array("AAA\0BB\0".utf8), flags: [0, 1, 1],
        footer: "CET-1CEST,M3.5.0,M10.5.0/3")

    private static let wrong: [(String, @Sendable (inout TZifBytes) -> Void)] = [
        ("version 5", { $0.version = UInt8(ascii: "5") }), ("version 1 in digits", { $0.version = UInt8(ascii: "1") }),
        ("two versions", { $0.secondVersion = UInt8(ascii: "3") }), ("no types", { $0.offsets = [] }),
        ("257 types", { $0.offsets = [Int32](repeating: 0, count: 257) }), ("no names", { $0.names = [] }),
        ("a name without end", { $0.names = Array("UTC".utf8) }), ("leap seconds", { $0.leapSeconds = 1 }),
        ("flags for some", { $0.flags = [0] }), ("flags of 2", { $0.flags = [0, 2, 0] }),
        ("a type that is not there", { $0.changes = [(0, 3)] }), ("a time twice", { $0.changes = [(0, 1), (0, 2)] }),
        ("times that go back", { $0.changes = [(1, 1), (0, 2)] }),
        ("an offset of 26 hours", { $0.offsets[1] = 93_600 }),
        ("an offset of -25 hours", { $0.offsets[1] = -90_000 }), ("the least offset", { $0.offsets[1] = .min }),
        ("no footer", { $0.footer = nil }), ("text after the footer", { $0.footer = "UTC0\nmore" }),
    ]

    @Test("are refused when the file is malformed", arguments: 0..<wrong.count)
    func malformed(index: Int) throws {
        var file = Self.whole
        _ = try TimeZoneRules.decode(file.bytes)
        let (what, spoil) = Self.wrong[index]
        spoil(&file)
        let fault = #expect(throws: UpdatePlanFault.self, "\(what)") { try TimeZoneRules.decode(file.bytes) }
        #expect(fault?.code == .malformedTimeZone && fault?.location == "zone", "\(what)")
    }

    @Test("are refused when the file is longer than any, or its counts are", arguments: [20, 24, 28, 32, 36, 40])
    func tooLong(place: Int) throws {
        let bytes = Self.whole.bytes
        #expect(throws: UpdatePlanFault.self) {
            try TimeZoneRules.decode(bytes + [UInt8](repeating: 0, count: TimeZoneRules.fileLimit))
        }
        let second = try #require(bytes.indices.dropFirst(5).first { bytes[$0...].starts(with: "TZif".utf8) })
        for header in [0, second] {
            var huge = bytes
            huge.replaceSubrange(header + place..<header + place + 4, with: [0xFF, 0xFF, 0xFF, 0xFF])
            #expect(throws: UpdatePlanFault.self) { try TimeZoneRules.decode(huge) }
        }
    }

    @Test("are refused when the file is cut off anywhere", arguments: [0, 0x32] as [UInt8])
    func truncated(version: UInt8) throws {
        var file = Self.whole
        file.version = version
        let bytes = file.bytes
        _ = try TimeZoneRules.decode(bytes)
        for count in 0..<bytes.count {
            #expect(throws: UpdatePlanFault.self, "\(count)") { try TimeZoneRules.decode(Array(bytes.prefix(count))) }
        }
        #expect(throws: UpdatePlanFault.self) { try TimeZoneRules.decode(bytes + [0]) }
    }

    @Test("of a file with any bit flipped are refused or answer within a day, at all times")
    func flipped() throws {
        let bytes = Self.whole.bytes
        var refused = 0
        for bit in 0..<bytes.count * 8 {
            var spoiled = bytes
            spoiled[bit / 8] ^= 1 << (bit % 8)
            guard let rules = try? TimeZoneRules.decode(spoiled) else {
                refused += 1
                continue
            }
            for time in [Int.min / 4, -62_167_219_200, -1001, 999, 1_800_000_000, 253_402_300_799] {
                #expect(abs(rules.offset(at: time)) <= 26 * 3600)
                if let next = rules.nextChange(after: time) { #expect(next > time) }
            }
        }
        #expect(refused > bytes.count)
    }
}
