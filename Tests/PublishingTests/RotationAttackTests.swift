import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `After a rotation the old keys are worth nothing` {
    /// bob and the old online key are out.
    private func rotated() throws -> Association {
        var association = try Association.releasedCopy()
        try association.propose { request in
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
            request.onlineKey = try association.publicFile("online-2")
        }
        association.online = "online-2"
        try association.sign("alice", "carol")
        try association.publish()
        return association
    }

    @Test func `an old keyholder signs nothing, and a forged signature of theirs does not count`() throws {
        let association = try rotated()
        try association.add("2.0")
        let fault = #expect(throws: PublishingFault.self) { try association.sign("bob") }
        #expect(fault?.code == .notASigner)
        try association.sign("alice")
        let staged = try #require(try Staging.load(association.workspace).staged("suite-stable"))
        let bob = try association.key("bob")
        let forged = StagedSignature(
            keyID: bob.publicKey.computedID, role: staged.role, version: staged.version, signed: staged.digest,
            signature: try bob.sign(staged.signedBytes))
        try association.folder.write(
            forged.encoded, to: "w/Staged/signatures/\(staged.version).suite-stable/carol.json")
        let live = try association.published()
        #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(try association.published() == live)
    }

    /// One keyholder with a threshold of 1 made way for two: alone, the former one makes no root any more.
    @Test func `an old keyholder alone makes no next root`() throws {
        var association = try Association.releasedCopy()
        try association.propose { $0.threshold = 1 }
        try association.sign("alice", "bob")
        try association.publish()
        try association.propose { request in
            request.remove = ["bob"]
            request.threshold = 2
        }
        try association.signAsFarAsPossible(["bob", "alice", "carol"])
        try association.publish()

        let instance = HoldingInstance(pinnedRoot: try association.anchor())
        try instance.refresh(from: association)
        let bob = try association.key("bob")
        var root = try #require(try Staging.load(association.workspace).published.root?.content)
        root.header.version += 1
        root.keys = [bob.publicKey.computedID: bob.publicKey]
        for role in root.roles.keys { root.roles[role] = RoleKeys(keyIDs: [bob.publicKey.computedID], threshold: 1) }
        var file = SignedFile(root)
        file.signatures[bob.publicKey.computedID] = try bob.sign(file.signedBytes)
        let attack = try association.liveCopy(named: "attack")
        try DurableStorage().write(file.bytes, to: attack.appending("\(root.header.version).root.json"))
        let fault = #expect(throws: MetadataFault.self) { try instance.refresh(from: association, folder: attack) }
        #expect(fault?.code == .thresholdNotMet)
        association.now += 1
        #expect(try instance.refresh(from: association) == "1.0")
    }

    @Test func `the old online key publishes and refreshes nothing`() throws {
        var association = try rotated()
        association.online = "online"
        let live = try association.published()
        #expect(#expect(throws: PublishingFault.self) { try association.refresh() }?.code == .wrongOnlineKey)
        try association.add("2.0")
        try association.sign("alice", "carol")
        #expect(#expect(throws: PublishingFault.self) { try association.publish() }?.code == .wrongOnlineKey)
        #expect(try association.published() == live)
    }

    @Test func `a timestamp by the old online key is refused, and what was held stays`() throws {
        let association = try rotated()
        let instance = HoldingInstance(pinnedRoot: try association.anchor())
        try instance.refresh(from: association)
        let held = instance.store.files
        let attack = try association.liveCopy(named: "attack")
        try association.fastForward(attack, to: 1000, with: association.key("online"))
        let fault = #expect(throws: MetadataFault.self) { try instance.refresh(from: association, folder: attack) }
        #expect(fault?.code == .thresholdNotMet)
        #expect(instance.store.files == held)
    }

    @Test func `an instance that took a stolen key's timestamp of version 2^60 comes back after the rotation`() throws {
        var association = try Association.releasedCopy()
        let instance = HoldingInstance(pinnedRoot: try association.anchor())
        try instance.refresh(from: association)
        let attack = try association.liveCopy(named: "attack")
        try association.fastForward(attack, to: 1 << 60, with: association.key("online"))
        try instance.refresh(from: association, folder: attack)
        // Now everything that is published looks like a rollback.
        try association.refresh()
        let stuck = #expect(throws: MetadataFault.self) { try instance.refresh(from: association) }
        #expect(stuck?.code == .rollback)

        try association.propose { $0.onlineKey = try association.publicFile("online-2") }
        association.online = "online-2"
        try association.sign("alice", "carol")
        try association.publish()
        #expect(try instance.refresh(from: association) == "1.0")
        // And the thief cannot do it again.
        let again = try association.liveCopy(named: "again")
        try association.fastForward(again, to: 1 << 61, with: association.key("online"))
        #expect(throws: MetadataFault.self) { try instance.refresh(from: association, folder: again) }
        #expect(try instance.refresh(from: association) == "1.0")
    }

    /// While a new root waits for signatures, the published one says which key renews the timestamp.
    @Test func `both online keys are remembered, and root says which one signs`() throws {
        var association = try Association.releasedCopy()
        let (folder, workspace) = (association.folder, association.workspace)
        for name in ["online", "online-2"] {
            let file = KeyFile(unencrypted: try association.key(name))
            let text = try file.encoded().withUnsafeBytes { Array($0) }
            try DurableStorage().write(text, to: folder.path("\(name).key"), mode: .privateFile)
        }
        func remembered(_ root: Root?) throws -> String {
            "\(try workspace.loadOnlineKeyFile(named: nil, for: root).name)"
        }
        try workspace.rememberOnlineKey(folder.path("online.key"))
        try association.propose { request in
            request.onlineKey = try association.publicFile("online-2")
            request.onlineKeyPath = folder.path("online-2.key")
        }
        let staging = try Staging.load(workspace)
        #expect(try remembered(staging.published.root?.content) == "online")
        #expect(try remembered(staging.root) == "online-2")
        try association.refresh()
        association.online = "online-2"
        try association.sign("alice", "bob")
        try association.publish()
        try DurableStorage().remove(folder.path("online.key"))
        #expect(try remembered(Staging.load(workspace).root) == "online-2")
    }
}

extension Association {
    /// A copy of the live metadata, for an attacker to serve.
    fileprivate func liveCopy(named name: String) throws -> FilePath {
        let path = folder.path(name)
        try FileManager.default.copyItem(atPath: workspace.liveMetadata.string, toPath: path.string)
        return path
    }

    /// What a thief of the online key can make: the snapshot and the timestamp of a version far ahead.
    fileprivate func fastForward(_ metadata: FilePath, to version: Int, with key: SecretKey) throws {
        let published = try Staging.load(workspace).published
        var snapshot = try #require(published.snapshot?.content)
        var timestamp = try #require(published.timestamp?.content)
        snapshot.header.version = version
        let bytes = try signed(snapshot, key)
        timestamp.header.version = version
        timestamp.snapshot = MetaFile(version: version, facts: FileFacts(of: bytes))
        try DurableStorage().write(bytes, to: metadata.appending("\(version).snapshot.json"))
        try DurableStorage().write(try signed(timestamp, key), to: metadata.appending("timestamp.json"))
    }

    private func signed(_ payload: some Payload, _ key: SecretKey) throws -> [UInt8] {
        var file = SignedFile(payload)
        file.signatures[key.publicKey.computedID] = try key.sign(file.signedBytes)
        return file.bytes
    }
}
