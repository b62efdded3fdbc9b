import Primitives
import Releases
import TUF

/// A release where it stands: in a channel's own role, in its archive, or in one of the bins.
package struct PlacedRelease: Sendable {
    package let role: RoleName
    package let listed: ListedRelease
    package let isArchived: Bool
}

extension ReleasePaths {
    /// The role that lists releases which have left the channel.
    package var archiveRole: ByteString { ByteString("\(role)-archive") }
}

extension Staging {
    /// A channel's role, then those of its archive and bins that are staged or published, whether or not anybody
    /// delegates to them yet.
    func roles(of channel: RoleName) -> [RoleName] {
        let archive = RoleName(ByteString("\(channel)-archive"))
        let names = Set(published.delegated.keys).union(roles.map(\.role))
        return [channel] + names.filter { ArchiveTrie.contains($0, archive: archive) }.sorted()
    }

    /// Every release of a channel, oldest first. One that is in the channel and in the archive, as a stopped move leaves
    /// it, counts as in the channel.
    package func releases(of channel: RoleName) -> [PlacedRelease] {
        var found: [PlacedRelease] = []
        var paths: Set<ByteString> = []
        for role in roles(of: channel) {
            for listed in content(of: role).map({ ListedRelease.all(in: $0) }) ?? []
            where paths.insert(listed.path).inserted {
                found.append(PlacedRelease(role: role, listed: listed, isArchived: role != channel))
            }
        }
        return found.sorted { $0.listed.facts.version < $1.listed.facts.version }
    }
}
