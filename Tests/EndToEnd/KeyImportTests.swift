import DurableStorage
import Foundation
import SystemPackage
import TestSupport
import Testing

/// `sceau key import`, typed as a person would, with keys that `ssh-keygen` made.
@Suite("Importing a key")
struct KeyImportTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        let made = try Tool.system("ssh-keygen")
        for (name, passphrase) in [("plain", ""), ("sealed", "correct horse")] {
            let result = try made.run(
                ["-q", "-t", "ed25519", "-a", "2", "-N", passphrase, "-f", folder.path(name).string])
            try #require(result.status == 0, "\(result.errors)")
        }
        try folder.write("correct horse\n", to: "passphrase")
        try folder.write("wrong horse\n", to: "wrong")
        try folder.write("another horse\n", to: "another")
        try folder.write("dear diary\n", to: "diary")
        try folder.write("taken", to: "taken.pub")
        let key = Data([0x45, 0x64] + [UInt8](repeating: 7, count: 40)).base64EncodedString()
        try folder.write("untrusted comment: minisign public key\n\(key)\n", to: "minisign.pub")
        for name in ["plain", "sealed", "passphrase", "wrong", "another", "diary"] {
            try FileManager.default.setAttributes(
                [.posixPermissions: 0o600], ofItemAtPath: folder.path(name).string)
        }
    }

    private func importKey(_ arguments: [String], input: String? = nil) throws -> Tool.Result {
        try Tool.sceau.run(
            ["key", "import"] + arguments, input: input, in: URL(fileURLWithPath: folder.path.string))
    }

    @Test func `makes an online key of a plain one, which signs, and leaves the old file alone`() throws {
        let before = try folder.read("plain")
        let result = try importKey(["plain", "--name", "online", "--unencrypted"])
        #expect(result.status == 0)
        #expect(result.errors == "")
        #expect(
            result.output.hasSuffix(
                "also: plain (OpenSSH) still holds the same secret: keep it as safe, or destroy it\n"))
        #expect(try folder.read("plain") == before)
        let generated = try Tool.sceau.run(
            ["key", "generate", "alice", "--out", folder.path("alice.key").string, "--unencrypted"])
        #expect(generated.status == 0)
        let workspace = try Tool.sceau.run(
            ["init", "--workspace", folder.path("workspace").string, "--product", "p", "--channel", "stable"]
                + ["--keyholder", folder.path("alice.pub").string, "--threshold", "1"]
                + ["--online-key", folder.path("online.key").string])
        #expect(workspace.status == 0, "\(workspace.errors)")
    }

    @Test(
        arguments: [
            ["--passphrase-file", "passphrase"], ["--passphrase-file", "-"],
            ["--passphrase-file", "another", "--source-passphrase-file", "passphrase"],
        ])
    func `encrypts the new one, under the same or under another passphrase`(passphrases: [String]) throws {
        let result = try importKey(
            ["sealed", "--name", "bob", "--json"] + passphrases, input: "correct horse\n")
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.json["held"] as? String == "encrypted file")
        #expect(result.json["source_format"] as? String == "openssh")
        let contents = try folder.contents()
        #expect(contents["bob.key"]?.permissions == FilePermissions(rawValue: 0o600))
        #expect(contents["bob.pub"]?.permissions == FilePermissions(rawValue: 0o644))
        let shown = try Tool.sceau.run(["key", "show", folder.path("bob.key").string, "--json"])
        #expect(shown.json["public_key"] as? String == result.json["public_key"] as? String)
    }

    @Test func `warns of a file that others can read`() throws {
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o644], ofItemAtPath: folder.path("plain").string)
        let result = try importKey(["plain", "--name", "bob", "--unencrypted"])
        #expect(result.status == 0)
        #expect(result.errors.hasPrefix("sceau: warning: [key/exposed] "))
        #expect(result.errors.contains("\nsceau: hint: chmod 600 plain"))
    }

    struct Mistake: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: Int32
        let code: String
        let arguments: [String]

        init(_ name: String, _ status: Int32, _ code: String, _ arguments: [String]) {
            testDescription = name
            self.status = status
            self.code = code
            self.arguments = arguments
        }
    }

    static let mistakes = [
        Mistake("a missing file", 1, "storage/not-found", ["missing", "--name", "bob", "--unencrypted"]),
        Mistake("a public key", 3, "key/unsupported", ["minisign.pub", "--name", "bob", "--unencrypted"]),
        Mistake("its public half", 64, "command/arguments", ["plain.pub", "--name", "bob", "--unencrypted"]),
        Mistake("something else", 3, "key/malformed", ["diary", "--name", "bob", "--unencrypted"]),
        Mistake("a folder", 3, "key/not-a-file", [".", "--name", "bob", "--unencrypted"]),
        Mistake("a name of others", 64, "key/invalid-name", ["plain", "--name", "../bob", "--unencrypted"]),
        Mistake("a taken name", 1, "key/exists", ["plain", "--name", "taken", "--unencrypted"]),
        Mistake("a taken file", 1, "key/exists", ["plain", "--name", "bob", "--out", "plain", "--unencrypted"]),
        Mistake(
            "no such folder", 1, "storage/not-found", ["plain", "--name", "b", "--out", "no/b.key", "--unencrypted"]),
        Mistake(
            "a wrong passphrase", 1, "key/wrong-passphrase", ["sealed", "--name", "b", "--passphrase-file", "wrong"]),
        Mistake(
            "a wrong passphrase of the old one", 1, "key/wrong-passphrase",
            ["sealed", "--name", "b", "--passphrase-file", "passphrase", "--source-passphrase-file", "wrong"]),
        Mistake("nobody to ask for the old passphrase", 64, "key/passphrase-needed", ["sealed", "--name", "bob"]),
        Mistake("nobody to ask for the new one", 64, "command/not-a-terminal", ["plain", "--name", "bob"]),
        Mistake(
            "standard input for two", 64, "command/arguments",
            ["sealed", "--name", "b", "--passphrase-file", "-", "--source-passphrase-file", "-"]),
        Mistake(
            "both plain and encrypted", 64, "command/arguments",
            ["plain", "--name", "b", "--unencrypted", "--passphrase-file", "passphrase"]),
        Mistake("no name", 64, "command/arguments", ["plain", "--unencrypted"]),
    ]

    @Test(arguments: mistakes)
    func `fails without a trace when given`(mistake: Mistake) throws {
        let before = try folder.contents()
        let result = try importKey(mistake.arguments)
        #expect(result.status == mistake.status)
        #expect(result.output == "")
        #expect(result.errors.hasPrefix("sceau: error: [\(mistake.code)] "), "\(result.errors)")
        if mistake.status != 64 { #expect(result.errors.contains("; no key was imported\n"), "\(result.errors)") }
        #expect(try folder.contents() == before)
    }
}
