import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `What root propose refuses, before it changes anything` {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: PublishingFaultCode
        let says: String
        let wish: @Sendable (inout ProposalRequest, Association) throws -> Void

        init(
            _ name: String, _ code: PublishingFaultCode, _ says: String,
            _ wish: @escaping @Sendable (inout ProposalRequest, Association) throws -> Void
        ) {
            testDescription = name
            self.code = code
            self.says = says
            self.wish = wish
        }
    }

    static let rows: [Row] = [
        Row("more signatures than keyholders", .invalidThreshold, "1 to 3") { request, _ in request.threshold = 4 },
        Row("a threshold of nobody", .invalidThreshold, "1 to 3") { request, _ in request.threshold = 0 },
        Row("a negative threshold", .invalidThreshold, "-1") { request, _ in request.threshold = -1 },
        Row("too few remain for the threshold", .invalidThreshold, "root") { request, _ in
            request.remove = ["alice", "bob"]
        },
        Row("nobody remains", .invalidThreshold, "at least one keyholder") { request, _ in
            request.remove = Association.keyholderNames
        },
        Row("somebody goes who is no keyholder", .notAKeyholder, "one of alice, bob, carol") { request, _ in
            request.remove = ["mallory"]
        },
        Row("the online key is no keyholder", .notAKeyholder, "\"online\"") { request, _ in request.remove = ["online"]
        },
        Row("one key under two names", .duplicateKeyholder, "alice") { request, association in
            request.add = [try association.aliceAgain()]
        },
        Row("two new keys of one name", .duplicateKeyholder, "two keys named dave") { request, association in
            request.add = [try association.publicFile("dave"), Association.publicFile(try Association.key("dave"))]
        },
        Row("the online key as a keyholder", .duplicateKeyholder, "online") { request, association in
            request.add = [try association.publicFile("online")]
        },
        Row("the online key becomes a keyholder's as it is replaced", .duplicateKeyholder, "the online key") {
            request, association in
            request.add = [try association.publicFile("online")]
            request.onlineKey = try association.publicFile("online-2")
        },
        Row("a keyholder's key as the online key", .duplicateKeyholder, "bob") { request, association in
            request.onlineKey = try association.publicFile("bob")
        },
        Row("a name that is published for another key", .keyNameTaken, "bob") { request, _ in
            request.add = [Association.publicFile(try Association.key("bob"))]
        },
        Row("the same name for the next online key", .keyNameTaken, "online") { request, _ in
            request.onlineKey = Association.publicFile(try Association.key("online"))
        },
        Row("somebody both comes and goes", .notAKeyholder, "bob both added and removed") { request, association in
            request.add = [try association.publicFile("bob")]
            request.remove = ["bob"]
        },
        Row("an unknown role", .unknownRole, "one of root, targets, stable") { request, _ in
            request.roles = ["nightly"]
        },
        Row("a channel that would be another's archive", .unknownChannel, "-archive") { request, _ in
            request.channels = [try ChannelName("stable-archive")]
        },
        Row("a channel that would be a bin of an archive", .unknownChannel, "-archive") { request, _ in
            request.channels = [try ChannelName("stable-archive-3")]
        },
        Row("a name that another file of Keys/ has", .duplicateKeyholder, "minisign") { request, _ in
            request.add = [Association.publicFile(try Association.key("minisign"))]
        },
        Row("more than fits into root", .metadataTooLong, "2.root.json") { request, _ in
            request.add = try (0..<150).map { Association.publicFile(try Association.key("k\($0)")) }
        },
    ]

    /// A release waits, signed by alice.
    private static let base = Result {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.sign("alice")
        return association
    }

    @Test(arguments: rows) func `and leaves as it was`(_ row: Row) throws {
        let association = try Self.base.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.propose { try row.wish(&$0, association) } }
        #expect(fault?.code == row.code)
        #expect(fault?.message.contains(row.says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "w") == before)
    }

    @Test func `a person's name where a key's is meant: the keys are named`() throws {
        var association = try Association.releasedCopy()
        for name in ["erin.card", "erin.laptop"] { association.keys[name] = try Association.key(name) }
        try association.propose { request in
            request.add = [try association.publicFile("erin.card"), try association.publicFile("erin.laptop")]
        }
        let fault = #expect(throws: PublishingFault.self) { try association.propose { $0.remove = ["erin"] } }
        #expect(fault?.expected == "a key of erin's: erin.card, erin.laptop")
    }

    @Test func `a public key that is missing, another's, or was replaced by hand`() throws {
        let association = try Association.releasedCopy()
        let bob = try #require(try association.folder.read("w/Keys/bob.pub"))
        let path = "w/Keys/bob.pub"
        try DurableStorage().remove(association.folder.path(path))
        #expect(#expect(throws: PublishingFault.self) { try association.propose() }?.code == .missingPublicKey)
        try association.folder.write(association.publicFile("dave").encoded, to: path)
        #expect(#expect(throws: PublishingFault.self) { try association.propose() }?.code == .missingPublicKey)
        try association.folder.write(Association.publicFile(try Association.key("bob")).encoded, to: path)
        #expect(#expect(throws: PublishingFault.self) { try association.propose() }?.code == .keyNameTaken)
        try association.folder.write(bob, to: path)
        #expect(try association.propose().isEmpty)
    }

    @Test func `two versions of root at once, and a channel's version that is published by now`() throws {
        let association = try Association.releasedCopy()
        try association.propose { $0.threshold = 1 }
        let root = try #require(try association.folder.read("w/Staged/metadata/2.root.json"))
        try association.folder.write(root, to: "w/Staged/metadata/3.root.json")
        #expect(#expect(throws: PublishingFault.self) { try association.propose() }?.code == .malformedStaging)
        try DurableStorage().remove(association.folder.path("w/Staged/metadata/3.root.json"))

        try association.add("2.0")
        let stale = try association.files(below: "w/Staged")
        try association.sign("alice", "bob")
        try association.publish()
        for (path, bytes) in stale { try association.folder.write(bytes, to: path) }
        let fault = #expect(throws: PublishingFault.self) { try association.propose { $0.threshold = 2 } }
        #expect(fault?.code == .wouldBeRefused)
        #expect(fault?.hint?.contains("sceau discard suite-stable") == true)
        try Discard("suite-stable", workspace: association.workspace).run()
        // Root of that number is published too: it is made anew on top of it.
        let result = try association.propose { $0.threshold = 2 }
        #expect(result.staged.map { "\($0.role) \($0.version)" } == ["root 3", "targets 3"])
    }
}

extension Association {
    /// alice's key under another name.
    fileprivate func aliceAgain() throws -> PublicKeyFile {
        let text = String(decoding: try publicFile("alice").encoded, as: UTF8.self)
        return try PublicKeyFile.decode(Array(text.replacing("\"alice\"", with: "\"anna\"").utf8))
    }
}
