import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("A patch")
struct PatchTests {
    private static let name = "mail-suite-2.12.0.from-2.11.1.patch"

    /// 2.11.1 is installed; the later releases are published with patches as `release add` makes them.
    private func site(_ later: String...) throws -> (association: Association, server: Server) {
        let association = try Association()
        try association.releaseNoisy("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        try #require(try association.agent("update").status == 0)
        for version in later { try association.releaseNoisy(version) }
        try server.awaitPublication(from: association.releases)
        return (association, server)
    }

    @Test func `is made, shown, announced, fetched, applied and audited`() throws {
        let (association, server) = try site("2.12.0")
        let show = try Tool.sceau.run(["release", "show", "2.12.0", "--workspace", association.workspace])
        #expect(show.output.contains(/archive +40.. kB/), "\(show.output)")
        #expect(show.output.contains(/patches +from 2.11.1: .* % of the archive/), "\(show.output)")
        let json = try Tool.sceau.run(["release", "show", "2.12.0", "--workspace", association.workspace, "--json"])
            .json
        let sizes = try #require(json["sizes"] as? [String: Any])
        let patch = try #require((sizes["patches"] as? [[String: Any]])?.first)
        let bytes = try #require(patch["bytes"] as? Int)
        #expect(patch["from"] as? String == "2.11.1")
        #expect(patch["file"] as? String == Self.name)
        #expect(bytes < 2000 && bytes > 0)

        let check = try association.agent("check", "--json").json
        let expected = try #require(check["download"] as? [String: Any])
        #expect(expected["by"] as? String == "patch" && expected["bytes"] as? Int == bytes)
        let update = try association.agent("update", "--json")
        #expect(update.status == 0, "\(update.errors)")
        let download = try #require(update.json["download"] as? [String: Any])
        #expect(download["by"] as? String == "patch" && download["bytes"] as? Int == bytes)
        #expect(try association.installed() == "mail suite 2.12.0\n")
        #expect(try association.agent("verify").status == 0)
        #expect(try association.history().last?.contains(/"by": ?"patch"/) == true)

        let root = association.folder.path("workspace/Keys/root.json").string
        let audit = try Tool.audit.run(["verify", association.releases, "--root", root, "--full"])
        #expect(audit.status == 0, "\(audit.errors)\(audit.output)")
        let work = association.folder.path("python-tuf").string
        let tuf = try Tool.python().run(
            ["Tests/Peers/tuf_refresh_and_download.py", "--metadata-url", server.address + "metadata/"]
                + ["--targets-url", server.address + "targets/", "--root", root, "--work", work]
                + ["--target", "mail-suite/stable/2.12.0/\(Self.name)"])
        #expect(tuf.status == 0, "\(tuf.errors)")
    }

    @Test func `of each of two releases in a row makes a chain`() throws {
        let association = try Association()
        try association.releaseNoisy("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        try #require(try association.agent("update").status == 0)
        for version in ["2.12.0", "2.13.0"] { try association.releaseNoisy(version, ["--from", "1"]) }
        try server.awaitPublication(from: association.releases)
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(
            update.output.contains(/fetched two patches of .* together; the archive has 40.. kB/), "\(update.output)")
        #expect(try association.installed() == "mail suite 2.13.0\n")
        #expect(try association.agent("verify").status == 0)
        #expect(try association.agent("revert").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n")
    }

    @Test func `is not made with --from 0, and the archive is fetched`() throws {
        let (association, server) = try site()
        try association.releaseNoisy("2.12.0", ["--from", "0"])
        try server.awaitPublication(from: association.releases)
        #expect(try association.files(below: "workspace/Releases").keys.filter { $0.hasSuffix(".patch") } == [])
        let update = try association.agent("update")
        #expect(update.output.contains("fetched the archive, 40"), "\(update.output)")
        let wrong = try Tool.sceau.run(
            ["release", "add", association.workspace, "--workspace", association.workspace, "--channel", "stable"]
                + ["--version", "3", "--from", "65"])
        #expect(wrong.status == 64)
    }

    struct Trouble: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: String
        /// Changes a copy of what is published, which is then served.
        var bend: @Sendable (URL) throws -> Void = { _ in }
        /// Changes the instance.
        var change: @Sendable (Association) throws -> Void = { _ in }
    }

    static let troubles = [
        Trouble(
            testDescription: "was changed on the mirror", code: "agent/wrong-hash",
            bend: { mirror in
                let file = try patch(mirror)
                var bytes = try Data(contentsOf: file)
                bytes[bytes.count / 2] ^= 1
                try bytes.write(to: file)
            }),
        Trouble(
            testDescription: "is missing on the mirror", code: "transport/http-status",
            bend: { mirror in
                try FileManager.default.removeItem(at: patch(mirror))
            }),
        Trouble(
            testDescription: "needs more memory than the instance allows", code: "patch/too-much-memory",
            change: { association in
                let text = String(decoding: try association.folder.read("instance/agent.yaml") ?? [], as: UTF8.self)
                try association.folder.write(text + "limits: {patch_bytes: 1}\n", to: "instance/agent.yaml")
            }),
        Trouble(
            testDescription: "meets an installed tree that was changed", code: "patch/",
            change: { association in
                let bytes = try association.folder.read("instance/prefix/current/lib/noise.bin") ?? []
                try association.folder.write(bytes.map { $0 ^ 1 }, to: "instance/prefix/current/lib/noise.bin")
            }),
    ]

    @Test(arguments: troubles) func `gives way to the archive when it`(_ trouble: Trouble) throws {
        let (association, _) = try site("2.12.0")
        let copy = try association.copyReleases(to: "mirror")
        try trouble.bend(copy)
        let mirror = try Server(copy)
        try association.configure(mirrors: mirror.address)
        try trouble.change(association)
        let before = try association.files(below: "instance/prefix/versions/2.11.1")
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(update.output.contains("the patch was not used: [\(trouble.code)"), "\(update.output)")
        #expect(update.output.contains("fetched the archive, 40"), "\(update.output)")
        #expect(try association.installed() == "mail suite 2.12.0\n")
        #expect(try association.agent("verify").status == 0)
        #expect(try association.files(below: "instance/prefix/versions/2.11.1") == before)
        let history = try association.history()
        let refusals = history.filter { $0.contains("patch-refused") }
        #expect(refusals.count == 1 && refusals.allSatisfy { $0.contains(trouble.code) }, "\(history)")
        #expect(try association.agent("update").output.hasPrefix("up to date"))
    }

    private static func patch(_ folder: URL) throws -> URL {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return folder.appendingPathComponent(try #require(names.first { $0.hasSuffix(name) }))
    }
}

extension Association {
    /// Adds, signs and publishes a release with 40 KB that do not compress, some of which are its own.
    func releaseNoisy(_ version: String, _ more: [String] = []) throws {
        var (state, noise) = (UInt64(1), [UInt8]())
        for _ in 0..<40_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            noise.append(UInt8(truncatingIfNeeded: state >> 56))
        }
        noise.replaceSubrange(20_000..<20_100, with: Array("this is \(version)".utf8))
        try folder.write(noise, to: "tree-\(version)/lib/noise.bin")
        try add(version, more)
        try sign("alice", "carol")
        try publish()
    }

    /// The lines of the instance's history.
    func history() throws -> [String] {
        String(decoding: try folder.read("instance/state/history.jsonl") ?? [], as: UTF8.self)
            .split(separator: "\n").map(String.init)
    }
}
