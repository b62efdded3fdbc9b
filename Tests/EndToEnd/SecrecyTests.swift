import Foundation
import SystemPackage
import TestSupport
import Testing

/// Passphrases and seeds stay where they belong, whatever goes wrong.
@Suite("A secret")
struct SecrecyTests {
    private static let passphrase = "correct horse battery staple 4711"

    struct Case: Sendable {
        let what: String
        let status: Int32
        /// Expected on standard error; empty for none.
        let code: String
        /// What to run in a folder with `plain.key`, `sealed.key`, `id` of OpenSSH, a workspace `w` and passphrases.
        let arguments: @Sendable (Scene) throws -> [String]
    }

    /// A person's folder full of secrets, and all of them in every spelling that a message could have them in.
    struct Scene {
        let folder: TemporaryFolder
        private(set) var secrets: [String] = []

        init() throws {
            folder = try TemporaryFolder()
            try write(SecrecyTests.passphrase + "\n", to: "passphrase")
            try write("wrong " + SecrecyTests.passphrase + "\n", to: "wrong")
            for arguments in [
                ["key", "generate", "plain", "--unencrypted"],
                ["key", "generate", "online", "--unencrypted"],
                ["key", "generate", "sealed", "--passphrase-file", "passphrase"],
                ["init", "--workspace", "w", "--product", "p", "--channel", "stable", "--keyholder", "sealed.pub"]
                    + ["--keyholder", "plain.pub", "--threshold", "1", "--online-key", "online.key"],
            ] {
                let result = try run(arguments)
                try #require(result.status == 0, "\(result.errors)")
            }
            let keygen = ["-q", "-t", "ed25519", "-N", SecrecyTests.passphrase, "-f", folder.path("id").string]
            try #require(try Tool.system("ssh-keygen").run(keygen).status == 0)
            secrets = [SecrecyTests.passphrase] + (try spellings(of: plainSeed()))
        }

        /// The same secrets in a folder of its own, for a case to change.
        init(copy original: Scene) throws {
            folder = try TemporaryFolder()
            secrets = original.secrets
            for name in try FileManager.default.contentsOfDirectory(atPath: original.folder.path.string) {
                try FileManager.default.copyItem(
                    atPath: original.folder.path(name).string, toPath: folder.path(name).string)
            }
        }

        func read(_ name: String) throws -> String {
            String(decoding: try #require(try folder.read(name)), as: UTF8.self)
        }

        @discardableResult
        func write(_ text: String, to name: String) throws -> String {
            let file = try folder.write(text, to: name).string
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
            return file
        }

        func run(_ arguments: [String]) throws -> Tool.Result {
            try Tool.sceau.run(arguments, in: URL(fileURLWithPath: folder.path.string))
        }

        func plainSeed() throws -> String {
            String(try #require(try read("plain.key").firstMatch(of: /"unencrypted_seed": "([0-9a-f]{64})"/)).output.1)
        }

        /// Every stretch of 12 digits of it, and the same in base 64.
        private func spellings(of seed: String) throws -> [String] {
            let digits = Array(seed)
            let stretches = (0...(digits.count - 12)).map { String(digits[$0..<($0 + 12)]) }
            let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
                UInt8(String(digits[$0...($0 + 1)]), radix: 16)
            }
            return stretches + [String(Data(bytes).base64EncodedString().prefix(16))]
        }

        /// plain.key with something changed, as `bad.key`.
        func spoil(_ pattern: String, _ replacement: String) throws -> String {
            let text = try read("plain.key")
            let spoiled = text.replacingOccurrences(of: pattern, with: replacement)
            try #require(spoiled != text)
            return try write(spoiled, to: "bad.key")
        }
    }

    private static func sign(_ key: String, _ more: [String] = []) -> [String] {
        ["sign", "--workspace", "w", "--key", key, "--yes"] + more
    }

    static let cases = [
        Case(what: "a key is made", status: 0, code: "") { _ in
            ["key", "generate", "new", "--passphrase-file", "passphrase"]
        },
        Case(what: "an unencrypted key is made", status: 0, code: "") { _ in
            ["key", "generate", "new", "--unencrypted", "--json"]
        },
        Case(what: "a key is to be made where one is", status: 1, code: "key/exists") { _ in
            ["key", "generate", "plain", "--passphrase-file", "passphrase"]
        },
        Case(what: "the passphrase is too long", status: 64, code: "key/invalid-passphrase") { scene in
            try scene.write(String(repeating: SecrecyTests.passphrase, count: 50), to: "long")
            return ["key", "generate", "new", "--passphrase-file", "long"]
        },
        Case(what: "a key file is taken for a passphrase file", status: 1, code: "key/wrong-passphrase") {
            _ in
            sign("sealed.key", ["--passphrase-file", "plain.key"])
        },
        Case(what: "a passphrase file is taken for a key file", status: 3, code: "key/malformed") { _ in
            sign("passphrase")
        },
        Case(what: "a passphrase is typed as an option", status: 64, code: "command/arguments") { _ in
            ["key", "generate", "new", "--passphrase", SecrecyTests.passphrase]
        },
        Case(what: "a passphrase is typed with an option", status: 64, code: "command/arguments") { _ in
            sign("sealed.key", ["--passphrase=\(SecrecyTests.passphrase)"])
        },
        Case(what: "a key signs", status: 0, code: "") { _ in sign("plain.key") },
        Case(what: "a sealed key signs", status: 0, code: "") { _ in
            sign("sealed.key", ["--passphrase-file", "passphrase", "--json"])
        },
        Case(what: "the passphrase is wrong", status: 1, code: "key/wrong-passphrase") { _ in
            sign("sealed.key", ["--passphrase-file", "wrong"])
        },
        Case(what: "the seed is of another key", status: 3, code: "key/mismatch") { scene in
            let seed = try scene.plainSeed()
            return sign(try scene.spoil(seed, String(seed.reversed())))
        },
        Case(what: "the seed is too short", status: 3, code: "key/malformed") { scene in
            let seed = try scene.plainSeed()
            return sign(try scene.spoil(seed, String(seed.dropLast(2))))
        },
        Case(what: "the seed is no text", status: 3, code: "key/malformed") { scene in
            let seed = try scene.plainSeed()
            return sign(try scene.spoil("\"\(seed)\"", "[\"\(seed)\"]"))
        },
        Case(what: "the seed is a number", status: 3, code: "key/malformed") { scene in
            sign(try scene.spoil("\"\(try scene.plainSeed())\"", "123456789"))
        },
        Case(what: "the seed is the name of a field", status: 3, code: "key/malformed") { scene in
            sign(
                try scene.spoil("\"unencrypted_seed\": \"\(try scene.plainSeed())\"", "\"\(try scene.plainSeed())\": 1")
            )
        },
        Case(what: "the seed stands there twice", status: 3, code: "key/malformed") { scene in
            let field = "\"unencrypted_seed\": \"\(try scene.plainSeed())\""
            return sign(try scene.spoil(field, "\(field),\n \(field)"))
        },
        Case(what: "the file ends within the seed", status: 3, code: "key/malformed") { scene in
            let text = try scene.read("plain.key")
            return sign(try scene.write(String(text.dropLast(20)), to: "bad.key"))
        },
        Case(what: "the file is not encrypted and says it is", status: 3, code: "key/malformed") { scene in
            sign(try scene.spoil("\"plain file\"", "\"encrypted file\""))
        },
        Case(what: "a spoilt key is shown", status: 3, code: "key/malformed") { scene in
            ["key", "show", try scene.spoil("\"plain file\"", "\"ssh-agent\"")]
        },
        Case(what: "spoilt keys are listed", status: 0, code: "") { scene in
            let seed = try scene.plainSeed()
            _ = try scene.spoil("\"\(seed)\"", "[\"\(seed)\"]")
            return ["key", "list"]
        },
        Case(what: "the online key is spoilt", status: 3, code: "key/malformed") { scene in
            let bad = try scene.spoil(try scene.plainSeed(), try scene.plainSeed().uppercased())
            return ["refresh", "--workspace", "w", "--online-key", bad]
        },
        Case(what: "a key of OpenSSH is imported", status: 0, code: "") { _ in
            ["key", "import", "id", "--name", "new", "--passphrase-file", "passphrase"]
        },
        Case(what: "its passphrase is wrong", status: 1, code: "key/wrong-passphrase") { _ in
            ["key", "import", "id", "--name", "new", "--source-passphrase-file", "wrong"]
                + ["--passphrase-file", "passphrase"]
        },
        Case(what: "a key of our own is imported", status: 3, code: "key/unsupported") { _ in
            ["key", "import", "plain.key", "--name", "new", "--passphrase-file", "passphrase"]
        },
        Case(what: "a passphrase is imported", status: 3, code: "key/malformed") { _ in
            ["key", "import", "passphrase", "--name", "new", "--unencrypted"]
        },
        Case(what: "a seed is imported as an SSH public key", status: 3, code: "key/malformed") { scene in
            try scene.write("ssh-ed25519 \(try scene.plainSeed()) x", to: "seed.pub")
            return ["key", "import", "seed.pub", "--name", "new"]
        },
    ]

    @Test func `is in no output and no message`() throws {
        let original = try Scene()
        let file = try original.read("plain.key")
        try #require(original.secrets.contains(where: file.contains), "the spellings are those of the seed")
        for row in Self.cases {
            let scene = try Scene(copy: original)
            let result = try scene.run(row.arguments(scene))
            let what = "\(row.what): \(result.errors)"
            #expect(result.status == row.status, "\(what)")
            #expect(row.code.isEmpty ? result.errors.isEmpty : result.errors.contains("[\(row.code)]"), "\(what)")
            let said = (result.output + result.errors).lowercased()
            for secret in scene.secrets { #expect(!said.contains(secret.lowercased()), "\(row.what)") }
        }
    }

    /// The kernel gives the files of a process in /proc to root when others of its user may neither read its memory nor
    /// trace it, and then writes no core file of it either. A process for comparison shows that this says something.
    @Test func `is out of reach for other programs of its user while a tool is at work`() throws {
        let association = try Association()
        let agent = try ScriptedSSHAgent(at: association.folder.path("s")) { _ in .silence }
        let tool = try Self.start(
            [
                Tool.sceau.executable.path, "sign", "--workspace", association.workspace, "--ssh-agent", "alice",
                "--yes",
            ],
            environment: ["SSH_AUTH_SOCK": agent.socket.string])
        defer { Self.end(tool.process) }
        #expect(agent.awaitRequest(), "it waits for the agent now")
        let other = try Self.start(["/bin/sh", "-c", "echo ready; read -r line"], environment: [:])
        defer { Self.end(other.process) }
        #expect(!other.output.fileHandleForReading.availableData.isEmpty)
        #expect(try Self.owners(tool.process) == [0, 0])
        #expect(try Self.owners(other.process) != [0, 0])
    }

    /// Runs as another group when this is root, whose files would belong to root in any case.
    private static func start(
        _ command: [String], environment: [String: String]
    ) throws -> (process: Process, output: Pipe) {
        let isRoot = FileManager.default.isWritableFile(atPath: "/proc/1/mem")
        let prefix = isRoot ? [try Tool.system("setpriv").executable.path, "--regid=65534", "--clear-groups"] : []
        let process = Process()
        let all = prefix + command
        process.executableURL = URL(fileURLWithPath: all[0])
        process.arguments = Array(all.dropFirst())
        process.environment = environment
        let output = Pipe()
        process.standardInput = Pipe()
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        return (process, output)
    }

    private static func end(_ process: Process) {
        // Foundation starts programs with most signals blocked.
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// User and group.
    private static func owners(_ process: Process) throws -> [Int] {
        let attributes = try FileManager.default.attributesOfItem(atPath: "/proc/\(process.processIdentifier)/mem")
        return [FileAttributeKey.ownerAccountID, .groupOwnerAccountID].compactMap {
            (attributes[$0] as? NSNumber)?.intValue
        }
    }
}
