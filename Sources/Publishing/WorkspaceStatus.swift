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
        package let role: RoleName
        package let facts: ReleaseFacts
        package let isPublished: Bool
    }

    package let product: ProductName
    package let roles: [Role]
    package let releases: [Release]
    package let review: Review
    /// A publication was decided upon and is not finished.
    package let isInterrupted: Bool

    package var isExpiring: Bool { roles.contains(where: \.isExpiring) }

    package static func load(_ workspace: Workspace, now: Date) throws -> WorkspaceStatus {
        try workspace.check()
        let policy = try workspace.loadPolicy()
        let staging = try Staging.load(workspace)
        return WorkspaceStatus(
            product: policy.product, roles: roles(staging.published, policy, now), releases: releases(staging, policy),
            review: Review(staging, workspace: workspace, now: now),
            isInterrupted: try workspace.storage.info(workspace.publication) != nil)
    }

    private static func roles(_ published: PublishedMetadata, _ policy: Policy, _ now: Date) -> [Role] {
        func role(_ name: RoleName, _ header: PayloadHeader?, _ life: Policy.Life) -> Role? {
            header.map {
                Role(
                    role: name, version: $0.version, expires: $0.expires, isExpiring: life.isNear($0.expires, at: now))
            }
        }
        let channels = policy.channels.map { channel in
            let name = RoleName(policy.paths(channel.name).role)
            return role(name, published.delegated[name]?.content.header, channel.signers.life)
        }
        return
            ([
                role(.root, published.root?.content.header, policy.root.life),
                role(.targets, published.targets?.content.header, policy.targets.life),
            ] + channels + [
                role(.snapshot, published.snapshot?.content.header, policy.snapshot),
                role(.timestamp, published.timestamp?.content.header, policy.timestamp),
            ]).compactMap(\.self)
    }

    private static func releases(_ staging: Staging, _ policy: Policy) -> [Release] {
        policy.channels.flatMap { channel -> [Release] in
            let role = RoleName(policy.paths(channel.name).role)
            let live = staging.published.delegated[role]?.content
            let all = staging.content(of: role).map { ListedRelease.all(in: $0) } ?? []
            return all.map { listed in
                Release(role: role, facts: listed.facts, isPublished: live?.targets[listed.path] == listed.file)
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
            let role = RoleName(policy.paths(each.name).role)
            guard let content = staging.content(of: role) else { continue }
            if let listed = ListedRelease.all(in: content).first(where: { $0.facts.version == version }) {
                return try loadManifest(listed)
            }
        }
        throw PublishingFault(.unknownVersion, found: "\(version)", at: root.string)
    }
}
