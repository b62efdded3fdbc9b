import FoundationEssentials
import Primitives
import Publishing
import Releases
import Settings
import Testing

@Suite struct `The file for release add --install` {
    private static let time = Date(timeIntervalSince1970: 1_790_000_000)

    private static func decode(_ text: String) throws -> InstallFile {
        try InstallFile.decode(Array(text.utf8), at: "install.yaml", version: Version("2.12"), time: time)
    }

    @Test func `says everything that release.json can hold, and what it leaves out has defaults`() throws {
        let file = try Self.decode(
            """
            update_from: 2.10
            rollout: {hours: 48}
            services: [mail-suite.service]
            shared: [data, etc/local.conf]
            pre: {run: hooks/pre}
            migrate: {run: [hooks/migrate, --fast, "two words"], seconds: 7200, undo: {run: hooks/unmigrate}}
            post: {run: hooks/post, seconds: 60}
            health: {run: hooks/health}
            """)
        var install = InstallSection()
        install.services = [try ServiceName("mail-suite.service")]
        install.shared = ["data", "etc/local.conf"]
        install.pre = .init(["hooks/pre"], seconds: 600)
        install.migration = .init(
            .init(["hooks/migrate", "--fast", "two words"], seconds: 7200),
            return: .undo(.init(["hooks/unmigrate"], seconds: 7200)))
        install.post = .init(["hooks/post"], seconds: 60)
        install.health = .init(.init(["hooks/health"], seconds: 10), every: 5, within: 120, inARow: 2)
        #expect(file.install == install)
        #expect(file.updateFrom == (try Version("2.10")))
        let steps = [Rollout.Step(hours: 0, perMille: 50), Rollout.Step(hours: 48, perMille: 1000)]
        #expect(file.rollout == (try Rollout(start: Self.time, steps: steps)))
    }

    @Test func `may leave out everything, and say the rest in other ways`() throws {
        #expect(try Self.decode("{}") == InstallFile())
        #expect(try Self.decode("services: []\nshared: []") == InstallFile())
        let compatible = try Self.decode("migrate: {run: m, return: compatible}").install.migration
        #expect(compatible?.return == .compatible)
        #expect(compatible?.hook.seconds == 3600)
        #expect(
            try Self.decode("migrate: {run: m, return: none}").install.migration?.return
                == InstallSection.Migration.Return.none)
        let rollout = try Self.decode(
            """
            rollout:
              start: 2026-10-01T06:00:00Z
              steps:
                - {hours: 0, percent: 0.5}
                - {hours: 24, percent: 100}
            """
        ).rollout
        let steps = [Rollout.Step(hours: 0, perMille: 5), Rollout.Step(hours: 24, perMille: 1000)]
        #expect(rollout == (try Rollout(start: #require(UTCTime.decode("2026-10-01T06:00:00Z")), steps: steps)))
    }

    private static let faults: [(String, Int, String)] = [
        ("shared: [a]\nreboot: true", 2, "one of health, migrate, post, pre, rollout, services, shared, tools, update_from"),
        ("tools:\n  - psql\n  - bin/psql", 3, "the name of a program such as psql, or an absolute path to one"),
        ("services:\n  - a.service\n  - --force", 3, "a systemd unit"),
        ("services:\n  - a.service\n  - a.service", 3, "none of them twice"),
        ("shared:\n  - data\n  - data/x", 3, "paths that do not touch each other"),
        ("shared:\n  - ../x", 2, "a relative path of plain names"),
        ("pre:\n  seconds: 5", 2, "run: …"), ("pre:\n  run: hooks/pre --all", 2, "a list such as [hooks/pre, --all]"),
        ("pre:\n  run: /bin/sh", 2, "a relative path of plain names"), ("pre:\n  run: []", 2, "a program"),
        ("pre:\n  run: a\n  seconds: 0", 3, "a whole number from 1 to 86400"),
        ("pre:\n  run: a\n  user: root", 3, "one of run, seconds"),
        ("pre:\n  run: a\n  undo: {run: b}", 3, "one of run, seconds"),
        ("pre:\n  run: [a, \"b\\0c\"]", 2, "without zeros"),
        ("pre:\n  run: data/x\nshared: [data]", 2, "programs of the release"),
        ("post:\n  run: a\nhealth:\n  run:\n    - b\n    - []", 6, "a text"),
        ("pre: {run: a}\nmigrate:\n  run: m", 3, "undo: {run: …}, or return: compatible or none"),
        ("migrate:\n  run: m\n  return: maybe", 3, "compatible or none"),
        ("migrate:\n  run: m\n  undo: {run: u}\n  return: none", 4, "one of them"),
        ("migrate:\n  run: m\n  undo:\n    seconds: 5", 4, "run: …"),
        ("health:\n  run: h\n  every: 60\n  within: 60", 2, "a time in which so many can be had"),
        ("health:\n  run: h\n  in_a_row: 0", 3, "from 1 to 100"),
        ("\nupdate_from: 2.12", 2, "a version older than 2.12"), ("update_from: new", 1, "a version such as"),
        ("rollout: 48", 1, "keys with values"), ("rollout:\n  start: 2026-10-01T06:00:00Z", 2, "hours: …, or steps: …"),
        ("rollout:\n  hours: 0", 2, "from 1 to 8784"), ("rollout:\n  hours: 5\n  start: tomorrow", 3, "a time"),
        ("rollout:\n  hours: 5\n  steps: []", 3, "one of them"), ("rollout:\n  steps: []", 2, "1 to 16"),
        ("rollout:\n  steps:\n    - {hours: 1, percent: 5}\n    - {hours: 1, percent: 9}", 4, "more hours"),
        ("rollout:\n  steps:\n    - {hours: 0, percent: 101}", 3, "a percentage"),
        ("rollout:\n  steps:\n    - {hours: 0, percent: 0.05}", 3, "a percentage"),
        ("rollout:\n  steps:\n    - {hours: 0, percent: -1}", 3, "a percentage"),
        ("- pre", 1, "keys with values"), ("pre: &a {run: x}", 1, "anchors"),
    ]

    @Test(arguments: faults)
    func `is refused with the line at fault`(text: String, line: Int, says: String) throws {
        let fault = try #require(throws: SettingsFault.self) { try Self.decode(text) }
        #expect(fault.message.contains("(install.yaml line \(line))"), "\(fault.message)")
        #expect(fault.message.contains(says), "\(fault.message)")
    }
}
