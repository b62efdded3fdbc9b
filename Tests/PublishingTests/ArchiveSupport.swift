import Archiving
import Auditing
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

extension Association {
    static let channelRole: RoleName = "suite-stable"
    static let archiveRole: RoleName = "suite-stable-archive"
    /// Bytes of a metadata file with its signatures, so few that the files of two releases need bins.
    static let shortMetadata = 2500

    func keep(_ count: Int) throws {
        let text = String(decoding: try #require(try folder.read("w/Keys/policy.yaml")), as: UTF8.self)
        let changed = text.replacingOccurrences(of: "keep: [0-9]+", with: "keep: \(count)", options: .regularExpression)
        try folder.write(changed, to: "w/Keys/policy.yaml")
    }

    func publishSigned() throws {
        try signAsFarAsPossible(["alice", "bob"])
        try publish()
    }

    /// Publishes these one after the other.
    func release(_ versions: [String], metadataLimit: Int) throws {
        for version in versions {
            try add(version, metadataLimit: metadataLimit)
            try publishSigned()
        }
    }

    @discardableResult
    func retire(
        _ version: String, storage: DurableStorage = DurableStorage(), metadataLimit: Int = Staging.longestMetadata
    ) throws -> ReleaseRetirement.Result {
        try ReleaseRetirement(workspace: workspace(storage), now: now, metadataLimit: metadataLimit)
            .retire(Version(version), channel: nil)
    }

    /// 1.0, 2.0 and 3.0 are live; a channel keeps one, so that the others are in bins.
    static let archived = Result {
        let association = try Association()
        try association.keep(1)
        try association.release(["1.0", "2.0", "3.0"], metadataLimit: shortMetadata)
        return association
    }

    static func archivedCopy() throws -> Association {
        try archived.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
    }

    // MARK: looking

    /// Where releases are, once all that is staged is published: `1.0 archived`, `2.0`, …
    func placed() throws -> [String] {
        try Staging.load(workspace).releases(of: Self.channelRole).map {
            "\($0.listed.facts.version)\($0.isArchived ? " archived" : "")"
        }
    }

    /// Roles of the archive that are published.
    func liveArchive() throws -> [RoleName] {
        try Staging.load(workspace).published.delegated.keys
            .filter { ArchiveTrie.contains($0, archive: Self.archiveRole) }.sorted()
    }

    /// The live bins with something in them.
    func liveBins() throws -> [(role: RoleName, content: Targets)] {
        try Staging.load(workspace).published.delegated.filter {
            $0.key != Self.archiveRole && ArchiveTrie.contains($0.key, archive: Self.archiveRole)
                && !$0.value.content.targets.isEmpty
        }.map { ($0.key, $0.value.content) }.sorted { $0.role < $1.role }
    }

    /// That our client finds every file of a release by the search through delegations, and has its bytes.
    func checkFinds(_ version: String) throws {
        var updater = try HoldingInstance(pinnedRoot: anchor()).updater(for: self)
        try updater.refresh()
        let names = ["release.json", "tree.mtree", "suite-\(version).tar.zst", "SHA256SUMS"]
        for name in names {
            let path = ByteString("suite/stable/\(version)/\(name)")
            let file = try #require(try updater.target(at: path), "\(path)")
            let digest = try #require(file.facts.sha256)
            let stored = Workspace.file(ReleasePaths.stored(path, sha256: digest), below: workspace.liveTargets)
            try file.facts.check(DurableStorage().read(stored, limit: 1 << 24), at: stored.string)
        }
    }

    /// What an auditor says of everything that was ever published.
    func audit() throws -> AuditReport {
        try Auditor(
            DirectorySource(workspace.releases), archives: TreeExtractor(), referenceTime: now, full: true
        ).run(givenRoot: anchor())
    }

    /// Signs metadata by hand and puts it where it is published.
    func signed(_ targets: Targets, by names: [String]) throws -> [UInt8] {
        var file = SignedFile(targets)
        for name in names {
            let key = try key(name)
            file.signatures[key.publicKey.computedID] = try key.sign(file.signedBytes)
        }
        return file.bytes
    }
}
