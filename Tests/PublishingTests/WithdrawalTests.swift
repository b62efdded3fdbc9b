import DurableStorage
import Primitives
import Publishing
import Releases
import TUF
import TestSupport
import Testing

@Suite struct `Withdrawing a release` {
    @discardableResult
    private func withdraw(
        _ version: String, from association: Association, storage: DurableStorage = DurableStorage()
    ) throws -> ReleaseWithdrawal.Result {
        let withdrawal = try Withdrawal(reason: "it loses mail", time: association.now)
        return try ReleaseWithdrawal(workspace: association.workspace(storage), now: association.now)
            .withdraw(Version(version), withdrawal, channel: nil)
    }

    private func facts(_ association: Association) throws -> [String: ByteString?] {
        let staging = try Staging.load(association.workspace)
        let content = try #require(staging.published.delegated["suite-stable"]?.content)
        return Dictionary(
            uniqueKeysWithValues: ListedRelease.all(in: content).map {
                ("\($0.facts.version)", $0.facts.withdrawal?.reason)
            })
    }

    @Test func `is staged, signed and published, and changes no file of the release`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.release("1.1")
        let before = try association.files(below: "w/Releases/targets")
        let result = try withdraw("1.1", from: association)
        #expect(result.isNew)
        #expect(result.notice.successor == (try Version("1.0")))
        try association.sign("alice", "bob")
        try association.publish()
        #expect(try facts(association) == ["1.0": nil, "1.1": "it loses mail"])
        #expect(try association.files(below: "w/Releases/targets") == before)
    }

    @Test func `a second time stages nothing`() throws {
        let association = try Association()
        try association.release("1.0")
        try withdraw("1.0", from: association)
        try association.sign("alice", "bob")
        try association.publish()
        #expect(try !withdraw("1.0", from: association).isNew)
        #expect(try Staging.load(association.workspace).roles.isEmpty)
    }

    @Test func `keeps a release that waits beside it, and drops signatures over that`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("1.1")
        try association.sign("carol")
        let result = try withdraw("1.0", from: association)
        #expect(result.droppedSignatures == ["carol"])
        try association.sign("alice", "bob")
        try association.publish()
        #expect(try facts(association) == ["1.0": "it loses mail", "1.1": nil])
    }

    @Test func `its version cannot be used again`() throws {
        let association = try Association()
        try association.release("1.0")
        try withdraw("1.0", from: association)
        let fault = #expect(throws: PublishingFault.self) { try association.add("1.0") }
        #expect(fault?.code == .versionExists)
    }

    @Test(arguments: [("9.9", PublishingFaultCode.unknownVersion), ("1.1", .notPublished)])
    func `is refused for what nobody has`(_ version: String, _ code: PublishingFaultCode) throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("1.1")
        let before = try association.files(below: "w/Staged")
        let fault = #expect(throws: PublishingFault.self) { try withdraw(version, from: association) }
        #expect(fault?.code == code)
        #expect(try association.files(below: "w/Staged") == before)
    }

    @Test func `stopped at any point it can be done again`() throws {
        let original = try Association()
        try original.release("1.0")
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try withdraw("1.0", from: original.copied(to: folder), storage: storage)
        } afterwards: { folder, _, _ in
            let association = Association(folder: folder, keys: original.keys)
            try withdraw("1.0", from: association)
            try association.sign("alice", "bob")
            try association.publish()
            #expect(try facts(association) == ["1.0": "it loses mail"])
        }
        #expect(stops > 3)
    }
}
