import DurableStorage
import FoundationEssentials
import Primitives
import Publishing
import SecretKeys
import SystemPackage
import TestSupport
import Testing
import TransparencyLog

/// The key of a log and what it has signed, copied away and put back.
@Suite struct `A backup of a log` {
    private func key(_ association: Association) throws -> LogKeyFile {
        try association.workspace.loadLogKeyFile(named: association.folder.path("suite-log.key"))
    }

    private func backUp(_ association: Association, to name: String = "backup") throws -> Int {
        try LogBackup(association.workspace).write(key(association), to: association.folder.path(name))
    }

    private func restore(_ association: Association, from name: String = "backup") throws -> Int {
        try LogBackup(association.workspace).restore(
            from: association.folder.path(name), to: association.folder.path("suite-log.key"))
    }

    /// The machine is gone: nothing is left but the workspace and the backup.
    private func lose(_ association: Association) throws {
        for name in ["suite-log.key", "suite-log.key.state"] {
            try DurableStorage().removeTree(association.folder.path(name))
        }
    }

    private func fault<Result>(_ body: () throws -> Result) -> PublishingFault? {
        #expect(throws: PublishingFault.self) { _ = try body() }
    }

    @Test func `holds key and state, for its owner only, and publishing goes on from it`() throws {
        let association = try Association.watchedCopy()
        let size = try association.liveLog().entries.count
        #expect(try backUp(association) == size)
        for name in ["backup/suite-log.key", "backup/suite-log.key.state/state"] {
            #expect(try DurableStorage().info(association.folder.path(name))?.permissions == .privateFile)
        }
        try lose(association)
        #expect(throws: (any Error).self) { try association.refresh() }
        #expect(try restore(association) == size)
        try association.release("2.0")
        #expect(try association.liveLog().names.suffix(3).first == "release suite-stable 2.0")
    }

    @Test func `holds what was signed and is not live, and the publication goes on with that tree`() throws {
        var association = try Association.watchedCopy()
        try association.add("2.0")
        try association.sign("alice", "bob")
        association.absentWitnesses = ["north", "south"]
        #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(try backUp(association) > association.liveLog().entries.count)
        try lose(association)
        #expect(try restore(association) > association.liveLog().entries.count)
        association.absentWitnesses = []
        let shown = Set(association.shownToWitnesses.all)
        try association.publish()
        #expect(Set(association.shownToWitnesses.all) == shown, "one tree was ever signed")
    }

    @Test func `older than what is known here or live is refused, and nothing has changed`() throws {
        let association = try Association.watchedCopy()
        _ = try backUp(association)
        let early = try association.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try association.release("2.0")
        let state = try association.files(below: "suite-log.key.state")
        #expect(fault { try restore(association) }?.code == .logStateBehind)
        #expect(try association.files(below: "suite-log.key.state") == state)

        // Also when the workspace was set back together with it, and only the key's folder knows better.
        try DurableStorage().removeTree(association.workspace.root)
        try DurableStorage().rename(early.workspace.root, to: association.workspace.root)
        #expect(fault { try restore(association) }?.code == .logStateNewer)
        #expect(try association.files(below: "suite-log.key.state") == state)
    }

    @Test(arguments: [
        ("suite-log.key.state/state", PublishingFaultCode.logStateDamaged),
        ("suite-log.key", PublishingFaultCode.wrongLogKey),
    ])
    func `damaged, or of another log, is refused`(_ file: String, _ code: PublishingFaultCode) throws {
        let association = try Association.watchedCopy()
        _ = try backUp(association)
        let storage = DurableStorage()
        let path = association.folder.path("backup/\(file)")
        if code == .wrongLogKey {
            try storage.remove(path)
            try KeyStorage(storage).create(
                KeyFile(unencrypted: try Association.key("other")), at: path,
                publicAt: association.folder.path("other.pub"))
        } else {
            var bytes = try storage.read(path, limit: 1 << 20)
            bytes[bytes.count / 2] ^= 1
            try storage.write(bytes, to: path)
        }
        let state = try association.files(below: "suite-log.key.state")
        #expect(fault { try restore(association) }?.code == code)
        #expect(try association.files(below: "suite-log.key.state") == state)
    }

    @Test func `is written to an empty folder only, and looked for where there is one`() throws {
        let association = try Association.watchedCopy()
        try association.folder.write("mine", to: "full/file")
        #expect(fault { try backUp(association, to: "full") }?.code == .folderNotEmpty)
        #expect(fault { try restore(association, from: "nowhere") }?.code == .noLogBackup)
        #expect(fault { try restore(association, from: "full") }?.code == .noLogBackup)
        let without = try Association()
        #expect(fault { try LogBackup(without.workspace) }?.code == .noLog)
    }

    @Test func `is done without by going on from what is live, unless more is known; witnesses who know more say so`()
        throws
    {
        var association = try Association.watchedCopy()
        let size = try association.liveLog().entries.count
        let restore = { (association: Association) in
            try LogBackup(association.workspace).restoreFromPublished(key(association))
        }
        #expect(fault { try restore(association) }?.code == .logStateNewer)
        try DurableStorage().removeTree(association.folder.path("suite-log.key.state"))
        #expect(try restore(association) == size)
        association.now += 60
        try association.refresh()

        // A publication was waiting when the state was lost, and two witnesses have seen it.
        try association.add("2.0")
        try association.sign("alice", "bob")
        association.absentWitnesses = ["north", "south"]
        #expect(throws: PublishingFault.self) { try association.publish() }
        association.absentWitnesses = []
        try DurableStorage().removeTree(association.folder.path("suite-log.key.state"))
        try DurableStorage().removeTree(association.workspace.staged)
        #expect(try restore(association) == size)
        let published = try association.published()
        let found = fault { try association.refresh() }
        #expect(found?.code == .forkedLog)
        #expect(found?.found?.hasPrefix("east: knows a tree of") == true)
        #expect(try association.published() == published)
    }
}
