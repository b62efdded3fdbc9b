import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing

/// Two witnesses of ours and one of another make; all three have to cosign.
private final class Watchers {
    let foreign: ForeignWitness
    let policy: String
    let vkeys: [ByteString]
    private let folder: TemporaryFolder
    private let ports: [UInt16]
    private var running: [Server] = []

    init() throws {
        folder = try TemporaryFolder()
        foreign = try ForeignWitness()
        ports = try FreePort.find(2)
        var vkeys = [foreign.vkey]
        var lines = ["witness other \(foreign.vkey) \(foreign.url)"]
        for (number, port) in ports.enumerated() {
            let key = folder.path("w\(number).key").string
            _ = try Tool.sceau.run(["key", "generate", "w\(number)", "--out", key, "--unencrypted"])
            let shown = try Tool.audit.run(["witness", "--key", key, "--show-key"])
            let vkey = shown.output.trimmingCharacters(in: .whitespacesAndNewlines)
            vkeys.append(ByteString(vkey))
            lines.append("witness ours\(number) \(vkey) http://127.0.0.1:\(port)")
        }
        self.vkeys = vkeys
        policy = (lines + ["group all-three all other ours0 ours1", "quorum all-three", ""]).joined(separator: "\n")
    }

    /// Tells them of the log that the association has begun. The log's key.
    func watch(_ association: Association) throws -> ByteString {
        let log = try #require(association.log)
        try foreign.watch(ByteString(log))
        running = try ports.enumerated().map { number, port in
            try Server(
                Tool.audit,
                ["witness", "--key", folder.path("w\(number).key").string, "--log", log]
                    + ["--state", folder.path("w\(number)").string, "--listen", "127.0.0.1:\(port)"])
        }
        return ByteString(log)
    }
}

@Suite("A published log and other people's tools")
struct LogPeerTests {
    @Test func `is cosigned by witnesses of two makes, read by Go and Python, and followed by an instance`() throws {
        let watchers = try Watchers()
        let association = try Association(witnesses: watchers.policy)
        let key = try watchers.watch(association)
        try association.release("2.11.1")
        try check(association, key, watchers, releases: 1)

        let server = try Server(URL(fileURLWithPath: association.releases))
        try association.configure(mirrors: server.address)
        try association.initialiseAgent()
        let first = try association.agent("update")
        #expect(first.status == 0, "\(first.errors)")
        #expect(try association.installed() == "mail suite 2.11.1\n")

        try association.release("2.12.0")
        try association.check(Tool.sceau, ["refresh", "--workspace", association.workspace])
        try check(association, key, watchers, releases: 2)
        try server.awaitPublication(from: association.releases)
        let second = try association.agent("update")
        #expect(second.status == 0, "\(second.errors)")
        #expect(try association.installed() == "mail suite 2.12.0\n")

        let root = association.folder.path("workspace/Keys/root.json").string
        let audit = try Tool.audit.run(["verify", association.releases, "--root", root, "--full"])
        #expect(audit.status == 0, "\(audit.errors)\(audit.output)")
    }

    private func check(_ association: Association, _ key: ByteString, _ watchers: Watchers, releases: Int) throws {
        let log = FilePath(association.releases).appending("log")
        let go = try GoLog.check(log, key: key, witnesses: watchers.vkeys)
        #expect(go.cosigned.count == 3)
        // Root and targets once; with each release its manifest, the channel's metadata and the snapshot.
        #expect(go.size == 2 + 3 * releases)
        #expect(go.proofs.count == go.size, "one for each entry")
        let python = try PythonLog.verify(log, key: key, witnesses: watchers.vkeys, quorum: 3)
        #expect(python.root == go.root)
        #expect(python.proofs == go.proofs.count)
    }
}
