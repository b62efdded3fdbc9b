import Auditing
import CanonicalJSON
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
import Updating

@Suite struct `An archive's bins are believed no more than anything else` {
    // MARK: before it is published

    /// Stages the next version of a bin by hand, and has alice and bob sign it.
    private func staged(_ bend: (inout Targets) throws -> Void) throws -> Association {
        let association = try Association.archivedCopy()
        var (role, content) = try #require(try association.liveBins().first)
        content.header.version += 1
        try bend(&content)
        try association.folder.write(
            SignedFile(content).bytes, to: "w/Staged/metadata/\(role.fileName(version: content.header.version))")
        return association
    }

    private func expectRefused(_ association: Association, signedBy names: String...) throws {
        let live = try association.published()
        // Whatever signs or publishes it may be the one that refuses.
        #expect(throws: PublishingFault.self) {
            for name in names { try association.sign(name) }
            try association.publish()
        }
        #expect(try association.published() == live)
    }

    /// The first number whose path a bin does, or does not, answer for.
    private func path(in role: RoleName, _ isInside: Bool) throws -> ByteString {
        let prefix = role.text.description.dropFirst("\(Association.archiveRole)-".count)
        return try #require(
            (0...).lazy.map { ByteString("suite/stable/9.\($0)/release.json") }
                .first { Digest.sha256(of: $0.bytes).hex.hasPrefix(prefix) == isInside })
    }

    @Test func `a bin that lists a path of another bin is not published`() throws {
        let association = try staged { content in
            let bins = try Association.archived.get().liveBins()
            let file = try #require(content.targets.values.first)
            content.targets[try path(in: try #require(bins.first).role, false)] = file
        }
        try expectRefused(association, signedBy: "alice", "bob")
    }

    @Test func `a bin from which a release's file is gone is not published`() throws {
        let association = try staged { content in
            content.targets[try #require(content.targets.keys.min())] = nil
        }
        try expectRefused(association, signedBy: "alice", "bob")
    }

    @Test func `a bin in which a file is another is not published`() throws {
        let association = try staged { content in
            let path = try #require(content.targets.keys.min())
            content.targets[path] = TargetFile(
                length: 3, hashes: ["sha256": ByteString(Digest.sha256(of: [1, 2, 3]).hex)], custom: nil)
        }
        try expectRefused(association, signedBy: "alice", "bob")
    }

    @Test func `a bin that others signed is not published`() throws {
        var association = try staged { _ in }
        association.keys["mallory"] = try Association.key("mallory")
        let staged = try #require(try Staging.load(association.workspace).roles.first)
        for name in ["alice", "bob"] {
            let mallory = try association.key("mallory")
            let signature = StagedSignature(
                keyID: try association.key(name).publicKey.computedID, role: staged.role, version: staged.version,
                signed: staged.digest, signature: try mallory.sign(staged.signedBytes))
            try association.folder.write(
                signature.encoded,
                to: "w/Staged/signatures/\(staged.version).\(staged.role)/\(name).json")
        }
        let fault = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(fault?.code == .thresholdNotMet)
    }

    // MARK: after it was published, by whoever has the online key and the server

    /// The live metadata with another first bin, which snapshot and timestamp name.
    private func attack(
        _ association: Association, signedBy names: [String], _ bend: (RoleName, inout Targets) throws -> Void
    ) throws -> (folder: FilePath, path: ByteString) {
        let folder = association.folder.path("attack")
        try FileManager.default.copyItem(atPath: association.workspace.liveMetadata.string, toPath: folder.string)
        var (role, content) = try #require(try association.liveBins().first)
        let path = try #require(content.targets.keys.min())
        content.header.version += 1
        try bend(role, &content)
        let bytes = try association.signed(content, by: names)
        let storage = DurableStorage()
        try storage.write(bytes, to: folder.appending(role.fileName(version: content.header.version)))
        try association.rename(folder) { meta in
            meta[role.metaName] = MetaFile(version: content.header.version, facts: FileFacts(of: bytes))
        }
        return (folder, path)
    }

    private func search(_ path: ByteString, of association: Association, in folder: FilePath) throws -> TargetFile? {
        var updater = try HoldingInstance(pinnedRoot: association.anchor()).updater(for: association, folder: folder)
        try updater.refresh()
        return try updater.target(at: path)
    }

    @Test(arguments: [["mallory"], ["alice"], ["alice", "mallory"], ["online"]])
    func `clients refuse a bin that others signed`(_ names: [String]) throws {
        var association = try Association.archivedCopy()
        association.keys["mallory"] = try Association.key("mallory")
        let (folder, path) = try attack(association, signedBy: names) { _, _ in }
        let fault = #expect(throws: MetadataFault.self) { try search(path, of: association, in: folder) }
        #expect(fault?.code == .thresholdNotMet)
        // What is no matter of that bin's is as before.
        #expect(try search("suite/stable/3.0/release.json", of: association, in: folder) != nil)
    }

    @Test func `clients do not find what a bin lists beyond its prefix`() throws {
        let association = try Association.archivedCopy()
        var stray: ByteString = ""
        let (folder, path) = try attack(association, signedBy: ["alice", "bob"]) { role, content in
            stray = try self.path(in: role, false)
            content.targets[stray] = content.targets.values.first
        }
        let live = try Set(association.liveBins().map { $0.role })
        #expect(!live.isEmpty)
        #expect(try search(path, of: association, in: folder) != nil)
        #expect(try search(stray, of: association, in: folder) == nil)
    }

    // MARK: in the eyes of an auditor

    private func findings(_ association: Association, _ attack: FilePath) throws -> Set<String> {
        let live = association.workspace.liveMetadata.string
        try FileManager.default.removeItem(atPath: live)
        try FileManager.default.moveItem(atPath: attack.string, toPath: live)
        return Set(try association.audit().findings.map(\.codeText))
    }

    @Test func `an audit finds what a bin lists beyond its prefix`() throws {
        let association = try Association.archivedCopy()
        let (folder, _) = try attack(association, signedBy: ["alice", "bob"]) { role, content in
            content.targets[try self.path(in: role, false)] = content.targets.values.first
        }
        #expect(try findings(association, folder).contains("audit/target-outside-delegation"))
    }

    @Test func `an audit finds a bin that others signed`() throws {
        let association = try Association.archivedCopy()
        let (folder, _) = try attack(association, signedBy: ["alice", "online"]) { _, _ in }
        #expect(try findings(association, folder) == ["audit/threshold-not-met"])
    }

    @Test func `an audit finds that a bin is missing, or has let go of a file`() throws {
        let association = try Association.archivedCopy()
        let (folder, _) = try attack(association, signedBy: ["alice", "bob"]) { _, content in
            content.targets[try #require(content.targets.keys.min())] = nil
        }
        #expect(try findings(association, folder) == ["audit/two-contents"])
        let (role, content) = try #require(try association.liveBins().first)
        let file = association.workspace.liveMetadata.appending(role.fileName(version: content.header.version))
        try DurableStorage().remove(file)
        #expect(try Set(association.audit().findings.map(\.codeText)).contains("audit/version-gap"))
    }

    @Test func `a bin that is missing is no answer`() throws {
        let association = try Association.archivedCopy()
        let (role, content) = try #require(try association.liveBins().first)
        let folder = association.folder.path("attack")
        try FileManager.default.copyItem(atPath: association.workspace.liveMetadata.string, toPath: folder.string)
        try DurableStorage().remove(folder.appending(role.fileName(version: content.header.version)))
        let path = try #require(content.targets.keys.min())
        let fault = #expect(throws: MetadataFault.self) { try search(path, of: association, in: folder) }
        #expect(fault?.code == .missing)
        #expect(try search("suite/stable/3.0/release.json", of: association, in: folder) != nil)
    }
}

extension Association {
    /// Snapshot and timestamp in `folder` anew, with other entries for roles: what the online key can do.
    fileprivate func rename(_ folder: FilePath, _ bend: (inout [ByteString: MetaFile]) -> Void) throws {
        let published = try Staging.load(workspace).published
        var snapshot = try #require(published.snapshot?.content)
        var timestamp = try #require(published.timestamp?.content)
        snapshot.header.version += 1
        bend(&snapshot.meta)
        let bytes = try signedOnline(snapshot)
        timestamp.header.version += 1
        timestamp.snapshot = MetaFile(version: snapshot.header.version, facts: FileFacts(of: bytes))
        let name = RoleName.snapshot.fileName(version: snapshot.header.version)
        try DurableStorage().write(bytes, to: folder.appending(name))
        try DurableStorage().write(try signedOnline(timestamp), to: folder.appending("timestamp.json"))
    }

    private func signedOnline(_ payload: some Payload) throws -> [UInt8] {
        let key = try key(online)
        var file = SignedFile(payload)
        file.signatures[key.publicKey.computedID] = try key.sign(file.signedBytes)
        return file.bytes
    }
}
