import FoundationEssentials
import Primitives
import Releases
import TUF

/// Stages the move of one release from a channel to its archive: agents are not offered it any more, and everybody can
/// still find and verify it.
package struct ReleaseRetirement {
    package struct Result: Sendable {
        package let version: Version
        /// The channel's role, and the version of its metadata that is staged.
        package let role: RoleName
        package let metadataVersion: Int
        /// False when it was in the archive before; then nothing was staged.
        package let isNew: Bool
        /// Roles of the archive that were staged; none when a stopped run had staged them.
        package let archiveRoles: [RoleName]
        /// Names of those whose signatures over what was staged before were dropped.
        package let droppedSignatures: [String]
    }

    private let workspace: Workspace
    private let now: Date
    private let metadataLimit: Int

    /// - Parameter metadataLimit: bytes that one metadata file of the archive may have before it is split.
    package init(workspace: Workspace, now: Date, metadataLimit: Int = Staging.longestMetadata) {
        self.workspace = workspace
        self.now = now
        self.metadataLimit = metadataLimit
    }

    /// Throws `.unknownVersion`, `.ambiguousVersion`, `.notPublished` for a release that is only staged, and
    /// `.newestRelease` for the one that instances should have.
    package func retire(_ version: Version, channel: ChannelName?) throws -> Result {
        try workspace.check()
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        let name = try workspace.channel(listing: version, among: channel)
        var draft = try ChannelDraft(name, in: workspace, now: now)
        let releases = ListedRelease.all(in: draft.content)
        guard let listed = releases.first(where: { $0.facts.version == version }) else {
            guard draft.staging.releases(of: draft.role).contains(where: { $0.listed.facts.version == version }) else {
                throw PublishingFault(.unknownVersion, found: "\(version)", at: "\(draft.role)")
            }
            return Result(
                version: version, role: draft.role, metadataVersion: draft.version, isNew: false, archiveRoles: [],
                droppedSignatures: [])
        }
        guard draft.isPublished(listed) else {
            throw PublishingFault(.notPublished, found: "\(version)", at: "\(draft.role)")
        }
        let newest = releases.last { $0.facts.withdrawal == nil }?.facts.version
        guard version != newest else {
            throw PublishingFault(.newestRelease, found: "\(version)", at: "\(draft.role)")
        }
        let archive = try draft.archive([version], limit: metadataLimit)
        _ = try draft.check()
        let dropped = draft.droppedSignatures
        // Before the channel: should this stop, the release is in both, and the next run takes it out of the channel.
        try archive.stage(in: workspace)
        try draft.stage()
        return Result(
            version: version, role: draft.role, metadataVersion: draft.version, isNew: true,
            archiveRoles: archive.roles,
            droppedSignatures: dropped + archive.droppedSignatures.filter { !dropped.contains($0) })
    }
}
