import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// What a publication brings, for people.
package struct PublicationReport: Sendable {
    package struct NewRelease: Sendable {
        package let role: RoleName
        package let facts: ReleaseFacts
    }

    package let releases: [NewRelease]
    /// Releases that were listed before, and not as withdrawn.
    package let withdrawn: [NewRelease]
    /// Names of the metadata files, in the order in which they go live.
    package let metadata: [String]
    /// Targets that were not live before, and their bytes.
    package let newTargets: Int
    package let newBytes: Int
    package let timestampVersion: Int
    package let timestampExpires: Date
    /// SHA-256 of `Keys/root.json`, when this publication is the first.
    package let anchor: Digest?

    init(_ set: PublicationSet, over published: PublishedMetadata) throws {
        // Whichever role listed it: a release that moves between roles is not new.
        var live: [ByteString: TargetFile] = [:]
        for metadata in published.delegated.values { live.merge(metadata.content.targets) { first, _ in first } }
        var (releases, withdrawn): ([NewRelease], [NewRelease]) = ([], [])
        for metadata in set.targetsMetadata {
            for listed in ListedRelease.all(in: metadata.content) {
                let former = live[listed.path]
                let release = NewRelease(role: metadata.role, facts: listed.facts)
                if former?.facts != listed.file.facts { releases.append(release) }
                if former != nil, former != listed.file, listed.facts.withdrawal != nil { withdrawn.append(release) }
            }
        }
        self.releases = releases
        self.withdrawn = withdrawn
        metadata = set.files.map(\.name)
        let fresh = set.targets.filter { live[$0.path]?.facts != $0.file.facts }
        newTargets = fresh.count
        newBytes = fresh.reduce(0) { $0 + $1.file.length }
        let timestamp = try set.timestamp().content.header
        timestampVersion = timestamp.version
        timestampExpires = timestamp.expires
        anchor = set.bytes(of: PublicationSet.firstRootName).map { Digest.sha256(of: $0) }
    }
}
