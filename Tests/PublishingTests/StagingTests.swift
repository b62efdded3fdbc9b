import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `Staging and signing` {
    private func review(_ association: Association) throws -> Review {
        Review(try Staging.load(association.workspace), workspace: association.workspace, now: association.now)
    }

    @Test func `review says what a release adds, who signed and who still can`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        try association.sign("carol")
        let review = try review(association)
        #expect(review.changes.map(\.sentence).first == "adds release 2.0 to stable: 2 files, 31 B, severity important")
        let role = try #require(review.roles.first)
        #expect(review.roles.count == 1)
        #expect(role.signed == ["carol"])
        #expect(role.canSign == ["alice", "bob"])
        #expect(role.lacking == 1)
        #expect(!review.isReady)
        try association.sign("alice")
        #expect(try self.review(association).isReady)
    }

    @Test func `a release added on top drops the signatures over the former content, and says whose`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        try association.sign("alice", "bob")
        let result = try association.add("2.1")
        #expect(result.droppedSignatures == ["alice", "bob"])
        #expect(result.metadataVersion == 2)
        #expect(try review(association).roles.map(\.lacking) == [2])
        let added = try review(association).changes.map(\.sentence).filter { $0.hasPrefix("adds") }
        #expect(added.map { $0.prefix(16) } == ["adds release 2.0", "adds release 2.1"])
    }

    @Test(arguments: [true, false])
    func `a secret key in what is to be released is refused, and nothing of it is left`(isAttached: Bool) throws {
        let association = try Association()
        try association.release("1.0")
        let place = isAttached ? "attached.txt" : "product/etc/online"
        let tree = association.folder.path("product")
        try association.folder.write("x", to: "product/bin/serve")
        try association.folder.write("format sceau-secret-key/1 is ours", to: "product/doc.txt")
        let key = KeyFile(unencrypted: try Association.key("mallory"))
        try KeyStorage(DurableStorage()).create(
            key, at: association.folder.path("mallory.key"), publicAt: association.folder.path("mallory.pub"))
        let bytes = try #require(try association.folder.read("mallory.key"))
        try association.folder.write(bytes, to: place)
        var request = ReleaseStaging.Request(
            tree: tree, channel: try ChannelName("stable"), version: try Version("2.0"), severity: .important,
            summary: "a release")
        if isAttached { request.attachments = [association.folder.path(place)] }
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) {
            try ReleaseStaging(workspace: association.workspace, now: association.now).add(request)
        }
        #expect(fault?.code == .secretKeyInRelease)
        #expect(fault?.location == association.folder.path(place).string)
        #expect(try association.files(below: "w") == before)
        try DurableStorage().remove(association.folder.path(place))
        request.attachments = []
        _ = try ReleaseStaging(workspace: association.workspace, now: association.now).add(request)
    }

    @Test func `a signature over other bytes is reported and does not count`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        try association.sign("alice")
        let old = try association.files(below: "w/Staged/signatures")
        try association.add("2.1")
        for (path, bytes) in old { try association.folder.write(bytes, to: path) }
        let role = try #require(try review(association).roles.first)
        #expect(role.signed.isEmpty)
        #expect(role.problems == ["alice's signature covers other bytes than what is staged now"])
    }

    @Test(arguments: [
        ("1.0", PublishingFaultCode.versionExists), ("2.0", .versionExists), ("0.9", .versionNotNewer),
        ("1.5", .versionNotNewer), ("2.0-beta.1", .versionNotNewer),
    ]) func `a version that is not new is refused`(version: String, code: PublishingFaultCode) throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) { try association.add(version) }
        #expect(fault?.code == code)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `an unknown channel is refused, and the known ones are named`() throws {
        let association = try Association(channels: ["stable", "beta"])
        let fault = #expect(throws: PublishingFault.self) { try association.add("1.0", channel: "nightly") }
        #expect(fault?.code == .unknownChannel)
        #expect(fault?.expected == "one of stable, beta")
    }

    @Test func `a channel whose metadata would be too long is refused with a hint`() throws {
        let association = try Association()
        var request = ReleaseStaging.Request(
            tree: try association.tree("1.0"), channel: try ChannelName("stable"), version: try Version("1.0"),
            severity: .none, summary: "")
        let longName = String(repeating: "n", count: 110)
        let staging = ReleaseStaging(workspace: association.workspace, now: association.now)
        request.attachments = try (0..<60).map { try association.folder.write("x", to: "attach/\(longName)\($0)") }
        for version in ["1.0", "1.1", "1.2"] {
            request.version = try Version(version)
            _ = try staging.add(request)
        }
        request.version = try Version("1.3")
        let before = try association.files(below: "w/Staged/metadata")
        let fault = #expect(throws: PublishingFault.self) { try staging.add(request) }
        #expect(fault?.code == .metadataTooLong)
        #expect(fault?.hint != nil)
        #expect(try association.files(below: "w/Staged/metadata") == before)
    }

    @Test(arguments: ["{}", "{\"id\": 1}", "{\"id\": \"../x\"}", "no json", "{\"id\": \"A\", \"id\": \"B\"}"])
    func `an advisory without a usable id is refused`(text: String) throws {
        let association = try Association()
        var request = ReleaseStaging.Request(
            tree: try association.tree("1.0"), channel: try ChannelName("stable"), version: try Version("1.0"),
            severity: .none, summary: "")
        request.advisories = [try association.folder.write(text, to: "advisory.json")]
        let fault = #expect(throws: PublishingFault.self) {
            try ReleaseStaging(workspace: association.workspace, now: association.now).add(request)
        }
        #expect(fault?.code == .unusableFile)
    }

    /// As a token whose owner withdraws it after the first touch.
    private struct TiredSigner: Signer {
        let key: SecretKey
        let refused: [UInt8]
        var publicKey: PublicKey { key.publicKey }

        func sign(_ message: [UInt8]) throws -> [UInt8] {
            if message == refused { throw KeyFault(.agentRefused) }
            return try key.sign(message)
        }
    }

    @Test func `a key that signs one role and refuses the next leaves no signature at all`() throws {
        let association = try Association()
        let staging = try Staging.load(association.workspace)
        let key = try association.key("alice")
        let ceremony = try Ceremony(
            staging, workspace: association.workspace, key: key.publicKey, only: [], now: association.now)
        let last = try #require(ceremony.roles.last)
        #expect(ceremony.roles.count > 1)
        let before = try association.files(below: "w")
        #expect(throws: KeyFault.self) {
            try ceremony.sign(with: TiredSigner(key: key, refused: last.signedBytes))
        }
        #expect(try association.files(below: "w") == before)
    }

    @Test func `a key that signs for nothing is refused, and so is the online key`() throws {
        let association = try Association()
        let staging = try Staging.load(association.workspace)
        for key in [try Association.key("mallory"), try Association.key("alice"), try association.key("online")] {
            let fault = #expect(throws: PublishingFault.self) {
                try Ceremony(
                    staging, workspace: association.workspace, key: key.publicKey, only: [], now: association.now)
            }
            #expect(fault?.code == .notASigner)
            #expect(fault?.family == .refusal)
        }
    }

    @Test func `what was put in the place of what was shown is not signed`() throws {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        let alice = try association.key("alice")
        let shown = try Ceremony(
            Staging.load(association.workspace), workspace: association.workspace, key: alice.publicKey, only: [],
            now: association.now)
        try association.add("2.1")
        let before = try association.files(below: "w/Staged")
        let fault = #expect(throws: PublishingFault.self) { try shown.sign(with: alice) }
        #expect(fault?.code == .changedSinceShown)
        #expect(try association.files(below: "w/Staged") == before)
    }

    @Test func `expired metadata is not signed`() throws {
        var association = try Association()
        association.now += 366 * 86400
        let alice = try association.key("alice")
        let fault = #expect(throws: PublishingFault.self) {
            try Ceremony(
                Staging.load(association.workspace), workspace: association.workspace, key: alice.publicKey, only: [],
                now: association.now)
        }
        #expect(fault?.code == .wouldBeRefused)
    }

    @Test func `only the roles asked for are signed`() throws {
        let association = try Association()
        try association.sign("alice", only: [.root])
        let signed = try review(association).roles.map { "\($0.role): \($0.signed.joined())" }
        #expect(signed == ["root: alice", "targets: ", "suite-stable: "])
    }
}
