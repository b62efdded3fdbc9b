import DurableStorage
import FoundationEssentials
import Primitives
import Settings
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

@Suite("Update windows in a configuration")
struct WindowSettingsTests {
    /// A zone an hour ahead of UTC, as `Test/Zone`, in a tz database of its own.
    private let folder: TemporaryFolder
    private let zones: TimeZoneFile

    init() throws {
        folder = try TemporaryFolder()
        let block = "TZif2" + String(repeating: "\0", count: 15 + 15) + "\0\0\0\u{1}" + "\0\0\0\u{4}"
        let header = Array((block.prefix(20) + String(repeating: "\0", count: 16) + block.suffix(8)).utf8)
        // One type at offset 0, called UTC.
        let types = [UInt8](repeating: 0, count: 6) + Array("UTC\0".utf8)
        try folder.write(header + types + header + types + Array("\nABC-1\n".utf8), to: "Test/Zone")
        try folder.write("TZif", to: "Test/Broken")
        try folder.write("# a table", to: "zone.tab")
        zones = TimeZoneFile(folder: folder.path)
    }

    private func decode(_ text: String) throws -> UpdateWindows {
        try UpdateWindows.decode(
            SettingsNode.decode(Array(text.utf8), file: "p.yaml", limit: 100_000), zones: zones)
    }

    @Test(
        "are one or a list, with days and times as people write them",
        arguments: [
            (
                "{days: [mon, tue], from: \"02:00\", to: \"05:00\", time_zone: Test/Zone}",
                "mon tue 02:00-05:00 Test/Zone"
            ),
            ("from: 22:30\nto: 24:00\ntime_zone: UTC", "daily 22:30-00:00 UTC"),
            ("[{days: [sun], from: '00:00', to: '00:00', time_zone: UTC}]", "sun 00:00-00:00 UTC"),
            (
                "- {from: 01:00, to: 02:00, time_zone: UTC}\n- {days: [sat], from: 23:59, to: 00:01, time_zone: Test/Zone}",
                "daily 01:00-02:00 UTC, sat 23:59-00:01 Test/Zone"
            ),
        ])
    func read(text: String, expected: String) throws {
        #expect(try decode(text).description == expected)
    }

    @Test("take the zone's rules from this machine's tz database")
    func zone() throws {
        let windows = try decode("{days: [fri], from: 02:00, to: 05:00, time_zone: Test/Zone}")
        let friday = try #require(UTCTime.decode("2026-11-27T01:00:00Z"))
        #expect(windows.contains(friday))
        #expect(!windows.contains(friday.addingTimeInterval(-1)))
    }

    @Test(
        "are refused with their line",
        arguments: [
            ("from: 02:00\nto: 05:00", "line 1", "time_zone: …"), ("from: 02:00\ntime_zone: UTC", "line 1", "to: …"),
            ("from: 02:00\nto: 05:00\ntime_zone: UTC\nday: mon", "line 4", "one of days, from, time_zone, to"),
            ("[]", "line 1", "1 to 32"), ("x", "line 1", "keys with values"),
            ("from: 24:00\nto: 05:00\ntime_zone: UTC", "line 1", "a time of the day, \"00:00\" to \"23:59\""),
            ("from: 02:00\nto: 24:01\ntime_zone: UTC", "line 2", "a time of the day, \"00:00\" to \"24:00\""),
            ("from: 2:00\nto: 05:00\ntime_zone: UTC", "line 1", "a time of the day, \"00:00\" to \"23:59\""),
            ("from: 120\nto: 05:00\ntime_zone: UTC", "line 1", "a time of the day, \"00:00\" to \"23:59\""),
            ("from: 02:60\nto: 05:00\ntime_zone: UTC", "line 1", "a time of the day, \"00:00\" to \"23:59\""),
            ("from: 0२:00\nto: 05:00\ntime_zone: UTC", "line 1", "a time of the day, \"00:00\" to \"23:59\""),
            ("from: 02:00\nto: 05:00\ntime_zone: UTC\ndays: mon", "line 4", "a list"),
            (
                "from: 02:00\nto: 05:00\ntime_zone: UTC\ndays: []", "line 4",
                "some of mon, tue, wed, thu, fri, sat, sun"
            ),
            (
                "from: 02:00\nto: 05:00\ntime_zone: UTC\ndays:\n  - mon\n  - Monday", "line 6",
                "one of mon, tue, wed, thu, fri, sat, sun"
            ),
            ("from: 02:00\nto: 05:00\ntime_zone: UTC\ndays: [mon,\n mon]", "line 5", nil),
        ] as [(String, String, String?)])
    func refused(text: String, place: String, expected: String?) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode(text) }
        #expect(fault?.location == "p.yaml \(place)")
        #expect(fault?.expected == expected)
    }

    @Test("of more than 32 are refused")
    func tooMany() {
        let one = "{from: 01:00, to: 02:00, time_zone: UTC}"
        #expect(throws: Never.self) { try decode("[" + Array(repeating: one, count: 32).joined(separator: ", ") + "]") }
        let fault = #expect(throws: SettingsFault.self) {
            try decode("[" + Array(repeating: one, count: 33).joined(separator: ", ") + "]")
        }
        #expect(fault?.found == "33 windows")
    }

    @Test(
        "with a time zone that is not here, is outside the folder, or is none are refused, and never taken for UTC",
        arguments: [
            "Test/Nowhere", "Nowhere", "Test", "zone.tab", "../zone", "Test/../Test/Zone", "/etc/localtime",
            "Test//Zone",
            "Test/Zone/", "Test/Zone/more", ".", "''", "test/zone", "utc", "Test/Broken", "Tést", "A\\0B",
            String(repeating: "a", count: 65), String(repeating: "A/", count: 2000) + "A",
        ])
    func unknownZone(name: String) throws {
        let fault = #expect(throws: SettingsFault.self) { try decode("from: 02:00\nto: 05:00\ntime_zone: \(name)") }
        #expect(fault?.location == "p.yaml line 3")
        #expect(fault?.hint != nil)
    }

    @Test("say which package is missing on a machine without time zones; UTC needs none")
    func noDatabase() throws {
        let none = TimeZoneFile(folder: folder.path("absent"))
        let fault = #expect(throws: AgentFault.self) { try none.load("Europe/Brussels") }
        #expect(fault?.code == .unknownTimeZone)
        #expect(fault?.hint?.contains("tzdata") == true)
        #expect(try none.load("UTC") == .utc)
    }

    @Test("find this machine's own time zones by their names")
    func system() throws {
        let rules = try TimeZoneFile().load("Europe/Brussels")
        #expect(rules.name == "Europe/Brussels")
        #expect(try rules.offset(at: #require(UTCTime.decode("2026-07-01T00:00:00Z"))) == 7200)
    }
}
