import DurableStorage
import FoundationEssentials
import Primitives
import Publishing
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

/// Root names another log than before.
@Suite struct `A log ends and another one follows` {
    /// A root that names the next log is signed, and not published.
    private func moving(_ witnesses: ByteString? = nil) throws -> Association {
        var association = try Association.watchedCopy()
        let key = try association.newLogKey("suite-log-2")
        _ = try association.propose {
            $0.logKey = key
            $0.witnesses = witnesses
        }
        try association.sign("alice", "bob")
        association.nextLogKeyFile = "suite-log-2.key"
        association.now += 60
        return association
    }

    private func policies(_ association: Association) throws -> [WitnessPolicy] {
        try PublishedMetadata.load(association.workspace).roots.map {
            try WitnessPolicy(decoding: try #require(try $0.content.witnessPolicy))
        }
    }

    private func proof(_ entry: LogEntry, _ association: Association) throws -> TlogProof {
        let name = "w/Releases/log/proofs/\(entry.digest.hex).tlog-proof"
        return try TlogProof(decoding: try #require(try association.folder.read(name), "\(entry.name)"))
    }

    private func expectMoved(_ association: Association, from old: LogReading) throws {
        let policies = try policies(association)
        let (former, log) = (try #require(policies.first), try #require(policies.last))
        // The old one, with the root it vouches for and a word about the next.
        let ended = try LogReading(association.workspace.formerLog(former.log))
        #expect(Array(ended.entries.prefix(old.entries.count)) == old.entries)
        #expect(ended.names.suffix(2) == ["root 2", "notice log 1"])
        #expect(try LogNotice(decoding: try #require(ended.entries.last).content) == .successor(log.log))
        #expect(try former.verify(ended.note).cosignatures.count == 3)
        // The new one, from where that ended.
        let live = try association.liveLog()
        #expect(try log.verify(live.note).cosignatures.count == 3)
        #expect(
            try LogNotice(decoding: try #require(live.entries.first).content) == .predecessor(former.log, ended.head))
        #expect(Set(live.names).isSuperset(of: ["root 1", "root 2", "release suite-stable 1.0"]))
        // Roots by the log that was trusted before them, everything else by the one that is now.
        for entry in live.entries {
            let policy = entry.kind == .root ? former : log
            #expect(throws: Never.self, "\(entry.name)") {
                try proof(entry, association).verify(entry.encoded, policy: policy)
            }
        }
    }

    @Test func `the old one vouches for the root and names the next, which begins with where that ended`() throws {
        var association = try moving()
        let old = try association.liveLog()
        try association.publish()
        try expectMoved(association, from: old)

        association.now += 60
        try association.release("2.0")
        #expect(try association.liveLog().names.suffix(3).first == "release suite-stable 2.0")
        association.now += 86_400
        try association.refresh()
        try expectMoved(association, from: old)
    }

    @Test func `while either has no quorum nothing is live, and the next run goes on`() throws {
        var association = try moving(Witnesses.text(2, of: "west", "mid", "far"))
        let (published, old) = (try association.published(), try association.liveLog())
        for absent in [["north", "east"], ["west", "mid"]] as [Set<String>] {
            association.absentWitnesses = absent
            let fault = #expect(throws: PublishingFault.self) { try association.publish() }
            #expect(fault?.code == .noQuorum)
            #expect(fault?.expected?.hasPrefix("2 of 3 (quorum enough)") == true)
            #expect(try association.published() == published)
        }
        association.absentWitnesses = []
        try association.publish()
        let ended = try LogReading(association.workspace.formerLog(try #require(try policies(association).first).log))
        #expect(ended.entries.count == old.entries.count + 2)
        // For seven days the former witnesses have to see the new log too.
        let live = try association.liveLog()
        for policy in try policies(association) {
            let keys = policy.witnesses.map(\.key)
            let log = try #require(try policies(association).last).log
            #expect(try VerifiedCheckpoint.verify(live.note, log: log).cosignatures(by: keys).count >= 2)
        }
    }

    @Test func `stopped at each durable effect, no log is signed in two ways, and a second run completes`() throws {
        let original = try moving()
        let old = try original.liveLog()
        let publication = try Publication(workspace: original.workspace, now: original.now)
        _ = try publication.prepare(
            publication.checkStaging(), signer: original.key("online"), log: original.logPorts())
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try original.copied(to: folder).publish(storage: storage, readByPeer: false)
        } afterwards: { folder, _, _ in
            var association = Association(folder: folder, keys: original.keys)
            (association.logKeyFile, association.nextLogKeyFile) = (original.logKeyFile, original.nextLogKeyFile)
            association.now = original.now
            try association.publish(readByPeer: false)
            try expectMoved(association, from: old)
        }
        #expect(stops > 80)
    }

    @Test
    func `one that nobody can write any more is left as it is when told so, and no instance takes that by itself`()
        throws
    {
        var association = try moving(Witnesses.text(2, of: "west", "mid", "far"))
        let old = try association.liveLog()
        association.absentWitnesses = ["north", "east", "south"]
        association.logKeyFile = "gone.key"
        let published = try association.published()
        #expect(throws: (any Error).self) { try association.publish() }
        #expect(try association.published() == published)

        association.abandonsFormerWitnesses = true
        try association.publish()
        let policies = try policies(association)
        let former = try #require(policies.first)
        #expect(try LogReading(association.workspace.formerLog(former.log)).entries == old.entries)
        let root = try #require(try association.liveLog().entries.first { $0.name == "root 2" })
        #expect(throws: LogFault.self) { try proof(root, association).verify(root.encoded, policy: former) }
        // From then on nobody asks for the former ones.
        association.abandonsFormerWitnesses = false
        association.now += 60
        try association.release("2.0")
    }
}
