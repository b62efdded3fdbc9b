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

/// What is published is in the log, cosigned, before anybody can see it.
@Suite struct `A publication goes through the log` {
    private static let week: TimeInterval = 7 * 86_400

    private func policy(_ association: Association) throws -> WitnessPolicy {
        let root = try #require(try Staging.load(association.workspace).root)
        return try WitnessPolicy(decoding: try #require(try root.witnessPolicy))
    }

    /// Every proof holds under the policy, and every entry has one.
    private func expectProofs(_ association: Association, _ policy: WitnessPolicy) throws {
        for entry in try association.liveLog().entries {
            let bytes = try #require(
                try association.folder.read("w/Releases/log/proofs/\(entry.digest.hex).tlog-proof"), "\(entry.name)")
            #expect(throws: Never.self, "\(entry.name)") {
                try TlogProof(decoding: bytes).verify(entry.encoded, policy: policy)
            }
        }
    }

    @Test func `the first one logs root, release, channel, targets and snapshot, cosigned by all three`() throws {
        let association = try Association.watchedCopy()
        let log = try association.liveLog()
        #expect(
            log.names == [
                "root 1", "release suite-stable 1.0", "delegated suite-stable 2", "targets 1",
                "snapshot 1",
            ]
                || log.names == [
                    "root 1", "release suite-stable 1.0", "delegated suite-stable 1", "targets 1",
                    "snapshot 1",
                ])
        let policy = try policy(association)
        #expect(try policy.verify(log.note).cosignatures.count == 3)
        try expectProofs(association, policy)
        for entry in log.entries where entry.kind == .root || entry.kind == .snapshot {
            let name = "w/Releases/metadata/\(entry.version).\(entry.role).json"
            #expect(try association.folder.read(name) == entry.content, "byte for byte")
        }
    }

    @Test func `the next one logs what is new and nothing else`() throws {
        let association = try Association.watchedCopy()
        let before = try association.liveLog()
        try association.release("2.0")
        let log = try association.liveLog()
        #expect(Array(log.entries.prefix(before.entries.count)) == before.entries)
        let new = log.entries.dropFirst(before.entries.count).map(\.kind)
        #expect(new == [.release, .delegated, .snapshot])
        try expectProofs(association, policy(association))
    }

    @Test func `without a quorum nothing is live, it says who is missing, and the next run goes on with the same tree`()
        throws
    {
        var association = try Association.watchedCopy()
        let before = try association.published()
        try association.add("2.0")
        try association.sign("alice", "bob")
        association.absentWitnesses = ["north", "south"]
        for _ in 0..<2 {
            let fault = #expect(throws: PublishingFault.self) { try association.publish() }
            #expect(fault?.code == .noQuorum)
            #expect(fault?.family == .transport, "a retry may help")
            #expect(fault?.found == "north: no answer in time; south: no answer in time")
            #expect(try association.published() == before)
        }
        let trees = Set(association.shownToWitnesses.all)
        association.absentWitnesses = ["north"]
        try association.publish()
        let log = try association.liveLog()
        #expect(Set(association.shownToWitnesses.all) == trees, "one tree was ever signed")
        #expect(log.names.suffix(3).first == "release suite-stable 2.0")
        try expectProofs(association, policy(association))
    }

    @Test func `refresh renews the cosignatures of the same tree; without a quorum it changes nothing`() throws {
        var association = try Association.watchedCopy()
        let before = try association.liveLog()
        association.now += 86_400
        try association.refresh()
        let after = try association.liveLog()
        #expect(after.head == before.head)
        #expect(try policy(association).verify(after.note).freshAt == association.now)

        let published = try association.published()
        association.now += 86_400
        association.absentWitnesses = ["north", "east"]
        let fault = #expect(throws: PublishingFault.self) { try association.refresh() }
        #expect(fault?.code == .noQuorum)
        #expect(try association.published() == published)
    }

    @Test func `a snapshot that refresh makes is logged too`() throws {
        var association = try Association.watchedCopy()
        let before = try association.liveLog()
        association.now += 20 * 86_400
        try association.refresh()
        #expect(try association.liveLog().names == before.names + ["snapshot 2"])
    }

    @Test func `a log that begins over an old repository logs everything that is live`() throws {
        var association = try Association()
        try association.release("1.0")
        try association.release("1.1")
        try association.propose {
            $0.witnesses = Witnesses.two
            $0.logKey = try association.newLogKey()
        }
        try association.sign("alice", "bob")
        association.now += 60
        try association.publish()
        let names = try association.liveLog().names
        #expect(Set(names).isSuperset(of: ["root 1", "root 2", "release suite-stable 1.0"]))
        #expect(names.contains("release suite-stable 1.1"))
        try expectProofs(association, policy(association))
    }

    @Test func `a root is proved under the policy before it, and both quorums are asked while it is weaker`() throws {
        var association = try Association.watchedCopy()
        let old = try policy(association)
        _ = try association.proposeWatched(Witnesses.text(1, of: "north", "east", "south"))
        try association.sign("alice", "bob")
        association.absentWitnesses = ["east", "south"]
        #expect(throws: PublishingFault.self, "one is not enough under the old policy") { try association.publish() }
        association.absentWitnesses = ["south"]
        try association.publish()
        let root = try #require(try association.liveLog().entries.first { $0.name == "root 2" })
        let proof = try #require(try association.folder.read("w/Releases/log/proofs/\(root.digest.hex).tlog-proof"))
        #expect(throws: Never.self) { try TlogProof(decoding: proof).verify(root.encoded, policy: old) }

        association.absentWitnesses = ["east", "south"]
        association.now += Self.week - 60
        #expect(throws: PublishingFault.self, "still within the notice") { try association.refresh() }
        association.now += 2 * 86_400
        try association.refresh()
        let kept = try association.folder.read("w/Releases/log/proofs/\(root.digest.hex).tlog-proof")
        #expect(kept == proof, "for ever")
    }
}

@Suite struct `The publisher keeps its log in one piece` {
    private func staged() throws -> Association {
        let association = try Association.watchedCopy()
        try association.add("2.0")
        try association.sign("alice", "bob")
        return association
    }

    private func state(_ association: Association) -> FilePath { association.folder.path("suite-log.key.state") }

    private func fault(_ body: () throws -> Void) -> PublishingFault? {
        #expect(throws: PublishingFault.self, performing: body)
    }

    /// From the decision on: what comes before knows nothing of the log.
    @Test func `stopped at each durable effect, the log was never signed in two ways, and a second run completes`()
        throws
    {
        let original = try staged()
        let publication = try Publication(workspace: original.workspace, now: original.now)
        _ = try publication.prepare(
            publication.checkStaging(), signer: original.key("online"), log: original.logPorts())
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try original.copied(to: folder).publish(storage: storage, readByPeer: false)
        } afterwards: { folder, stop, _ in
            var association = Association(folder: folder, keys: original.keys)
            association.logKeyFile = original.logKeyFile
            let live = try association.liveLog()
            try association.publish(readByPeer: false)
            let log = try association.liveLog()
            #expect(Array(log.entries.prefix(live.entries.count)) == live.entries, "after stop \(stop)")
            #expect(log.names.suffix(3).first == "release suite-stable 2.0", "after stop \(stop)")
            // A witness that was shown another tree of this size would not have cosigned this one.
            let policy = try WitnessPolicy(
                decoding: try #require(try Staging.load(association.workspace).root?.witnessPolicy))
            #expect(try policy.verify(log.note).cosignatures.count == 3, "after stop \(stop)")
        }
        #expect(stops > 40)
    }

    @Test func `a state that is lost, and one that is older than the log, stop it before it signs`() throws {
        let association = try staged()
        let storage = DurableStorage()
        let older = try storage.read(state(association).appending("state"), limit: 1 << 20)
        try association.publish()
        try association.add("3.0")
        try association.sign("alice", "bob")
        let published = try association.published()

        try storage.write(older, to: state(association).appending("state"))
        #expect(fault { try association.publish() }?.code == .logStateBehind)
        try storage.removeTree(state(association))
        #expect(fault { try association.publish() }?.code == .logStateLost)
        #expect(try association.published() == published)
    }

    @Test(arguments: ["state", "pending/tile/0/000.p/8", "pending/tile/entries/000.p/8"])
    func `a state that is damaged is not written on`(_ file: String) throws {
        var association = try staged()
        association.absentWitnesses = ["north", "south"]
        _ = fault { try association.publish() }
        association.absentWitnesses = []
        let path = state(association).appending(file)
        var bytes = try DurableStorage().read(path, limit: 1 << 20)
        bytes[bytes.count / 2] ^= 1
        try DurableStorage().write(bytes, to: path)
        let published = try association.published()
        #expect(fault { try association.publish() }?.code == .logStateDamaged)
        #expect(try association.published() == published)
    }

    @Test func `a witness that knows a larger tree stops everything: the machine was set back`() throws {
        var association = try staged()
        let early = try association.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try association.publish()
        try association.release("3.0")
        // The witnesses remember what the machine has forgotten.
        let storage = DurableStorage()
        try storage.removeTree(early.folder.path("witnesses"))
        try storage.rename(association.folder.path("witnesses"), to: early.folder.path("witnesses"))
        association = early
        let published = try association.published()
        let found = fault { try association.publish() }
        #expect(found?.code == .forkedLog)
        #expect(found?.family == .refusal)
        #expect(found?.found?.contains("knows a tree of 11 entries") == true)
        #expect(try association.published() == published)
    }

    @Test func `witnesses that were set back are led on from what they still know`() throws {
        let association = try staged()
        try association.publish()
        let witnesses = association.folder.path("witnesses")
        let backup = try association.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try association.release("2.1")
        let storage = DurableStorage()
        try storage.removeTree(witnesses)
        try storage.rename(backup.folder.path("witnesses"), to: witnesses)
        try association.release("3.0")
        #expect(try association.liveLog().names.contains("release suite-stable 3.0"))
    }

    @Test func `a second content of what was logged is refused before anything is decided`() throws {
        var association = try staged()
        association.absentWitnesses = ["north", "south"]
        _ = fault { try association.publish() }
        association.absentWitnesses = []
        // Somebody takes the unfinished publication away and signs another one of the same versions.
        let storage = DurableStorage()
        try storage.removeTree(association.workspace.staged.appending("publication"))
        try storage.removeTree(association.workspace.staged)
        try association.add("2.1")
        try association.sign("alice", "bob")
        let published = try association.published()
        // What is logged is made again, and its release is not there any more.
        #expect(fault { try association.publish() }?.code == .stagedFileMissing)
        #expect(try association.published() == published)
        #expect(try storage.info(association.workspace.staged.appending("publication")) == nil)
    }

    @Test(arguments: [false, true])
    func `a publication that was logged and taken away is made again from the log`(byRefresh: Bool) throws {
        var association = try staged()
        try association.publish()
        try association.add("2.1")
        try association.sign("alice", "bob")
        association.absentWitnesses = ["north", "south"]
        #expect(fault { try association.publish() }?.code == .noQuorum)
        association.absentWitnesses = []
        try DurableStorage().removeTree(association.workspace.staged.appending("publication"))
        // A refresh must not show the log with entries that are not offered.
        if byRefresh { _ = try association.refresh() } else { try association.publish() }
        let names = try association.liveLog().names
        #expect(names.last == "snapshot 3" && Set(names).count == names.count)
        #expect(try association.published().keys.contains { $0.hasSuffix("metadata/3.snapshot.json") })
        try association.release("3.0")
    }

    @Test func `two publishers with one log exclude each other`() throws {
        let association = try staged()
        let lock = try DurableStorage().lock(state(association).appending("lock"))
        let published = try association.published()
        withExtendedLifetime(lock) {
            let fault = #expect(throws: StorageFault.self) { try association.publish() }
            #expect(fault?.code == .locked)
        }
        #expect(try association.published() == published)
    }

    @Test func `another key than the one that root names signs nothing`() throws {
        var association = try staged()
        let other = KeyFile(unencrypted: try Association.key("other-log"))
        try KeyStorage(DurableStorage()).create(
            other, at: association.folder.path("other.key"), publicAt: association.folder.path("other.pub"))
        association.logKeyFile = "other.key"
        #expect(fault { try association.publish() }?.code == .wrongLogKey)
    }
}
