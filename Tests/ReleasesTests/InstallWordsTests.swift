import FoundationEssentials
import Primitives
import Releases
import Testing

@Suite("What is done around the switch, in words") struct InstallWordsTests {
    @Test func `says everything of a full section`() throws {
        #expect(
            try InstallSectionTests.full().sentences == [
                "around the switch it restarts mail-suite.service and mail-worker@1.service",
                "shared with other releases, outside the tree: data and etc/local.conf",
                "its programs need pg_dump, /usr/lib/postgresql/15/bin/psql and c++filt on the machine",
                "before the switch it runs hooks/dump --to backup (at most 10 min)",
                "it changes data: hooks/migrate (at most 1 h), and hooks/migrate --back (at most 1 h) changes it back",
                "once its services run it runs hooks/post (at most 1 min)",
                "it is healthy when hooks/health succeeds 3 times in a row within 90 s (tried every 2 s, each at most 10 s)",
            ])
        #expect(InstallSection().sentences.isEmpty)
    }

    @Test func `says whether data that was changed can be changed back`() {
        let hook = InstallSection.Hook(["m"], seconds: 7200)
        #expect(
            InstallSection.Migration(hook, return: .none).inWords
                == "it changes data: m (at most 2 h); nothing changes it back")
        #expect(
            InstallSection.Migration(hook, return: .compatible).inWords
                == "it changes data: m (at most 2 h); the release before works with the changed data")
    }

    @Test(
        arguments: [
            (["hooks/a b", ""], "\"hooks/a b\" \"\""), (["a", "x\"y\\"], "a \"x\\\"y\\\\\""),
            (["a", "\u{1b}[2J\nready"], "a \"\\u{1b}[2J\\u{a}ready\""), (["a", "\u{202e}"], "a \"\\u{202e}\""),
            (["a", "\\u{1b}"], "a \"\\\\u{1b}\""), (["é"], "\"é\""), (["a;b", "--x=1"], "\"a;b\" --x=1"),
        ] as [([ByteString], String)])
    func `a command cannot be taken for another, nor reach the terminal`(run: [ByteString], says: String) {
        #expect(InstallSection.Hook(run, seconds: 1).command == says)
    }

    @Test func `a command cannot fill the screen`() {
        let long = ByteString([UInt8](repeating: UInt8(ascii: "a"), count: 1000))
        let command = InstallSection.Hook([ByteString](repeating: long, count: 32), seconds: 1).command
        #expect(command.utf8.count < 1050)
        #expect(command.hasSuffix("… (32000 bytes in 32 words)"))
    }

    private static let made = Date(timeIntervalSince1970: 1_790_000_000)

    @Test(
        arguments: [
            ([(0, 50), (48, 1000)], 0.0, "instances get it within 48 hours, 5 % at once"),
            ([(0, 5), (1, 1000)], 3600, "from 2026-09-21T15:13:20Z on instances get it within 1 hour, 0.5 % at once"),
            ([(0, 1000)], 0, "instances get it step by step: all at once"),
            (
                [(0, 50), (24, 500), (48, 990)], 0,
                "instances get it step by step: 5 % at once, 50 % after 24 hours and 99 % after 48 hours"
            ),
        ] as [([(Int, Int)], Double, String)])
    func `says when instances get it`(steps: [(Int, Int)], later: Double, says: String) throws {
        let rollout = try Rollout(
            start: Self.made + later, steps: steps.map { Rollout.Step(hours: $0.0, perMille: $0.1) })
        #expect(rollout.sentence(made: Self.made) == says)
        #expect(rollout.leavesSomeOut == (steps.last?.1 != 1000))
    }
}
