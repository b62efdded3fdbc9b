import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing

/// A log and its witnesses by the command line: what is made, what is said, what stays.
@Suite("sceau init and sceau root propose --witness-policy")
struct WitnessPolicyTests {
    private func witnesses(_ count: Int, of names: String..., in folder: TemporaryFolder) throws -> String {
        let lines = names.map { name in
            "witness \(name) \(TestKey(name).vkey(ByteString("\(name).example/w"), .witness)) https://\(name).example\n"
        }
        let text = lines.joined() + "group enough \(count) \(names.joined(separator: " "))\nquorum enough\n"
        return try folder.write(text, to: "\(count) of \(names.count).policy").string
    }

    private func keys(_ more: [String] = []) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in ["alice", "bob", "online"] {
            let result = try Tool.sceau.run(
                ["key", "generate", name, "--out", folder.path("\(name).key").string, "--unencrypted"])
            try #require(result.status == 0, "\(result.errors)")
        }
        return folder
    }

    private func initialise(_ folder: TemporaryFolder, _ arguments: String...) throws -> Tool.Result {
        try Tool.sceau.run(
            [
                "init", "--workspace", folder.path("w").string, "--product", "suite", "--channel", "stable",
                "--keyholder", folder.path("alice.pub").string, "--keyholder", folder.path("bob.pub").string,
                "--threshold", "1", "--online-key", folder.path("online.key").string,
            ] + arguments)
    }

    private func propose(_ folder: TemporaryFolder, _ arguments: String...) throws -> Tool.Result {
        try Tool.sceau.run(["root", "propose", "--workspace", folder.path("w").string] + arguments)
    }

    @Test func `init makes the log key as the online key is kept, and says what witnesses have to know`() throws {
        let folder = try keys()
        let result = try initialise(folder, "--witness-policy", witnesses(2, of: "n", "e", "s", in: folder))
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("  turns transparency on: everything is logged in sceau-log/suite/"))
        #expect(result.output.contains(", and of its witnesses 2 of 3 must cosign\n"))
        let key = folder.path("suite-log.key").string
        #expect(result.output.contains("made the log key \(key) (mode 0600, NOT encrypted): "), "\(result.output)")
        #expect(result.output.contains("each of them is given the key\n  sceau-log/suite/"))
        #expect(result.errors.contains("warning: witness policy: one dishonest witness is enough"), "\(result.errors)")
        let files = try folder.contents()
        #expect(files["suite-log.key"]?.permissions == .privateFile)
        #expect(files["suite-log.pub"] != nil)
        #expect(files["suite-log.key.state"] == nil)
        #expect(try folder.read("w/Keys/.log-key") == Array("\(key)\n".utf8))
        #expect(try folder.read("w/Keys/suite-log.pub") == folder.read("suite-log.pub"))
    }

    @Test func `init takes a key and a name for the log, encrypts a new key when told to, and says what lacks`() throws
    {
        let folder = try keys()
        let policy = try witnesses(4, of: "a", "b", "c", "d", "e", in: folder)
        let passphrase = try folder.write("a passphrase for the log", to: "passphrase").string
        let before = try folder.contents().keys.sorted()
        for wrong in [["--log-origin", "a b"], ["--log-origin", "example.org/log", "--log-key", "k"]] {
            let arguments = wrong.count == 2 ? ["--witness-policy", policy] + wrong : wrong
            let result = try Tool.sceau.run(
                ["init", "--workspace", folder.path("w").string, "--product", "suite", "--channel", "stable"]
                    + ["--keyholder", folder.path("alice.pub").string, "--threshold", "1"]
                    + ["--online-key", folder.path("online.key").string] + arguments)
            #expect(result.status == 64, "\(result.errors)")
        }
        #expect(try folder.contents().keys.sorted() == before)
        let key = folder.path("log.key").string
        let result = try initialise(
            folder, "--witness-policy", policy, "--log-origin", "example.org/log", "--log-key", key,
            "--log-passphrase-file", passphrase, "--json")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("\"kind\":\"log_begins\""), "\(result.output)")
        #expect(result.output.contains("\"vkey\":\"example.org/log+"))
        let text = String(decoding: try #require(try folder.read("log.key")), as: UTF8.self)
        #expect(text.contains("\"held\": \"encrypted file\""))
        // Another workspace with the same key has to be told so, until it has signed anything.
        try folder.write("", to: "log.key.state/checkpoint")
        let second = try Tool.sceau.run(
            ["init", "--workspace", folder.path("v").string, "--product", "suite", "--channel", "stable"]
                + ["--keyholder", folder.path("alice.pub").string, "--threshold", "1", "--witness-policy", policy]
                + ["--online-key", folder.path("online.key").string, "--log-key", key])
        #expect(second.status == 3)
        #expect(second.errors.contains("[publish/invalid-witness-policy]"), "\(second.errors)")
        #expect(second.errors.contains("no workspace was made"))
        #expect(try folder.contents()["v"] == nil)
    }

    @Test func `root propose begins a log, weakens it with a warning, moves it and ends it`() throws {
        let folder = try keys()
        #expect(try initialise(folder).status == 0)
        let workspace = folder.path("w").string
        let begun = try propose(folder, "--witness-policy", witnesses(3, of: "n", "e", "s", "w", in: folder))
        #expect(
            begun.output == """
                made the log key \(folder.path("suite-log.key").string) (mode 0600, NOT encrypted): nobody can make another \
                for this log, so keep a copy
                changed Keys/policy.yaml
                staged root version 1: it is new
                targets version 1 stays staged as it is
                suite-stable version 1 stays staged as it is
                next: sceau review, then sceau sign

                """, "\(begun.errors)")
        let again = try propose(folder, "--witness-policy", witnesses(3, of: "n", "e", "s", "w", in: folder))
        #expect(again.output.hasPrefix("root version 1 stays staged as it is\n"), "\(again.output)\(again.errors)")

        let fewer = try propose(folder, "--witness-policy", witnesses(2, of: "n", "e", "s", "w", in: folder))
        #expect(fewer.status == 0)
        #expect(fewer.errors.contains("warning: witness policy: two quorums need have no witness in common"))
        let moved = try propose(
            folder, "--new-log-key", folder.path("next.key").string, "--log-origin", "example.org/2")
        #expect(moved.status == 0, "\(moved.errors)")
        let policy = String(decoding: try #require(try folder.read("w/Keys/policy.yaml")), as: UTF8.self)
        #expect(policy.contains("\nlog_key: suite-log-2\n"))
        #expect(policy.contains("\nlog_origin: example.org/2\n"))

        let both = try propose(folder, "--no-witness-policy", "--log-origin", "x")
        #expect(both.status == 64)
        let ended = try propose(folder, "--no-witness-policy")
        #expect(ended.status == 0)
        #expect(try folder.read("w/Keys/policy.yaml") != Array(policy.utf8))
        let review = try Tool.sceau.run(["review", "--workspace", workspace])
        #expect(!review.output.contains("transparency"))
        let status = try Tool.sceau.run(["status", "--workspace", workspace, "--json"])
        #expect(status.output.contains("\"transparency\":{\"older\":[],\"policy\":null}"), "\(status.output)")
    }
}
