import DurableStorage
import FoundationEssentials
import Primitives
import Publishing
import SecretKeys
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

/// Roots without a witness policy, and one that names a policy again: by a real publisher, as a real agent sees it.
@Suite struct `A policy is left out, and named again` {
    private static let day = 86_400.0
    private static let others = Witnesses.text(2, of: "west", "mid", "far")

    /// Root 1 names a policy and root 2 none. The instance has 1.0, by root 1.
    private func left() throws -> (Association, FolderInstance) {
        var association = try Association.watchedCopy()
        let instance = try FolderInstance(of: association)
        #expect(try instance.update(association) == "1.0")
        try propose(&association) { $0.removesWitnesses = true }
        try association.publish(readByPeer: false)
        return (association, instance)
    }

    /// Signed by all who have to, a minute later.
    private func propose(_ association: inout Association, _ edit: (inout ProposalRequest) throws -> Void) throws {
        association.now += 60
        _ = try association.propose(edit)
        try association.sign("alice", "bob")
    }

    private func proposeOtherLog(_ association: inout Association) throws {
        let key = try association.newLogKey("suite-log-2")
        try propose(&association) {
            $0.logKey = key
            $0.witnesses = Self.others
        }
        association.nextLogKeyFile = "suite-log-2.key"
    }

    private func proposeSameLog(_ association: inout Association, origin: ByteString = "example.org/log") throws {
        let open = try KeyStorage(DurableStorage()).loadPublicKeyFile(association.workspace.publicKey("suite-log"))
        let key = NewLogKey(open, at: association.folder.path("suite-log.key"))
        try propose(&association) {
            $0.logKey = key
            $0.logOrigin = try LogOrigin(origin)
            $0.witnesses = Witnesses.two
        }
    }

    private func expectUnwitnessed(_ association: Association, without absent: Set<String>) throws {
        var association = association
        association.absentWitnesses = absent
        let published = try association.published()
        let fault = #expect(throws: PublishingFault.self) { try association.publish(readByPeer: false) }
        #expect(fault?.code == .noQuorum)
        #expect(try association.published() == published)
    }

    @Test
    func
        `the last ones named vouch for the root that names others, and for those between: instances follow by themselves`()
        throws
    {
        var (association, instance) = try left()
        #expect(try instance.refusal(association) == "log/no-policy")
        // Without a log: a release, and one more root.
        association.now += 60
        try association.add("1.1")
        try association.sign("alice", "bob")
        try association.publish(readByPeer: false)
        try propose(&association) {
            $0.renew = true
            $0.roles = ["root"]
        }
        association.absentWitnesses = ["north", "east", "south"]
        try association.publish(readByPeer: false)
        association.absentWitnesses = []
        #expect(try instance.refusal(association) == "log/no-policy")
        association.now += 9 * Self.day

        try proposeOtherLog(&association)
        try expectUnwitnessed(association, without: ["north", "east"])
        try expectUnwitnessed(association, without: ["west", "mid"])
        try association.publish(readByPeer: false)
        #expect(try instance.update(association) == "1.1")
        #expect(try instance.newRoot() == 4)
        let older = try WorkspaceStatus.load(association.workspace, now: association.now).transparency.older
        #expect(older.map(\.rootVersion) == [4])
        #expect(older.map(\.until) == [association.now + 7 * Self.day])
        #expect(try FolderInstance(of: association).update(association) == "1.1")

        // As after any weakening: both for seven days, and then no more.
        association.now += 60
        try association.add("1.2")
        try association.sign("alice", "bob")
        try expectUnwitnessed(association, without: ["north", "east"])
        association.absentWitnesses = ["north", "east", "south"]
        association.now += 9 * Self.day
        try association.publish(readByPeer: false)
        // It was decided upon nine days ago.
        try association.refresh()
        #expect(try instance.update(association) == "1.2")
    }

    @Test func `the same log goes on where nothing was published without it, and else says that another has to begin`()
        throws
    {
        for isQuiet in [true, false] {
            var (association, instance) = try left()
            if !isQuiet {
                association.now += 60
                try association.add("1.1")
                try association.sign("alice", "bob")
                try association.publish(readByPeer: false)
            }
            try proposeSameLog(&association)
            if isQuiet {
                try association.publish(readByPeer: false)
                #expect(
                    try association.liveLog().names.filter { $0.hasPrefix("root") } == ["root 1", "root 2", "root 3"])
            } else {
                let before = try association.files(below: "")
                let fault = #expect(throws: PublishingFault.self) { try association.publish(readByPeer: false) }
                #expect(fault?.code == .loggedOtherwise)
                #expect(fault?.hint?.contains("--new-log-key") == true)
                #expect(try association.files(below: "") == before)
                try proposeOtherLog(&association)
                try association.publish(readByPeer: false)
            }
            #expect(try instance.update(association) == (isQuiet ? "1.0" : "1.1"))
            #expect(try instance.newRoot() == 3)
        }
    }

    @Test func `a log keeps its name and its key over roots that name none`() throws {
        var (association, _) = try left()
        let fault = #expect(throws: PublishingFault.self) {
            try proposeSameLog(&association, origin: "example.org/other")
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.hint?.contains("keeps its key and its name") == true)
        #expect(try association.stagedRoles().isEmpty)
    }

    @Test func `who makes keyholders leave the policy out and name another gets no instance to follow`() throws {
        for isDroppedInPublic in [true, false] {
            var association = try Association.watchedCopy()
            let instance = try FolderInstance(of: association)
            #expect(try instance.update(association) == "1.0")
            association.abandonsFormerWitnesses = !isDroppedInPublic
            try propose(&association) { $0.removesWitnesses = true }
            try association.publish(readByPeer: false)
            association.now += 9 * Self.day
            association.absentWitnesses = ["north", "east", "south"]
            association.abandonsFormerWitnesses = true
            try proposeOtherLog(&association)
            try association.publish(readByPeer: false)
            #expect(["log/no-quorum", "log/unlogged"].contains(try instance.refusal(association)))
            #expect(try instance.installed() == "1.0")
            #expect(try instance.newRoot() == nil)
            // The former ones, whom no instance asks any more that has accepted this, hold nobody up.
            association.abandonsFormerWitnesses = false
            association.now += 60
            try association.add("1.1")
            try association.sign("alice", "bob")
            try association.publish(readByPeer: false)
            #expect(try instance.refusal(association) != nil)
        }
    }
}
