import Foundation
import SystemPackage
import TestSupport
import Testing

/// An instance is on 2.11.1, and 2.12.0 is published: what stands between them ends in the right exit status, says why and
/// where we are, and leaves the installed tree alone.
@Suite("An error case of an instance")
struct AgentErrorTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let status: Int32
        let code: String
        /// Changes a copy of what is published, which is then served.
        let bend: @Sendable (URL) throws -> Void
    }

    static let mirrors = [
        Case(testDescription: "timestamp that was changed", status: 3, code: "tuf/threshold-not-met") {
            try edit($0, "metadata/timestamp.json") { replace("\"version\": 2", "\"version\": 9", in: $0) }
        },
        Case(testDescription: "timestamp that is cut off", status: 3, code: "tuf/malformed") {
            try edit($0, "metadata/timestamp.json") { $0.dropLast(30) }
        },
        Case(testDescription: "timestamp that is far too long", status: 3, code: "transport/too-long") {
            try edit($0, "metadata/timestamp.json") { $0 + Data(repeating: 0x20, count: 1 << 20) }
        },
        Case(testDescription: "snapshot that was changed", status: 3, code: "tuf/wrong-hash") {
            try edit($0, "metadata/2.snapshot.json") { replace("sha256", "sha255", in: $0) }
        },
        Case(testDescription: "channel metadata that was changed", status: 3, code: "tuf/wrong-hash") {
            try edit($0, "metadata/2.mail-suite-stable.json") { replace("important", "IMPORTANT", in: $0) }
        },
        Case(testDescription: "channel metadata that is missing", status: 1, code: "tuf/missing") {
            try FileManager.default.removeItem(at: $0.appendingPathComponent("metadata/2.mail-suite-stable.json"))
        },
        Case(testDescription: "archive that was changed by one bit", status: 3, code: "agent/wrong-hash") {
            try edit($0, try archive($0)) { data in
                var data = data
                data[data.count / 2] ^= 1
                return data
            }
        },
        Case(testDescription: "archive that is missing", status: 1, code: "transport/http-status") {
            try FileManager.default.removeItem(at: $0.appendingPathComponent(try archive($0)))
        },
    ]

    @Test(arguments: mirrors)
    func `with a mirror is refused and leaves the installed tree alone`(row: Case) throws {
        let association = try Association()
        try association.install("2.11.1")
        // From its archive, which some of these mirrors bend; patches have tests of their own.
        try association.add("2.12.0", ["--severity", "important", "--from", "0"])
        try association.sign("alice", "bob")
        try association.publish()
        let copy = try association.copyReleases(to: "mirror")
        try row.bend(copy)
        let mirror = try Server(copy)
        try association.configure(mirrors: mirror.address)
        let before = try association.files(below: "instance/prefix")
        let result = try association.agent("update")
        #expect(result.status == row.status)
        #expect(result.errors.hasPrefix("sceau-agent: error: [\(row.code)] "), "\(result.errors)")
        #expect(result.errors.contains("; nothing was changed; still on 2.11.1\n"), "\(result.errors)")
        #expect(try association.files(below: "instance/prefix") == before)
        #expect(try association.agent("verify").status == 0)

        // The honest mirror, asked next, mends it without anything being deleted.
        let honest = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: mirror.address, honest.address)
        #expect(try association.agent("update").status == 0)
        #expect(try association.installed() == "mail suite 2.12.0\n")
    }

    @Test func `with a mirror that went back to an older state is refused as a rollback`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let old = try Server(try association.copyReleases(to: "old"))
        try association.release("2.12.0")
        let new = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: new.address)
        try association.initialiseAgent()
        #expect(try association.agent("update").status == 0)
        try association.configure(mirrors: old.address)
        let result = try association.agent("update")
        #expect(result.status == 3)
        #expect(result.errors.contains("[tuf/rollback]"))
        #expect(result.errors.contains("still on 2.12.0"))
        #expect(try association.installed() == "mail suite 2.12.0\n")
    }

    @Test func `with no mirror in reach is a fault that a retry may mend`() throws {
        let association = try Association()
        try association.install("2.11.1")
        try association.configure(mirrors: "http://127.0.0.1:1/")
        for command in ["check", "update"] {
            let result = try association.agent(command)
            #expect(result.status == 1)
            #expect(result.errors.contains("[transport/connect-failed]"))
        }
        #expect(try association.agent("verify").status == 0, "needs no network")
    }

    @Test func `with a wrong fingerprint trusts nothing`() throws {
        let association = try Association()
        try association.release("2.11.1")
        try association.configure(mirrors: "http://127.0.0.1:1/")
        let root = association.folder.path("workspace/Keys/root.json").string
        let wrong = String(repeating: "0", count: 64)
        let result = try association.agent("init", "--root", root, "--fingerprint", wrong)
        #expect(result.status == 3)
        #expect(result.errors.contains("[agent/wrong-fingerprint]"))
        #expect(try association.agent("check").status == 64, "not initialised")
    }

    @Test func `while another agent is at work says so and waits for no one`() throws {
        let association = try Association()
        let server = try association.install("2.11.1")
        let result = try Tool.system("flock").run(
            ["\(association.state)/lock", Tool.agent.executable.path, "update", "--config", association.configuration])
        #expect(result.status == 1)
        #expect(result.errors.contains("[storage/locked]"), "\(result.errors)")
        #expect(try association.agent("update").status == 0)
        #expect(server.stop() == 0)
    }

    @Test func `that somebody typed is wrong usage, and a copy that broke off no attack`() throws {
        let association = try Association()
        // It serves as long as it is kept.
        let server = try association.install("2.11.1")
        let bundle = association.folder.path("b.bundle").string
        #expect(try association.agent("bundle", "create", "--out", bundle).status == 0)
        let whole = try #require(try association.folder.read("b.bundle"))
        try association.folder.write(Array(whole.prefix(whole.count / 2)), to: "half.bundle")
        let half = association.folder.path("half.bundle").string
        let out = association.folder.path("out.bundle").string
        let publicKey = association.folder.path("alice.pub").string
        let rows: [(arguments: [String], status: Int32, code: String)] = [
            (["update", "--version", "9.9"], 64, "plan/unknown-version"),
            (["update", "--version", "1.0"], 64, "plan/older-version"),
            (["bundle", "create", "--version", "7.1", "--out", out], 64, "plan/unknown-version"),
            (["init", "--root", publicKey], 64, "agent/no-root"),
            (["bundle", "apply", half], 1, "bundle/truncated"),
        ]
        for row in rows {
            let arguments = row.arguments + ["--config", association.configuration]
            let result = try Tool.agent.run(arguments)
            #expect(result.status == row.status, "\(row.arguments): \(result.errors)")
            #expect(result.errors.contains("error: [\(row.code)] "), "\(result.errors)")
            #expect(!result.errors.contains("sceau-agent update\n"), "\(result.errors)")
        }
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(server.stop() == 0)
    }

    @Test func `with a prefix that cannot be written to changes nothing`() throws {
        let association = try Association()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        try association.folder.write("in the way", to: "instance/prefix/versions")
        let result = try association.agent("update")
        #expect(result.status == 1)
        #expect(result.errors.contains("nothing was changed"), "\(result.errors)")
        #expect(try association.installed() == nil)
    }

    @Test(arguments: ["journal", "installed.json", "metadata/root.json", "metadata/timestamp.json", "history.jsonl"])
    func `with its own state rotted recovers without being told to delete anything`(name: String) throws {
        let association = try Association()
        let server = try association.install("2.11.1")
        try association.folder.write("rotten {", to: "instance/state/\(name)")
        try association.release("2.12.0")
        try server.awaitPublication(from: association.releases)
        let result = try association.agent("update")
        #expect(result.status == 0, "\(result.errors)")
        #expect(try association.installed() == "mail suite 2.12.0\n")
        #expect(try association.agent("verify").status == 0)
    }

    private static func edit(_ folder: URL, _ name: String, _ change: (Data) throws -> Data) throws {
        let file = folder.appendingPathComponent(name)
        try change(try Data(contentsOf: file)).write(to: file)
    }

    private static func replace(_ old: String, _ new: String, in data: Data) -> Data {
        Data(String(decoding: data, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8)
    }

    private static func archive(_ folder: URL) throws -> String {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder.path)
        return try #require(names.first { $0.hasSuffix("mail-suite-2.12.0.tar.zst") })
    }
}

extension Association {
    /// Publishes a release and installs it on the instance; the server it came from.
    @discardableResult
    func install(_ version: String) throws -> Server {
        try release(version)
        let server = try Server(URL(fileURLWithPath: releases))
        try configure(mirrors: server.address)
        try initialiseAgent()
        try #require(try agent("update").status == 0)
        return server
    }
}
