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

@Suite struct `A release moves to the archive` {
    private let archive = Association.archiveRole

    @Test func `when newer ones fill the channel, and everybody still finds it`() throws {
        let association = try Association()
        try association.keep(2)
        try association.release("1.0")
        try association.release("2.0")
        let before = try association.published()
        let result = try association.add("3.0")
        #expect(result.archived.map { "\($0)" } == ["1.0"])
        #expect(result.archiveRoles == [archive])
        #expect(try Staging.load(association.workspace).roles.map(\.role) == [Association.channelRole, archive])
        // The files are live already.
        #expect(try association.files(below: "w/Staged/targets").keys.allSatisfy { $0.contains("/3.0/") })
        try association.publishSigned()
        #expect(try association.placed() == ["1.0 archived", "2.0", "3.0"])
        let reading = try association.checkWithPythonTUF()
        #expect(reading.versions?["suite-stable-archive"] == 1)
        #expect(reading.targets?.contains("suite/stable/1.0/suite-1.0.tar.zst") == true)
        for version in ["1.0", "2.0", "3.0"] { try association.checkFinds(version) }
        #expect(try HoldingInstance(pinnedRoot: association.anchor()).refresh(from: association) == "3.0")
        let after = try association.published()
        for (path, bytes) in before where !path.hasSuffix("timestamp.json") { #expect(after[path] == bytes) }
        #expect(try association.audit().findings.isEmpty)
    }

    @Test func `and its version is never used again`() throws {
        let association = try Association.archivedCopy()
        #expect(try association.placed() == ["1.0 archived", "2.0 archived", "3.0"])
        let before = try association.files(below: "w")
        #expect(#expect(throws: PublishingFault.self) { try association.add("1.0") }?.code == .versionExists)
        #expect(#expect(throws: PublishingFault.self) { try association.add("1.5") }?.code == .versionNotNewer)
        #expect(try association.files(below: "w").filter { !$0.key.contains("/trees/") } == before)
    }

    @Test func `but not before it has been published`() throws {
        let association = try Association()
        try association.keep(1)
        for version in ["1.0", "2.0", "3.0"] { #expect(try association.add(version).archived.isEmpty) }
        try association.publishSigned()
        #expect(try association.placed() == ["1.0", "2.0", "3.0"])
        #expect(try association.add("4.0").archived.count == 3)
        try association.publishSigned()
        #expect(try association.placed() == ["1.0 archived", "2.0 archived", "3.0 archived", "4.0"])
    }

    @Test func `and the archive spreads over bins once it is long`() throws {
        let association = try Association.archivedCopy()
        let roles = try association.liveArchive()
        #expect(roles.count > 3)
        let versions = try #require(try association.checkWithPythonTUF().versions)
        #expect(versions.keys.contains(roles[1].text.description))
        for version in ["1.0", "2.0", "3.0"] { try association.checkFinds(version) }
        let report = try association.audit()
        #expect(report.findings.isEmpty)
        #expect(report.counts.releases == 3)
        // What does not change is not signed again.
        let live = try Staging.load(association.workspace).published
        let result = try association.add("4.0", metadataLimit: Association.shortMetadata)
        let staged = Set(result.archiveRoles)
        #expect(!staged.isEmpty)
        try association.publishSigned()
        let now = try Staging.load(association.workspace).published
        for role in roles {
            #expect(now.version(of: role) == live.version(of: role) + (staged.contains(role) ? 1 : 0), "\(role)")
        }
        #expect(try association.audit().findings.isEmpty)
    }

    @Test func `and a keyholder who goes takes nothing along`() throws {
        var association = try Association.archivedCopy()
        for name in ["dave"] { association.keys[name] = try Association.key(name) }
        try association.propose { request in
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        }
        try association.signAsFarAsPossible(["alice", "carol"])
        try association.publish()
        for version in ["1.0", "2.0", "3.0"] { try association.checkFinds(version) }
        try association.add("4.0", metadataLimit: Association.shortMetadata)
        try association.signAsFarAsPossible(["alice", "dave"])
        try association.publish()
        for version in ["1.0", "2.0", "3.0", "4.0"] { try association.checkFinds(version) }
        #expect(try association.propose().isEmpty)
        #expect(try association.audit().findings.isEmpty)
    }

    /// Thirty releases, of which a channel keeps three.
    @Test func `and many are as easy to find as few`() throws {
        let association = try Association()
        try association.keep(3)
        for batch in 0..<3 {
            for number in 1...10 { try association.add("\(batch).\(number)", metadataLimit: 6 << 10) }
            try association.publishSigned()
        }
        let placed = try association.placed()
        #expect(placed.count == 30)
        #expect(placed.filter { $0.hasSuffix("archived") }.count == 20)
        #expect(try association.liveArchive().count > 10)
        #expect(try association.checkWithPythonTUF().targets?.count == 30 * 4)
        for version in ["0.1", "1.7", "2.10"] { try association.checkFinds(version) }
    }

    // MARK: discarding

    @Test func `unless the next release is discarded, which takes the move back`() throws {
        let association = try Association.archivedCopy()
        let before = try association.files(below: "w")
        try association.add("4.0", metadataLimit: Association.shortMetadata)
        try association.sign("alice")
        let discard = try Discard("stable", workspace: association.workspace)
        #expect(discard.staged.role == Association.channelRole)
        #expect(discard.others.map(\.role).contains { ArchiveTrie.contains($0, archive: archive) })
        #expect(discard.releases.map { "\($0)" } == ["4.0"])
        #expect(discard.signatures == ["alice"])
        try discard.run()
        #expect(try association.files(below: "w").filter { before[$0.key] != $0.value }.isEmpty)
        #expect(try association.placed() == ["1.0 archived", "2.0 archived", "3.0"])
    }
}
