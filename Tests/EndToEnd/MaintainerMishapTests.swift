import DurableStorage
import Foundation
import SystemPackage
import TestSupport
import Testing

/// What goes wrong around a publication, at three in the morning or on purpose, and what is then live.
@Suite("A maintainer's mishap")
struct MaintainerMishapTests {
    @Test func `a file of the right name and length in Releases is not taken for the one that was signed`() throws {
        let association = try Association()
        try association.add("2.11.1")
        try association.sign("alice", "carol")
        let staged = try association.files(below: "workspace/Staged/targets")
        let archive = try #require(staged.first { $0.key.hasSuffix(".tar.zst") })
        let live = archive.key.replacingOccurrences(of: "/Staged/", with: "/Releases/")
        try association.folder.write([UInt8](repeating: 0, count: archive.value.count), to: live)
        try association.publish()
        #expect(try association.folder.read(live) == archive.value)
        try association.check(
            .audit,
            [
                "verify", association.releases, "--root", association.folder.path("workspace/Keys/root.json").string,
                "--full",
            ])
    }

    @Test func `a key that is not the online key is not remembered as it`() throws {
        let association = try Association()
        try association.add("2.11.1")
        try association.sign("alice", "carol")
        let publish = ["publish", "--workspace", association.workspace]
        let wrong = try Tool.sceau.run(publish + ["--online-key", association.key("alice")])
        #expect(wrong.status == 3)
        #expect(wrong.errors.contains("[publish/wrong-online-key]"), "\(wrong.errors)")
        #expect(try association.files(below: "workspace/Releases").isEmpty)
        try association.publish()
    }

    @Test func `what is published can be read by everyone, whatever the umask`() throws {
        let association = try Association()
        try association.add("2.11.1")
        try association.sign("alice", "carol")
        let publish = [Tool.sceau.executable.path, "publish", "--workspace", association.workspace]
        try association.check(.system("sh"), ["-c", "umask 077; exec \"$@\"", "sh"] + publish)
        let published = try association.folder.contents().filter { $0.key.hasPrefix("workspace/Releases/") }
        #expect(published.count > 10)
        for (path, info) in published {
            #expect(info.permissions == (info.kind == .directory ? .publicDirectory : .publicFile), "\(path)")
        }
    }

    @Test(arguments: ["Releases/alice.key", "Releases/backup", "Keys/alice.key"])
    func `nothing is published beside a secret key`(place: String) throws {
        let association = try Association()
        try association.release("2.11.1")
        let secret = try #require(try association.folder.read("alice.key"))
        try association.folder.write(secret, to: "workspace/\(place)")
        let before = try association.files(below: "workspace/Releases")
        let result = try Tool.sceau.run(["refresh", "--workspace", association.workspace])
        #expect(result.status == 3)
        #expect(result.errors.contains("[publish/secret-key-in-workspace]"), "\(result.errors)")
        #expect(try association.files(below: "workspace/Releases") == before)
    }

    @Test func `one unreadable signature does not hide the others`() throws {
        let association = try Association()
        try association.add("2.11.1")
        try association.sign("alice", "carol")
        try association.folder.write(
            [UInt8](repeating: 0, count: 100_000), to: "workspace/Staged/signatures/1.root/bob.json")
        try association.publish()
    }

    @Test func `a release that was staged by mistake is taken back by discarding it`() throws {
        let association = try Association()
        try association.add("2.11.1")
        try association.check(Tool.sceau, ["discard", "stable", "--workspace", association.workspace, "--yes"])
        try association.add("2.11.0")
        try association.sign("alice", "carol")
        try association.publish()
        let list = try Tool.sceau.run(["release", "list", "--workspace", association.workspace, "--json"])
        #expect(list.output.contains("2.11.0") && !list.output.contains("2.11.1"), "\(list.output)")
    }

    static let mistyped: [(argument: String, value: String, code: String)] = [
        ("--version", "..", "release/invalid-version"), ("--version", "1..2", "release/invalid-version"),
        ("--channel", "Stable", "release/invalid-name"), ("--severity", "grave", "release/invalid-name"),
    ]

    @Test(arguments: mistyped)
    func `a mistyped argument is wrong usage, not an attack`(argument: String, value: String, code: String) throws {
        let association = try Association()
        var arguments = ["--channel": "stable", "--version": "2.11.1", "--severity": "low"]
        arguments[argument] = value
        let result = try Tool.sceau.run(
            ["release", "add", try association.makeTree("2.11.1"), "--workspace", association.workspace]
                + arguments.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] })
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("sceau: error: [\(code)] "), "\(result.errors)")
        #expect(result.errors.contains("; nothing was staged\n"), "\(result.errors)")
    }

    @Test func `the same attachment twice is wrong usage`() throws {
        let association = try Association()
        let file = try association.folder.write("{}", to: "sbom.json").string
        let result = try Tool.sceau.run(
            ["release", "add", try association.makeTree("2.11.1"), "--workspace", association.workspace]
                + ["--channel", "stable", "--version", "2.11.1", "--attach", file, "--attach", file])
        #expect(result.status == 64)
        #expect(result.errors.hasPrefix("sceau: error: [publish/unusable-file] "), "\(result.errors)")
    }

    @Test func `a public key in the place of a secret one is called that`() throws {
        let association = try Association()
        let result = try Tool.sceau.run(
            ["sign", "--workspace", association.workspace, "--yes"]
                + ["--key", association.folder.path("alice.pub").string])
        #expect(result.status == 3)
        #expect(result.errors.contains("found a public key"), "\(result.errors)")
    }
}
