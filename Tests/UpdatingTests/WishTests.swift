import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What administrators say: hold, unhold, approve; and what they read: history.
@Suite struct WishTests {
    private func instance(_ mode: UpdateMode = .automatic) throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        instance.configure = { $0.install.mode = mode }
        return instance
    }

    @Test("a hold stops updates until it is taken back, and status says so and why")
    func hold() throws {
        var instance = try instance()
        let until = instance.now + 3600
        #expect(
            try instance.agent().hold(until: until, reason: "a wedding").hold == Hold(until: until, reason: "a wedding")
        )
        #expect(try instance.agent().update().held?.waiting.reason == .hold)
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.agent().status().hold?.reason == "a wedding")
        #expect(try instance.agent().status().held?.until == until)
        let report = try instance.agent().unhold()
        #expect(report.before?.reason == "a wedding")
        #expect(report.hold == nil)
        #expect(try instance.agent().unhold().before == nil)
        _ = try instance.agent().hold(until: until, reason: "")
        instance.now = until
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("a hold that cannot be meant is refused, and nothing is changed")
    func badHold() throws {
        let instance = try instance()
        #expect(code { try instance.agent().hold(until: instance.now, reason: "") } == "agent/invalid-hold")
        let long = ByteString([UInt8](repeating: 0x61, count: Agent.reasonLimit + 1))
        #expect(code { try instance.agent().hold(until: nil, reason: long) } == "agent/invalid-hold")
        #expect(try instance.folder.read("state/hold") == nil)
        // The longest there may be, every byte of it escaped, is read again as it was.
        let worst = ByteString([UInt8](repeating: 1, count: Agent.reasonLimit))
        _ = try instance.agent().hold(until: nil, reason: worst)
        #expect(try instance.agent().status().hold?.reason == worst)
        let empty = try TestInstance(try ReleaseRepository())
        #expect(code { try empty.agent().hold(until: nil, reason: "") } == "agent/not-initialised")
        #expect(try empty.names(in: "state") == [])
    }

    @Test(
        "an approval installs the release at once, or leaves it to the next run",
        arguments: [UpdateMode.notify, .download])
    func approve(mode: UpdateMode) throws {
        for later in [false, true] {
            let instance = try instance(mode)
            let version = try Version("1.1")
            #expect(try instance.agent().update().held?.waiting.reason == .approval)
            #expect(try instance.wholeVersion() == "1.0")
            let report = try instance.agent().approve(version, later: later)
            #expect((report.update?.release != nil) == !later)
            if later {
                #expect(try instance.wholeVersion() == "1.0")
                #expect(try instance.agent().status().approved == version)
                _ = try instance.agent().update()
            }
            #expect(try instance.wholeVersion() == "1.1")
            #expect(try instance.agent().status().approved == nil)
        }
    }

    @Test(
        "only what is offered can be approved, and nothing is written for anything else",
        arguments: ["1.0", "0.9", "2.0"])
    func approveOther(version: String) throws {
        let instance = try instance(.notify)
        _ = try instance.agent().check()
        #expect(code { try instance.agent().approve(Version(version)) } == "agent/not-waiting")
        #expect(try instance.folder.read("state/approved") == nil)
        try instance.repository.withdraw("1.1")
        _ = try instance.agent().check()
        #expect(code { try instance.agent().approve(Version("1.1")) } == "agent/not-waiting")
        #expect(try instance.folder.read("state/approved") == nil)
    }

    @Test("an approval beside another agent at work is written, and the next run uses it")
    func approveBeside() throws {
        let instance = try instance(.notify)
        _ = try instance.agent().check()
        let lock = try DurableStorage().lock(instance.folder.path("state/lock"))
        try withExtendedLifetime(lock) {
            let report = try instance.agent().approve(Version("1.1"))
            #expect(report.isAtWork)
            #expect(report.update == nil)
        }
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.agent().status().approved == (try Version("1.1")))
    }

    @Test("an approval does not break a hold")
    func approveHeld() throws {
        let instance = try instance(.notify)
        _ = try instance.agent().check()
        _ = try instance.agent().hold(until: nil, reason: "not now")
        let report = try instance.agent().approve(Version("1.1"))
        #expect(report.update?.held?.waiting.reason == .hold)
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("the history leaves out damaged lines, and gives as many as are asked for")
    func history() throws {
        let instance = try instance()
        _ = try instance.agent().update()
        let lines = try #require(try instance.folder.read("state/history.jsonl")).split(separator: UInt8(ascii: "\n"))
        #expect(lines.count == 2)
        let damaged =
            Array(lines[0]) + Array("\n{\n\u{0}\n{\"event\":\"flown\",\"time\":\"2026-01-01T00:00:00Z\"}\n".utf8)
            + Array(lines[1]) + Array("\n{\"event\":\"upd".utf8)
        try instance.folder.write(damaged, to: "state/history.jsonl")
        #expect(try instance.agent().history().map(\.to) == [try Version("1.0"), try Version("1.1")])
        #expect(try instance.agent().history(limit: 1).map(\.to) == [try Version("1.1")])
        #expect(try instance.agent().history(limit: -1).isEmpty)
        #expect(try instance.agent().status().lastStep?.to == (try Version("1.1")))
        for entry in try instance.agent().history() {
            #expect(HistoryEntry(line: entry.line.dropLast()) == entry)
        }
    }

    @Test(
        "times of a hold are as people type them",
        arguments: [
            ("2026-12-24T18:00:00Z", "2026-12-24T18:00:00Z"), ("2026-12-24", "2026-12-24T00:00:00Z"),
            ("2026-12-24T18:00:00+01:00", "2026-12-24T17:00:00Z"),
            ("2026-12-24T18:00:00-05:30", "2026-12-24T23:30:00Z"),
            ("90m", "2026-01-01T01:30:00Z"), ("12h", "2026-01-01T12:00:00Z"), ("3d", "2026-01-04T00:00:00Z"),
            ("2w", "2026-01-15T00:00:00Z"), ("0d", nil), ("-3d", nil), ("3", nil), ("d", nil), ("", nil), ("3 d", nil),
            ("1e3h", nil), ("9999999999999999999d", nil), ("999999d", nil), ("2026-02-30", nil), ("tomorrow", nil),
            ("2026-12-24T18:00:00+24:00", nil), ("2026-12-24T18:00:00 01:00", nil), ("2026-12-24T18:00", nil),
            ("éééééééééééé+", nil), ("٣d", nil),
        ] as [(String, String?)])
    func times(text: String, expected: String?) throws {
        let now = try #require(UTCTime.decode("2026-01-01T00:00:00Z"))
        #expect(HoldTime.decode(text, now: now).map(UTCTime.encode) == expected)
    }
}
