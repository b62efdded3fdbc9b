import Foundation
internal import Glibc
import SystemPackage
import TestSupport
import Testing

enum Machine {
    static let isRoot = geteuid() == 0

    /// The tools can be executed by everybody.
    static let othersReachTheTools: Bool = {
        var path = Tool.agent.executable.path
        while path != "/" {
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            guard let mode = attributes?[.posixPermissions] as? Int, mode & 0o001 != 0 else { return false }
            path = URL(fileURLWithPath: path).deletingLastPathComponent().path
        }
        return true
    }()
}

/// Who does what on an instance whose agent may be root.
@Suite("The agent's users", .enabled(if: Machine.isRoot && Machine.othersReachTheTools))
struct WorkerTests {
    private func owners(below folder: String) throws -> Set<String> {
        let names = try FileManager.default.subpathsOfDirectory(atPath: folder)
        return Set(
            try names.map {
                "\(try FileManager.default.attributesOfItem(atPath: "\(folder)/\($0)")[.ownerAccountName] ?? "?")"
            })
    }

    @Test func `trees are built as the worker's user, from archives and by patches, and belong to root afterwards`()
        throws
    {
        let association = try Association()
        try association.folder.openToAll()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        let text = String(decoding: try #require(try association.folder.read("instance/agent.yaml")), as: UTF8.self)
        try association.folder.write(text + "worker: {user: nobody}\n", to: "instance/agent.yaml")
        try association.initialiseAgent()
        let first = try association.agent("update")
        #expect(first.status == 0, "\(first.errors)")
        try association.release("2.12.0")
        try server.awaitPublication(from: association.releases)
        let second = try association.agent("update", "--json")
        #expect(second.status == 0, "\(second.errors)")
        #expect(second.output.contains("\"patch\""), "\(second.output)")
        #expect(try association.agent("verify").status == 0)
        #expect(try owners(below: association.prefix) == ["root"])
        let left = try FileManager.default.contentsOfDirectory(atPath: association.prefix + "/versions")
        #expect(Set(left) == ["2.11.1", "2.12.0"])
    }

    @Test func `check-config of somebody who may not look says just that, and not that all is to be made anew`() throws
    {
        let association = try Association()
        try association.folder.openToAll()
        try association.release("2.11.1")
        try association.configure(mirrors: "http://127.0.0.1:1/")
        try association.initialiseAgent()
        let result = try Tool.system("setpriv").run([
            "--reuid=65534", "--regid=65534", "--clear-groups", Tool.agent.executable.path, "check-config", "--config",
            association.configuration,
        ])
        #expect(result.status == 1, "\(result.errors)")
        #expect(result.output.contains("user 65534 may not look into"), "\(result.output)")
        #expect(result.output.contains("sudo -u root sceau-agent check-config --config \(association.configuration)"))
        #expect(!result.output.contains("is no folder") && !result.output.contains("no root is trusted"))
    }

    @Test func `root trusts a root for the user to whom the prefix belongs, and the first update is that user's too`()
        throws
    {
        let association = try Association()
        try association.folder.openToAll()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.check(try Tool.system("chown"), ["nobody", association.prefix])
        try association.initialiseAgent()
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(try owners(below: association.prefix) == ["nobody"])
        #expect(try owners(below: association.state) == ["nobody"])
    }

    @Test func `what root does by hand is done as the user to whom the state belongs`() throws {
        let association = try Association()
        try association.folder.openToAll()
        try association.release("2.11.1")
        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try FileManager.default.createDirectory(atPath: association.state, withIntermediateDirectories: true)
        for folder in [association.prefix, association.state] {
            try association.check(try Tool.system("chown"), ["-R", "nobody", folder])
        }
        try association.initialiseAgent()
        let update = try association.agent("update")
        #expect(update.status == 0, "\(update.errors)")
        #expect(try association.installed() == "mail suite 2.11.1\n")
        #expect(try owners(below: association.prefix) == ["nobody"])
        #expect(try owners(below: association.state) == ["nobody"])
    }
}
