import Foundation
import SystemPackage
import TestSupport
import Testing

/// What a person can do wrong, or be done to, typed as they would type it: exit status, code, and what is left standing.
@Suite("An error case of a maintainer")
struct MaintainerErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: Int32
        let code: String
        /// The state we are in, as the message ends.
        let state: String
        let arguments: @Sendable (Association) throws -> [String]
    }

    static let maintainerCases = [
        Case(
            testDescription: "threshold larger than the number of keyholders", status: 64,
            code: "publish/invalid-threshold", state: "no workspace was made"
        ) {
            ["init", "--workspace", $0.folder.path("other").string, "--product", "mail-suite", "--channel", "stable"]
                + ["--keyholder", $0.folder.path("alice.pub").string, "--threshold", "2"]
                + ["--online-key", $0.key("online")]
        },
        Case(
            testDescription: "a workspace that is there already", status: 64, code: "publish/workspace-exists",
            state: "no workspace was made"
        ) {
            ["init", "--workspace", $0.workspace, "--product", "mail-suite", "--channel", "stable"]
                + ["--keyholder", $0.folder.path("alice.pub").string, "--threshold", "1"]
                + ["--online-key", $0.key("online")]
        },
        Case(
            testDescription: "publishing below the threshold", status: 3, code: "publish/threshold-not-met",
            state: "nothing went live"
        ) {
            try $0.add("2.12.0")
            try $0.sign("bob")
            return ["publish", "--workspace", $0.workspace]
        },
        Case(
            testDescription: "a key file that others can read", status: 3, code: "key/exposed",
            state: "nothing was signed"
        ) {
            try $0.add("2.12.0")
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: $0.key("bob"))
            return ["sign", "--workspace", $0.workspace, "--key", $0.key("bob"), "--yes"]
        },
        Case(
            testDescription: "a wrong passphrase", status: 1, code: "key/wrong-passphrase", state: "nothing was signed"
        ) {
            try $0.add("2.12.0")
            let wrong = try $0.folder.write("wrong\n", to: "wrong").string
            return ["sign", "--workspace", $0.workspace, "--key", $0.key("bob"), "--passphrase-file", wrong, "--yes"]
        },
        Case(
            testDescription: "a question where nobody can answer", status: 64, code: "command/not-a-terminal",
            state: "nothing was signed"
        ) {
            try $0.add("2.12.0")
            return ["sign", "--workspace", $0.workspace, "--key", $0.key("bob")]
        },
        Case(
            testDescription: "a release that is not newer", status: 64, code: "publish/version-not-newer",
            state: "nothing was staged"
        ) {
            ["release", "add", try $0.makeTree("2.0"), "--workspace", $0.workspace, "--channel", "stable"]
                + ["--version", "2.0"]
        },
        Case(
            testDescription: "an install file with a key that nobody knows", status: 64, code: "settings/invalid",
            state: "nothing was staged"
        ) {
            let file = try $0.folder.write("pre: {run: bin/mail-suite}\nreboot: true\n", to: "install.yaml").string
            return ["release", "add", try $0.makeTree("2.12.0"), "--workspace", $0.workspace, "--channel", "stable"]
                + ["--version", "2.12.0", "--install", file]
        },
        Case(
            testDescription: "a hook that is not executable", status: 3, code: "release/invalid-install",
            state: "nothing was staged"
        ) {
            let file = try $0.folder.write("pre: {run: README}\n", to: "install.yaml").string
            return ["release", "add", try $0.makeTree("2.12.0"), "--workspace", $0.workspace, "--channel", "stable"]
                + ["--version", "2.12.0", "--install", file]
        },
        Case(
            testDescription: "a tree with a link that leaves it", status: 3, code: "release/unsafe-link",
            state: "nothing was staged"
        ) {
            let tree = try $0.makeTree("2.12.0")
            try FileManager.default.createSymbolicLink(
                atPath: "\(tree)/escape", withDestinationPath: "../../etc/passwd")
            return ["release", "add", tree, "--workspace", $0.workspace, "--channel", "stable", "--version", "2.12.0"]
        },
    ]

    @Test(arguments: maintainerCases)
    func `is refused and changes nothing that is published`(row: Case) throws {
        let association = try Association(passphrase: row.code == "key/wrong-passphrase" ? "right" : nil)
        try association.release("2.11.1")
        let arguments = try row.arguments(association)
        let before = try association.files(below: "workspace/Releases")
        let result = try Tool.sceau.run(arguments)
        #expect(result.status == row.status)
        #expect(result.errors.hasPrefix("sceau: error: [\(row.code)] "), "\(result.errors)")
        #expect(result.errors.contains("; \(row.state)\n"), "\(result.errors)")
        #expect(try association.files(below: "workspace/Releases") == before)
    }
}
