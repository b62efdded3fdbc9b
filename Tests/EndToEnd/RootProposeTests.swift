import Foundation
import SystemPackage
import TestSupport
import Testing

/// Keys change hands by the tools themselves, and an instance that knew the old ones follows.
@Suite("sceau root propose")
struct RootProposeTests {
    private func propose(_ association: Association, _ arguments: String...) throws -> Tool.Result {
        try Tool.sceau.run(["root", "propose", "--workspace", association.workspace] + arguments)
    }

    @Test func `replaces a keyholder and the online key, and an instance follows without being told`() throws {
        let association = try Association()
        try association.install("2.11.1")
        for name in ["dave", "online-2"] {
            try association.check(
                Tool.sceau, ["key", "generate", name, "--unencrypted", "--out", association.key(name)])
        }
        let proposed = try propose(
            association, "--remove", "alice", "--add", association.folder.path("dave.pub").string, "--online-key",
            association.key("online-2"))
        #expect(
            proposed.output == """
                changed Keys/policy.yaml
                staged root version 2: it changes
                staged targets version 2: it changes
                staged mail-suite-stable version 2: the keyholders who signed it do not suffice any more
                next: sceau review, then sceau sign

                """, "\(proposed.errors)")
        // Until it is published, the old key goes on; then the new one does, and nobody has to name it.
        try association.check(Tool.sceau, ["refresh", "--workspace", association.workspace])
        try association.sign("bob", "carol")
        try association.publish()
        try FileManager.default.removeItem(atPath: association.key("online"))
        try association.check(Tool.sceau, ["refresh", "--workspace", association.workspace])

        try association.add("2.12.0")
        let refused = try Tool.sceau.run(
            ["sign", "--workspace", association.workspace, "--key", association.key("alice"), "--yes"])
        #expect(refused.status == 3)
        #expect(refused.errors.contains("[publish/not-a-signer]"), "\(refused.errors)")
        try association.sign("carol", "dave")
        try association.publish()
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(try association.installed() == "mail suite 2.12.0\n")

        let nothing = try propose(association)
        #expect(nothing.output.hasPrefix("root, targets and channels are as Keys/policy.yaml wants them"))
        #expect(nothing.output.contains("--renew"))
    }

    @Test func `refuses with words, and discards what is not wanted after all`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let before = try association.files(below: "workspace")
        let refused = try propose(association, "--threshold", "4")
        #expect(refused.status == 64)
        #expect(
            refused.errors == """
                sceau: error: [publish/invalid-threshold] the threshold cannot be met, or asks for nobody: found a \
                threshold of 4, expected 1 to 3, as there would be keyholders (root); nothing was staged
                sceau: hint: set another with --threshold M, for one role alone with --role R, or add keyholders

                """)
        #expect(try association.files(below: "workspace") == before)

        let warned = try propose(association, "--threshold", "1", "--role", "root", "--json")
        #expect(warned.errors.hasPrefix("sceau: warning: root: one signature is enough"), "\(warned.errors)")
        #expect(warned.output.contains("\"staged\":[{\"dropped_signatures\":[],"), "\(warned.output)")
        try association.sign("alice")
        let discard = ["discard", "root", "--workspace", association.workspace]
        #expect(try Tool.sceau.run(discard).status == 64)
        let discarded = try association.check(Tool.sceau, discard + ["--yes"])
        #expect(discarded.output.hasPrefix("discarded root version 2, signed by alice\n"), "\(discarded.output)")
        let after = try association.files(below: "workspace")
        #expect(after.filter { $0.value != before[$0.key] }.keys.sorted() == ["workspace/Keys/policy.yaml"])
    }
}
