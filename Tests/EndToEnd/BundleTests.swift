import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("A bundle that is carried")
struct BundleTests {
    /// Another instance of the association's product, whose mirror does not exist.
    private struct Offline {
        let association: Association
        let name: String
        var configuration: String { association.folder.path("\(name)/agent.yaml").string }

        init(_ association: Association, _ name: String, root: String, transparency: String) throws {
            (self.association, self.name) = (association, name)
            let prefix = association.folder.path("\(name)/prefix").string
            try FileManager.default.createDirectory(atPath: prefix, withIntermediateDirectories: true)
            try association.folder.write(
                """
                product: mail-suite
                channel: stable
                mirrors: ["http://127.0.0.1:1/"]
                prefix: \(prefix)
                state: \(association.folder.path("\(name)/state").string)
                \(transparency)

                """, to: "\(name)/agent.yaml")
            try association.check(Tool.agent, ["init", "--root", root, "--config", configuration])
        }

        func agent(_ arguments: String...) throws -> Tool.Result {
            try Tool.agent.run(arguments + ["--config", configuration])
        }

        func installed() throws -> String? {
            try association.folder.read("\(name)/prefix/current/README").map { String(decoding: $0, as: UTF8.self) }
        }
    }

    private static let unlogged = "transparency: off"
    private static let logged = "hold_back: {critical: 0, important: 0, otherwise: 0}"

    @Test func `is made by an instance, listed by every tar, and applied without a network`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        let file = association.folder.path("mail.bundle").string
        let made = try association.agent("bundle", "create", "--out", file)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("holds the archive; roots 1 to 1; no log: the root names none"), "\(made.output)")
        let again = try association.agent("bundle", "create", "--version", "2.11.1", "--out", file, "--json")
        #expect(again.json["version"] as? String == "2.11.1")
        #expect(again.json["bytes"] as? Int == (try Data(contentsOf: URL(fileURLWithPath: file))).count)
        #expect(made.output.contains(try #require(again.json["sha256"] as? String)))
        server.stop()

        for tar in ["tar", "bsdtar"] {
            let listing = try Tool.system(tar).run(["-tf", file])
            #expect(listing.status == 0 && listing.errors.isEmpty, "\(tar): \(listing.errors)")
            let names = listing.output.split(separator: "\n").map(String.init)
            #expect(names.first == "bundle.json" && names.contains("metadata/timestamp.json"))
            #expect(names.contains { $0.hasPrefix("targets/mail-suite/stable/") && $0.hasSuffix(".tar.zst") })
        }
        let python = try Tool.system("python3").run([
            "-c", "import sys, tarfile; print(len(tarfile.open(sys.argv[1], 'r:').getnames()))", file,
        ])
        #expect(python.status == 0, "\(python.errors)")

        let root = association.folder.path("workspace/Keys/root.json").string
        let offline = try Offline(association, "offline", root: root, transparency: Self.unlogged)
        #expect(try offline.agent("update").status == 1)
        let applied = try offline.agent("bundle", "apply", file)
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(applied.errors.isEmpty, "\(applied.errors)")
        #expect(applied.output.contains("installed 2.11.1"), "\(applied.output)")
        #expect(try offline.installed() == "mail suite 2.11.1\n")
        #expect(try offline.agent("verify").status == 0)
        let same = try offline.agent("bundle", "apply", file, "--json")
        #expect(same.json["changed"] as? Bool == false)
    }

    @Test func `is made from published files by a maintainer, and brings a patch`() throws {
        let association = try Association()
        try association.releaseNoisy("2.11.1")
        let root = association.folder.path("workspace/Keys/root.json").string
        let source = [
            "--from-repository", association.releases, "--root", root, "--product", "mail-suite", "--channel",
            "stable",
        ]
        let folder = URL(fileURLWithPath: association.folder.path.string)
        let first = try Tool.agent.run(["bundle", "create", "--out", "first.bundle"] + source, in: folder)
        #expect(first.status == 0, "\(first.errors)")
        let offline = try Offline(association, "offline", root: root, transparency: Self.unlogged)
        #expect(try offline.agent("bundle", "apply", association.folder.path("first.bundle").string).status == 0)
        try association.releaseNoisy("2.12.0")
        let patch = association.folder.path("patch.bundle").string
        let made = try Tool.agent.run(
            ["bundle", "create", "--out", patch, "--from", "2.11.1", "--patch-only"] + source)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("holds a patch from 2.11.1; roots 1 to 1"), "\(made.output)")
        #expect(try Data(contentsOf: URL(fileURLWithPath: patch)).count < 40_000)
        let applied = try offline.agent("bundle", "apply", patch, "--json")
        #expect(applied.status == 0, "\(applied.errors)")
        #expect((applied.json["download"] as? [String: Any])?["by"] as? String == "patch")
        #expect(try offline.installed() == "mail suite 2.12.0\n")
        // The former bundle is older than what is trusted now.
        let old = try offline.agent("bundle", "apply", association.folder.path("first.bundle").string)
        #expect(old.status == 3)
        #expect(old.errors.contains("[tuf/rollback]") && old.errors.contains("still on 2.12.0"), "\(old.errors)")
        #expect(old.errors.contains("hint: this bundle is older than what this instance knows"), "\(old.errors)")
        // A bundle for those who have a release needs it.
        let fresh = try Offline(association, "fresh", root: root, transparency: Self.unlogged)
        let refused = try fresh.agent("bundle", "apply", patch)
        #expect(refused.status == 3)
        #expect(refused.errors.contains("[bundle/incomplete]"), "\(refused.errors)")
        #expect(try association.folder.contents().keys.allSatisfy { !$0.contains(".parts") })
    }

    @Test func `with a log that witnesses saw last four days ago is applied, with a warning`() throws {
        let site = try LoggedSite()
        let association = site.association
        let created = Date() - 100 * 3600
        site.log.publishCheckpoint(site.log.cosigned(at: created))
        try site.write()
        try site.configure(Self.logged + "\nfreshness: 200")
        let file = association.folder.path("old.bundle").string
        let made = try association.agent("bundle", "create", "--out", file)
        #expect(made.status == 0, "\(made.errors)")
        #expect(made.output.contains("the log with \(site.log.size) entries"), "\(made.output)")
        try site.configure(Self.logged)
        #expect(try association.agent("update").errors.contains("[log/stale]"))
        #expect(try association.agent("bundle", "create", "--out", file).errors.contains("[log/stale]"))

        let root = association.folder.path("root.json").string
        let offline = try Offline(association, "offline", root: root, transparency: Self.logged)
        let applied = try offline.agent("bundle", "apply", file)
        #expect(applied.status == 0, "\(applied.errors)")
        #expect(applied.errors.hasPrefix("sceau-agent: warning: this bundle is old: witnesses saw its log last "))
        #expect(applied.errors.contains(", 4 days ago; it cannot show whether there are newer releases since"))
        #expect(try offline.installed() == "mail suite 2.11.1\n")
        let json = try offline.agent("bundle", "apply", file, "--json").json["bundle"] as? [String: Any]
        let age = try #require(json?["age"] as? [String: Any])
        #expect(age["old"] as? Bool == true && age["hours"] as? Int == 100, "\(age)")
        #expect(age["cosigned_at"] is String && age["expired_since"] is NSNull)

        let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
        for (name, content) in [
            ("cut", bytes.dropLast(2000)), ("bent", bytes.prefix(3000) + Data([1]) + bytes.dropFirst(3001)),
        ] {
            let changed = association.folder.path(name)
            try content.write(to: URL(fileURLWithPath: changed.string))
            let refused = try offline.agent("bundle", "apply", changed.string)
            // A copy that broke off is nobody's attack.
            #expect(refused.status == (name == "cut" ? 1 : 3), "\(name): \(refused.errors)")
        }
        #expect(try offline.installed() == "mail suite 2.11.1\n")
    }

    @Test(
        arguments: [
            ["create"], ["create", "--out", "x", "--patch-only"], ["create", "--out", "x", "--root", "r"],
            ["create", "--out", "x", "--from-repository", "s"], ["apply"], ["create", "--out", "x", "--version", "?"],
        ]) func `is not made or applied by a command line that is wrong`(arguments: [String]) throws
    {
        let result = try Tool.agent.run(["bundle"] + arguments)
        #expect(result.status == 64, "\(result.errors)")
        #expect(result.errors.contains("[command/arguments]"))
    }
}
