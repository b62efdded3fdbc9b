import Foundation
import SystemPackage
import TestSupport
import Testing

@Suite("The main job")
struct MainJobTests {
    @Test func `goes from keys to an updated, verified, reverted and audited instance`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        #expect(try association.agent("check").status == 2)
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try association.agent("check").status == 0)
        #expect(try association.agent("update").status == 0, "nothing to do")

        try association.release("2.12.0")
        try server.awaitPublication(from: association.releases)
        let check = try association.agent("check", "--json")
        #expect(check.status == 2)
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.12.0\n")
        #expect(try association.agent("verify").status == 0)
        let installed = try association.agent("status", "--json").json["installed"] as? [String: Any]
        #expect(installed?["version"] as? String == "2.12.0")

        #expect(try association.agent("revert").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.11.1\n", "a revert pins")

        for source in [association.releases, server.address] {
            let root = association.folder.path("workspace/Keys/root.json").string
            let audit = try Tool.audit.run(["verify", source, "--root", root, "--full"])
            #expect(audit.status == 0, "\(audit.errors)\(audit.output)")
        }
        #expect(server.stop() == 0)
    }

    @Test func `is checked by other people's tools`() throws {
        let association = try Association()
        try association.release("2.11.1")
        try association.release("2.12.0")
        let server = try Server(URL(fileURLWithPath: association.releases))
        let root = association.folder.path("workspace/Keys/root.json").string
        let folder = "mail-suite/stable/2.12.0"

        // python-tuf refreshes and downloads.
        let work = association.folder.path("python-tuf").string
        let tuf = try Tool.python().run(
            ["Tests/Peers/tuf_refresh_and_download.py", "--metadata-url", server.address + "metadata/"]
                + ["--targets-url", server.address + "targets/", "--root", root, "--work", work]
                + ["release.json", "tree.mtree", "mail-suite-2.12.0.tar.zst"].flatMap {
                    ["--target", "\(folder)/\($0)"]
                })
        #expect(tuf.status == 0, "\(tuf.errors)")
        let downloaded = try FileManager.default.subpathsOfDirectory(atPath: work)
        let archive = try #require(downloaded.first { $0.hasSuffix("mail-suite-2.12.0.tar.zst") })
        let listing = try #require(downloaded.first { $0.hasSuffix("tree.mtree") })

        // bsdtar extracts, Debian's mtree compares what the agent installed.
        let tree = association.folder.path("by-bsdtar").string
        try FileManager.default.createDirectory(atPath: tree, withIntermediateDirectories: true)
        try association.check(try Tool.system("bsdtar"), ["-xpf", "\(work)/\(archive)", "-C", tree])
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        #expect(try association.agent("update").status == 0)
        let current = association.prefix + "/current/"
        for folder in [tree, current] {
            let mtree = try Tool.system("mtree").run(["-p", folder, "-f", "\(work)/\(listing)"])
            #expect(mtree.status == 0, "\(mtree.output)\(mtree.errors)")
        }

        // A changed file is reported by both.
        try Data("changed".utf8).write(to: URL(fileURLWithPath: current + "README"))
        let mtree = try Tool.system("mtree").run(["-p", current, "-f", "\(work)/\(listing)"])
        #expect(mtree.status != 0)
        #expect(mtree.output.contains("README"))
        let verify = try association.agent("verify")
        #expect(verify.status == 3)
        #expect((verify.output + verify.errors).contains("README"))
    }
}
