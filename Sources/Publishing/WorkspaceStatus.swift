import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF

/// What is published, what is staged over it, and what will expire soon.
package struct WorkspaceStatus: Sendable {
    package struct Role: Sendable {
        package let role: RoleName
        package let version: Int
        package let expires: Date
        /// Less is left than the policy's warning time, or nothing.
        package let isExpiring: Bool
    }

    package struct Release: Sendable {
        /// The channel's role, its archive's, or a bin's, once what is staged is published.
        package let role: RoleName
        package let facts: ReleaseFacts
        /// As it stands, wherever.
        package let isPublished: Bool
        package let isArchived: Bool
        /// It is published in the channel; its place in the archive is staged.
        package let isMoving: Bool
    }

    package let product: ProductName
    package let roles: [Role]
    package let releases: [Release]
    /// Nil while a publication is half done: what is staged cannot be judged then.
    package let review: Review?
    package let transparency: TransparencyStatus
    /// What should be seen to, the most urgent first.
    package let warnings: [StatusWarning]

    /// A publication was decided upon and is not finished.
    package var isInterrupted: Bool { review == nil }
    package var isExpiring: Bool { roles.contains(where: \.isExpiring) }
    /// For the exit status.
    package var isUrgent: Bool { warnings.contains(where: \.isUrgent) }

    /// Throws when what is published does not follow from `Keys/root.json`.
    package static func load(_ workspace: Workspace, now: Date) throws -> WorkspaceStatus {
        try workspace.check()
        let policy = try workspace.loadPolicy()
        let isInterrupted = try workspace.storage.info(workspace.publication) != nil
        let staging =
            isInterrupted
            ? Staging(published: try PublishedMetadata.load(workspace), roles: []) : try Staging.load(workspace)
        let review = isInterrupted ? nil : Review(staging, workspace: workspace, now: now)
        let roles = roles(staging, policy, now)
        let transparency = try TransparencyStatus.load(workspace, staging.published, now: now)
        return WorkspaceStatus(
            product: policy.product, roles: roles, releases: releases(staging, policy), review: review,
            transparency: transparency,
            warnings: StatusWarning.all(roles, review, staging, policy, transparency, now: now))
    }

    private static func roles(_ staging: Staging, _ policy: Policy, _ now: Date) -> [Role] {
        let published = staging.published
        func role(_ name: RoleName, _ header: PayloadHeader?) -> Role? {
            header.map {
                Role(
                    role: name, version: $0.version, expires: $0.expires,
                    isExpiring: policy.life(of: name, staging).isNear($0.expires, at: now))
            }
        }
        // A channel is followed by its archive and the bins of that.
        let families = RoleTitles(staging).families.flatMap(\.roles).map { ($0, published.delegated[$0]) }
        return
            ([role(.root, published.root?.content.header), role(.targets, published.targets?.content.header)]
            + families.map { role($0.0, $0.1?.content.header) }
            + [
                role(.snapshot, published.snapshot?.content.header),
                role(.timestamp, published.timestamp?.content.header),
            ]).compactMap(\.self)
    }

    private static func releases(_ staging: Staging, _ policy: Policy) -> [Release] {
        policy.channels.flatMap { channel -> [Release] in
            let role = RoleName(policy.paths(channel.name).role)
            let live = staging.published.delegated
            let places = staging.roles(of: role)
            return staging.releases(of: role).map { placed in
                let (path, file) = (placed.listed.path, placed.listed.file)
                return Release(
                    role: placed.role, facts: placed.listed.facts,
                    isPublished: places.contains { live[$0]?.content.targets[path] == file },
                    isArchived: placed.isArchived,
                    isMoving: placed.isArchived && live[role]?.content.targets[path] != nil)
            }
        }
    }
}

extension Workspace {
    /// The manifest of one version, published or staged, from whichever channel has it.
    package func loadManifest(_ version: Version, channel: ChannelName?) throws -> ReleaseManifest {
        let policy = try loadPolicy()
        let staging = try Staging.load(self)
        for each in policy.channels where channel == nil || each.name == channel {
            let releases = staging.releases(of: RoleName(policy.paths(each.name).role))
            if let found = releases.first(where: { $0.listed.facts.version == version }) {
                return try loadManifest(found.listed)
            }
        }
        throw PublishingFault(.unknownVersion, found: "\(version)", at: root.string)
    }
}
