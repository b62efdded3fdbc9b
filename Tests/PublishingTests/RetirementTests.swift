import Auditing
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `A release is retired` {
    /// 1.0, 2.0 and 3.0 are live in the channel.
    private static let three = Result {
        let association = try Association()
        for version in ["1.0", "2.0", "3.0"] { try association.add(version) }
        try association.publishSigned()
        return association
    }

    private func copy() throws -> Association {
        try Self.three.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
    }

    @Test func `and agents are not offered it any more`() throws {
        let association = try copy()
        let result = try association.retire("2.0")
        #expect(result.isNew)
        #expect(result.metadataVersion == 2)
        #expect(result.archiveRoles == [Association.archiveRole])
        try association.publishSigned()
        #expect(try association.placed() == ["1.0", "2.0 archived", "3.0"])
        try association.checkFinds("2.0")
        #expect(try association.audit().findings.isEmpty)
        let again = try association.retire("2.0")
        #expect(!again.isNew)
        #expect(try association.stagedRoles().isEmpty)
    }

    @Test func `one after the other, before anything is published`() throws {
        let association = try copy()
        try association.retire("1.0")
        try association.sign("alice")
        let result = try association.retire("2.0")
        #expect(result.droppedSignatures == ["alice"])
        try association.publishSigned()
        #expect(try association.placed() == ["1.0 archived", "2.0 archived", "3.0"])
        #expect(try association.liveArchive() == [Association.archiveRole])
    }

    @Test func `unless it is the newest, only staged, or unknown`() throws {
        let association = try copy()
        try association.add("4.0")
        try association.sign("alice")
        let before = try association.files(below: "w")
        func refused(_ version: String) -> PublishingFaultCode? {
            #expect(throws: PublishingFault.self) { try association.retire(version) }?.code
        }
        #expect(refused("4.0") == .notPublished)
        #expect(refused("5.0") == .unknownVersion)
        #expect(try association.files(below: "w") == before)
        try Discard("stable", workspace: association.workspace).run()
        #expect(refused("3.0") == .newestRelease)
        #expect(try association.stagedRoles().isEmpty)
    }

    @Test func `and a stop at any instant leaves it somewhere, and a second run completes`() throws {
        let original = try copy()
        try original.retire("1.0", metadataLimit: Association.shortMetadata)
        try original.sign("alice")
        let undisturbed = try original.copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
        try undisturbed.retire("2.0", metadataLimit: Association.shortMetadata)
        #expect(try undisturbed.stagedRoles().count > 3)
        let expected = try undisturbed.files(below: "w")
        let stops = try FaultyStorage.crashAtEveryEffect(losing: .everythingUnflushed, in: TemporaryFolder.inMemory) {
            storage, folder in
            try original.copied(to: folder).retire(
                "2.0", storage: storage, metadataLimit: Association.shortMetadata)
        } afterwards: { folder, stop, _ in
            let association = Association(folder: folder, keys: original.keys)
            #expect(try association.placed().count == 3, "after stop \(stop)")
            try association.retire("2.0", metadataLimit: Association.shortMetadata)
            var found = try association.files(below: "w").filter { !$0.key.hasSuffix(".tmp") }
            // Signatures over what was staged before may be left; they are reported and count for nothing.
            for path in found.keys where path.contains("/signatures/") && expected[path] == nil { found[path] = nil }
            #expect(found == expected, "after stop \(stop) and another run")
        }
        #expect(stops > 20)
        try undisturbed.publishSigned()
        #expect(try undisturbed.placed() == ["1.0 archived", "2.0 archived", "3.0"])
    }
}
