import CanonicalJSON
import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import Settings
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

@Suite struct `A log and its witnesses in the workspace` {
    @Test func `begin with the workspace: root holds the policy's text, after the line of the log`() throws {
        let association = try Association(watchedBy: Witnesses.two, origin: nil)
        let workspace = association.workspace
        let key = try workspace.loadLogKeyFile(named: nil)
        #expect(key.path == association.folder.path("suite-log.key"))
        let origin = LogOrigin(try ProductName("suite"), publicKey: key.file.publicKey.material)
        let vkey = try NoteKey(name: origin.text, kind: .log, publicKey: key.file.publicKey.material).vkey
        let root = try #require(try Staging.load(workspace).root)
        #expect(try root.witnessPolicy == ByteString(Array("log \(vkey)\n".utf8) + Witnesses.two.bytes))
        #expect(try association.folder.read("w/Keys/witnesses.policy") == Witnesses.two.bytes)
        #expect(
            try workspace.loadPolicy().log
                == Policy.Log(witnessPolicy: "witnesses.policy", key: "suite-log", origin: origin))
        let files = try association.folder.contents()
        #expect(files["suite-log.key"]?.permissions == .privateFile)
        #expect(files["w/Keys/suite-log.pub"] != nil)
        #expect(files["w/Keys/suite-log.key"] == nil)
        #expect(files["suite-log.key.state"] == nil)
        let ignored = String(decoding: try #require(try association.folder.read("w/Keys/.gitignore")), as: UTF8.self)
        #expect(ignored.contains("\n!*.policy\n"))
    }

    @Test func `are published with root, and a proposal without wishes leaves them as they are`() throws {
        let association = try Association.watchedCopy()
        let published = try #require(try PublishedMetadata.load(association.workspace).root?.content)
        #expect(try published.readWitnessPolicy()?.log.name == "example.org/log")
        let before = try association.files(below: "w")
        let result = try association.propose()
        #expect(result.isEmpty)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `a log line in the file is dropped when it is ours, and refused when it is another's`() throws {
        let association = try Association.watchedCopy()
        let log = try #require(try association.witnessPolicy()).log
        _ = try association.proposeWatched(ByteString(Array("log \(log.vkey)\n".utf8) + Witnesses.three.bytes))
        #expect(try association.folder.read("w/Keys/witnesses.policy") == Witnesses.three.bytes)
        #expect(try association.stagedRoles() == ["root 2"])
        let before = try association.files(below: "w")
        let stranger = TestKey("stranger").vkey("example.org/log", .log)
        let fault = #expect(throws: PublishingFault.self) {
            try association.proposeWatched(ByteString(Array("log \(stranger)\n".utf8) + Witnesses.two.bytes))
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.hint?.contains("leave the log line out") == true)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `begin later too, in a workspace from before there was a log`() throws {
        let association = try Association.releasedCopy()
        let old = "*\n!.gitignore\n!*.pub\n!policy.yaml\n!root.json\n"
        try DurableStorage().write(Array(old.utf8), to: association.folder.path("w/Keys/.gitignore"))
        let key = try association.newLogKey()
        let result = try association.propose {
            $0.witnesses = Witnesses.two
            $0.logKey = key
        }
        #expect(result.isPolicyChanged)
        #expect(result.staged.map { "\($0.role)" } == ["root"])
        let ignored = String(decoding: try #require(try association.folder.read("w/Keys/.gitignore")), as: UTF8.self)
        #expect(ignored == old + "!*.policy\n")
        #expect(try association.workspace.loadLogKeyFile(named: nil).file.publicKey == key.publicHalf.publicKey)
        try association.sign("alice", "bob")
        try association.publishWatched()
        #expect(try association.witnessPolicy()?.witnesses.count == 3)
        // Given again, the same wish changes nothing.
        let again = try association.propose {
            $0.witnesses = Witnesses.two
            $0.logKey = NewLogKey(key.publicHalf, at: key.path)
        }
        #expect(again.isEmpty)
    }

    @Test func `move to a new log with another key, and the former line does not stay behind`() throws {
        let association = try Association.watchedCopy()
        let old = try #require(try association.witnessPolicy()).log
        let key = try association.newLogKey("suite-log-2")
        _ = try association.propose { $0.logKey = key }
        let policy = try #require(try association.witnessPolicy())
        #expect(policy.log.publicKey == key.publicHalf.publicKey.material)
        #expect(policy.log.name != old.name)
        #expect(policy.witnesses.count == 3)
        // Until root 2 is published both logs are written.
        for log in [old, policy.log] {
            let found = try association.workspace.loadLogKeyFile(named: nil, for: log.publicKey)
            #expect(found.file.publicKey.material == log.publicKey)
        }
        #expect(
            try association.sentences().first
                == "moves from log example.org/log (key \(Hex.encode(old.id))) to another log: \(policy.log.name) "
                + "(key \(Hex.encode(policy.log.id)))")
        #expect(try !association.review().isAlarming)
    }

    @Test func `can be taken away, which is said aloud, and not by a line less in the policy unnoticed`() throws {
        let association = try Association.watchedCopy()
        let result = try association.propose { $0.removesWitnesses = true }
        #expect(result.warnings.contains { $0.contains("instances will refuse EVERYTHING") }, "\(result.warnings)")
        #expect(try association.workspace.loadPolicy().log == nil)
        let review = try association.review()
        #expect(review.isAlarming)
        #expect(review.changes.first?.sentence.hasPrefix("REMOVES the witness policy of example.org/log") == true)
        #expect(try Staging.load(association.workspace).root?.extra[Root.witnessPolicyField] == nil)
    }

    struct Wish: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: PublishingFaultCode
        let says: String
        let edit: @Sendable (Association, inout ProposalRequest) throws -> Void
    }

    @Test(arguments: [
        Wish(testDescription: "another name for the same log", code: .invalidWitnessPolicy, says: "keeps its name") {
            $1.logOrigin = try LogOrigin("example.org/other")
        },
        Wish(
            testDescription: "another key under the same name", code: .invalidWitnessPolicy,
            says: "begins another"
        ) {
            $1.logKey = try $0.newLogKey("suite-log-2")
            $1.logOrigin = try LogOrigin("example.org/log")
        },
        Wish(testDescription: "a new key under a former key's name", code: .keyNameTaken, says: "key generate") {
            $1.logKey = NewLogKey(Association.publicFile(try Association.key("suite-log")), at: nil)
        },
        Wish(testDescription: "a keyholder's key", code: .duplicateKeyholder, says: "") {
            $1.logKey = NewLogKey(try $0.publicFile("alice"), at: nil)
        },
        Wish(testDescription: "the online key", code: .duplicateKeyholder, says: "") {
            $1.logKey = NewLogKey(try $0.publicFile("online"), at: nil)
        },
    ])
    func `are not changed to what no witness and no instance would follow`(_ wish: Wish) throws {
        let association = try Association.watchedCopy()
        let before = try association.files(below: "")
        let fault = #expect(throws: PublishingFault.self) {
            try association.propose { try wish.edit(association, &$0) }
        }
        #expect(fault?.code == wish.code, "\(fault?.description ?? "")")
        let hint = fault?.hint ?? ""
        #expect(hint.contains(wish.says) || wish.says.isEmpty, "\(hint)")
        #expect(try association.files(below: "") == before)
    }

    @Test func `do not begin without a key, nor a key without witnesses`() throws {
        let association = try Association.releasedCopy()
        let before = try association.files(below: "")
        let keyless = #expect(throws: PublishingFault.self) { try association.proposeWatched(Witnesses.two) }
        #expect(keyless?.code == .noLogKey)
        let key = try association.newLogKey()
        let unwatched = #expect(throws: PublishingFault.self) { try association.propose { $0.logKey = key } }
        #expect(unwatched?.code == .invalidWitnessPolicy)
        #expect(try association.files(below: "") == before)
    }

    @Test func `a workspace does not begin with a log that was begun before, and leaves nothing behind then`() throws {
        let names = Association.keyholderNames + ["online"]
        let association = Association(
            folder: try TemporaryFolder(in: TemporaryFolder.inMemory),
            keys: try Dictionary(uniqueKeysWithValues: names.map { ($0, try Association.key($0)) }))
        let key = try Association.key("suite-log")
        try association.folder.write("checkpoint", to: "suite-log.key.state/checkpoint")
        let fault = #expect(throws: PublishingFault.self) {
            try association.initialisation(
                watchedBy: Witnesses.two,
                logKey: NewLogKey(Association.publicFile(key), at: association.folder.path("suite-log.key"))
            ).run(now: association.now)
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.location?.hasSuffix("suite-log.key.state") == true)
        #expect(
            try association.folder.contents().keys.sorted() == [
                "suite-log.key.state", "suite-log.key.state/checkpoint",
            ])
    }

    @Test func `a file that is gone is missed by the next proposal, and by nothing before`() throws {
        let association = try Association.watchedCopy()
        try DurableStorage().remove(association.folder.path("w/Keys/witnesses.policy"))
        try association.releaseWatched("2.0")
        let fault = #expect(throws: PublishingFault.self) { try association.propose() }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.location?.hasSuffix("Keys/witnesses.policy") == true)
        _ = try association.proposeWatched(Witnesses.two)
        #expect(try association.stagedRoles().isEmpty)
    }

    @Test func `go along to a machine without a network, where the review says the same`() throws {
        let association = try Association(watchedBy: Witnesses.two)
        let folder = association.folder.path("payload")
        try SigningPayload.write(association.workspace, to: folder)
        #expect(try association.folder.read("payload/Keys/witnesses.policy") == Witnesses.two.bytes)
        let there = Workspace(at: folder, storage: DurableStorage())
        let review = Review(try Staging.load(there), workspace: there, now: association.now)
        #expect(review.changes.map(\.sentence) == (try association.sentences()))
    }
}
