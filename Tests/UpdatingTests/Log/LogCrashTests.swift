import DurableStorage
import Foundation
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// The machine stops at every durable effect of a run that reads the log.
@Suite struct LogCrashTests {
    @Test(
        "stopped anywhere, trusted metadata is never ahead of the log that was read, nor the log of what it holds",
        arguments: [FaultyStorage.Loss.nothing, .everythingUnflushed])
    func update(losing loss: FaultyStorage.Loss) throws {
        let template = try LoggedInstance()
        let (repository, log) = (template.repository, template.log)
        let before = try #require(try template.instance.rememberedLog()).state.edge.head
        repository.simulator.bumpRoot()
        repository.simulator.requireWitnesses(log.policy(1))
        repository.simulator.bumpRoot()
        try repository.add("1.1", Sample.third)
        let after = try TreeHead(size: log.size, root: log.tree.root(of: log.size))
        var heads: Set<TreeHead> = []
        try FaultyStorage.crashAtEveryEffect(losing: loss) { storage, folder in
            _ = try Self.copy(template.instance, to: folder).agent(storage).update()
        } afterwards: { folder, stop, finished in
            let instance = try TestInstance(repository, in: folder)
            let version = try #require(try instance.wholeVersion(), "stop \(stop)")
            let remembered = try #require(try instance.rememberedLog(), "stop \(stop)")
            heads.insert(remembered.state.edge.head)
            try Self.expectOrder(instance, remembered, after, stop)
            #expect(version == "1.1" || !finished)
            _ = try instance.agent().update()
            #expect(try instance.wholeVersion() == "1.1", "stop \(stop)")
            let last = try #require(try instance.rememberedLog())
            #expect(last.state.edge.head == after, "stop \(stop)")
            // The weakening counts from when it was public, whenever this instance was stopped.
            #expect(last.memory.older.map(\.until) == [repository.logTime + PolicyInForce.notice], "stop \(stop)")
        }
        #expect(heads == [before, after])
    }

    /// What is trusted was read in the log, and what is remembered of the log is one whole look at it.
    private static func expectOrder(
        _ instance: TestInstance, _ remembered: RememberedLog, _ after: TreeHead, _ stop: Int
    ) throws {
        let trusted = try instance.trustedVersions()
        for role in ["root", "snapshot", "targets", "mail-suite-stable"] {
            let logged = remembered.state.ledger.newest(ByteString(role))?.version ?? 0
            #expect(logged >= trusted[role] ?? 0, "\(role) after stop \(stop)")
        }
        if (trusted["root"] ?? 1) == 3 {
            #expect(remembered.memory.older.count == 1, "the old policy is forgotten after stop \(stop)")
        }
        let note = try SignedNote(decoding: remembered.state.checkpoint)
        #expect(try Checkpoint(decoding: note.text).head == remembered.state.edge.head, "stop \(stop)")
    }

    private static func copy(_ template: TestInstance, to folder: TemporaryFolder) throws -> TestInstance {
        for name in ["state", "prefix"] {
            try FileManager.default.copyItem(
                atPath: template.folder.path(name).string, toPath: folder.path(name).string)
        }
        return try TestInstance(template.repository, in: folder)
    }

    @Test("stopped anywhere, an acceptance is in the history before anything is trusted by it")
    func acceptance() throws {
        let template = try LoggedInstance()
        for witness in template.log.witnesses { witness.behaviour = .absent }
        try template.repository.add("1.1", Sample.third)
        let trusted = try template.instance.trustedVersions()
        let fingerprint = try template.fingerprint(in: try template.refusesUpdate("log/no-quorum"))
        try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed) { storage, folder in
            _ = try Self.copy(template.instance, to: folder).agent(storage).update(accepting: fingerprint)
        } afterwards: { folder, stop, _ in
            let instance = try TestInstance(template.repository, in: folder)
            let history = String(decoding: try instance.folder.read("state/history.jsonl") ?? [], as: UTF8.self)
            if try instance.trustedVersions() != trusted {
                #expect(history.contains(fingerprint.hex), "stop \(stop)")
            }
            _ = try instance.agent().update(accepting: fingerprint)
            #expect(try instance.wholeVersion() == "1.1", "stop \(stop)")
        }
    }
}
