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
        releases = set.targetsMetadata.flatMap { metadata in
            let live = published.delegated[metadata.role]?.content
            return ListedRelease.all(in: metadata.content).filter { live?.targets[$0.path] != $0.file }
                .map { NewRelease(role: metadata.role, facts: $0.facts) }
        }
        metadata = set.files.map(\.name)
        let fresh = set.targets.filter { published.delegated[$0.role]?.content.targets[$0.path] != $0.file }
        newTargets = fresh.count
        newBytes = fresh.reduce(0) { $0 + $1.file.length }
        let timestamp = try set.timestamp().content.header
        timestampVersion = timestamp.version
        timestampExpires = timestamp.expires
        anchor = set.bytes(of: PublicationSet.firstRootName).map { Digest.sha256(of: $0) }
    }
}
