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

@Suite struct `What publish refuses, and that nothing of it goes live` {
    struct Attack: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let code: PublishingFaultCode
        let prepare: @Sendable (Association) throws -> Void

        init(
            _ name: String, _ code: PublishingFaultCode, _ prepare: @escaping @Sendable (Association) throws -> Void
        ) {
            testDescription = name
            self.code = code
            self.prepare = prepare
        }
    }

    static let attacks: [Attack] = [
        Attack("nobody signed", .thresholdNotMet) { _ in },
        Attack("one of two signed", .thresholdNotMet) { try $0.sign("alice") },
        Attack("one signer signs twice, the second time under another's name", .thresholdNotMet) { association in
            try association.sign("alice")
            try association.copySignature("alice", to: "bob")
        },
        Attack("a signature with another's key id over it", .thresholdNotMet) { association in
            try association.sign("alice")
            let bob = try association.key("bob").publicKey.computedID
            try association.rewriteSignature("alice", to: "bob") { $0["keyid"] = .string(bob.text) }
        },
        Attack("a signature by a key that has no say", .thresholdNotMet) { association in
            try association.sign("alice")
            let stranger = try Association.key("mallory")
            try association.forge(stranger, as: "bob", keyID: stranger.publicKey.computedID)
        },
        Attack("a stranger's signature that claims bob's key id", .thresholdNotMet) { association in
            try association.sign("alice")
            try association.forge(
                Association.key("mallory"), as: "bob", keyID: association.key("bob").publicKey.computedID)
        },
        Attack("the online key signs for a channel", .thresholdNotMet) { association in
            try association.sign("alice")
            let online = try association.key("online")
            try association.forge(online, as: "online", keyID: online.publicKey.computedID)
        },
        Attack("staged metadata was changed after it was signed", .thresholdNotMet) { association in
            try association.sign("alice", "bob")
            try association.editStagedMetadata { $0["expires"] = "2027-09-21T14:13:21Z" }
        },
        Attack("staged metadata is laid out in another way", .malformedStaging) { association in
            try association.sign("alice", "bob")
            let path = try association.staged("2.suite-stable.json")
            try association.folder.write(try #require(try association.folder.read(path)) + Array("\n".utf8), to: path)
        },
        Attack("the archive was changed after it was signed", .stagedFileChanged) { association in
            try association.sign("alice", "bob")
            try association.flipByte(of: "suite-2.0.tar.zst")
        },
        Attack("release.json was changed after it was signed", .stagedFileChanged) { association in
            try association.sign("alice", "bob")
            try association.flipByte(of: ".release.json")
        },
        Attack("the listing was cut short after it was signed", .stagedFileChanged) { association in
            try association.sign("alice", "bob")
            let path = try association.staged(".tree.mtree")
            try association.folder.write(Array(try #require(try association.folder.read(path)).dropLast(5)), to: path)
        },
        Attack("the archive is missing", .stagedFileMissing) { association in
            try association.sign("alice", "bob")
            try DurableStorage().remove(association.folder.path(association.staged("suite-2.0.tar.zst")))
        },
        Attack("the metadata expired before it was published", .wouldBeRefused) { association in
            try association.sign("alice", "bob")
            try association.editStagedMetadata { $0["expires"] = "2020-01-01T00:00:00Z" }
        },
        Attack("the staged version skips one", .wouldBeRefused) { association in
            try association.editStagedMetadata(renamedTo: "3.suite-stable.json") { $0["version"] = 3 }
        },
        Attack("the staged version is the published one", .wouldBeRefused) { association in
            try association.editStagedMetadata(renamedTo: "1.suite-stable.json") { $0["version"] = 1 }
        },
        Attack("keyholders signed a target whose path climbs", .wouldBeRefused) { association in
            try association.editStagedMetadata { signed in
                guard case .object(var targets)? = signed["targets"], let file = targets.members.first?.value else {
                    return
                }
                targets["suite/stable/../x"] = file
                signed["targets"] = .object(targets)
            }
            for name in ["alice", "bob"] {
                let key = try association.key(name)
                try association.forge(key, as: name, keyID: key.publicKey.computedID)
            }
        },
        Attack("another next version lies in Releases already", .wouldBeRefused) { association in
            try association.sign("alice", "bob")
            try association.folder.write("{}", to: "w/Releases/metadata/2.suite-stable.json")
        },
        Attack("another first root lies in Keys", .untrustedPublication) { association in
            try association.sign("alice", "bob")
            let path = "w/Keys/root.json"
            var root = try #require(try association.folder.read(path))
            root[root.count / 2] ^= 1
            try association.folder.write(root, to: path)
        },
        Attack("a secret key lies in Keys", .secretKeyInWorkspace) { association in
            try association.folder.write("anything", to: "w/Keys/alice.key")
        },
        Attack("a secret key lies in Keys under an innocent name", .secretKeyInWorkspace) { association in
            let file = KeyFile(unencrypted: try association.key("alice"))
            let text = try file.encoded().withUnsafeBytes { Array($0) }
            try association.folder.write(text, to: "w/Keys/notes.txt")
        },
    ]

    /// 1.0 is live and 2.0 is staged: made once, and copied for each attack.
    private static let base = Result {
        let association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        return association
    }

    @Test(arguments: attacks) func `an attack is refused`(_ attack: Attack) throws {
        let association = try Self.base.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try attack.prepare(association)
        let live = try association.published()
        let staged = try association.files(below: "w/Staged")
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == attack.code, "\(fault?.description ?? "")")
        #expect(try association.published() == live)
        #expect(try association.files(below: "w/Staged") == staged)
    }

    @Test func `another key than the online key cannot publish`() throws {
        let association = try Association()
        try association.add("1.0")
        try association.sign("alice", "bob")
        let publication = try Publication(workspace: association.workspace, now: association.now)
        let fault = #expect(throws: PublishingFault.self) {
            try publication.prepare(publication.checkStaging(), signer: association.key("alice"))
        }
        #expect(fault?.code == .wrongOnlineKey)
        #expect(try association.published().isEmpty)
    }

    @Test func `two publishers at once: the second is told to wait`() throws {
        let association = try Association()
        let first = try Publication(workspace: association.workspace, now: association.now)
        let fault = #expect(throws: StorageFault.self) { try association.publish() }
        #expect(fault?.code == .locked)
        withExtendedLifetime(first) {}
    }
}

extension Association {
    private static let role = "2.suite-stable"
    private func signature(_ name: String) -> String { "w/Staged/signatures/\(Self.role)/\(name).json" }

    func copySignature(_ name: String, to other: String) throws {
        try folder.write(try #require(try folder.read(signature(name))), to: signature(other))
    }

    func rewriteSignature(_ name: String, to other: String, _ edit: (inout JSONObject) -> Void) throws {
        let bytes = try #require(try folder.read(signature(name)))
        guard case .object(var object) = try JSONValue.decode(bytes) else { return }
        edit(&object)
        try folder.write(JSONValue.object(object).fileEncoding, to: signature(other))
    }

    /// What `key` would sign if the tool let it.
    func forge(_ key: SecretKey, as name: String, keyID: KeyID) throws {
        let staged = try #require(try Staging.load(workspace).staged(RoleName("suite-stable")))
        let forged = StagedSignature(
            keyID: keyID, role: staged.role, version: staged.version, signed: staged.digest,
            signature: try key.sign(staged.signedBytes))
        try folder.write(forged.encoded, to: signature(name))
    }

    /// Changes `signed` of the staged channel metadata and keeps its layout.
    func editStagedMetadata(renamedTo name: String? = nil, _ edit: (inout JSONObject) -> Void) throws {
        let path = try staged("metadata/\(Self.role).json")
        guard case .object(var file) = try JSONValue.decode(#require(try folder.read(path))),
            case .object(var signed)? = file["signed"]
        else { return }
        edit(&signed)
        file["signed"] = .object(signed)
        try DurableStorage().remove(folder.path(path))
        try folder.write(JSONValue.object(file).fileEncoding, to: name.map { "w/Staged/metadata/\($0)" } ?? path)
    }

    func flipByte(of ending: String) throws {
        let path = try staged(ending)
        var bytes = try #require(try folder.read(path))
        bytes[bytes.count / 2] ^= 1
        try folder.write(bytes, to: path)
    }
}
