import FoundationEssentials
import Primitives
import Releases
import TUF

/// The next version of a channel's metadata, on its way to be staged: what is staged for it already, or else what is
/// published, with a new version and expiry.
///
/// To be made and staged while the workspace's lock is held.
struct ChannelDraft {
    let role: RoleName
    let paths: ReleasePaths
    let channel: Policy.Channel
    let staging: Staging
    var content: Targets
    private let workspace: Workspace
    private let former: StagedRole?

    /// Throws `.unknownChannel` when the policy or targets metadata knows no such channel.
    init(_ name: ChannelName, in workspace: Workspace, now: Date) throws {
        let policy = try workspace.loadPolicy()
        channel = try policy.channel(name)
        paths = policy.paths(name)
        role = RoleName(paths.role)
        self.workspace = workspace
        staging = try Staging.load(workspace)
        former = staging.staged(role)
        let next = staging.published.version(of: role) + 1
        // What was staged for a version that is published by now is no base to build on.
        let base = former?.version == next ? former?.targets : staging.published.delegated[role]?.content
        guard let base = base ?? Self.empty(role, staging) else {
            throw PublishingFault(
                .unknownChannel, found: "\"\(name)\"", expected: "a delegation in targets metadata",
                hint: "the channel is in the policy, but targets does not delegate to it")
        }
        content = base
        content.header.version = next
        content.header.expires = channel.signers.life.expiry(from: now)
    }

    /// A channel that targets delegates to and that has no metadata: never published, and not staged or no longer.
    private static func empty(_ role: RoleName, _ staging: Staging) -> Targets? {
        guard staging.targets?.delegations?.signers(of: role) != nil else { return nil }
        return Targets(
            header: PayloadHeader(version: 1, expires: .distantPast), targets: [:], delegations: nil)
    }

    var version: Int { content.header.version }

    /// Names of those whose signatures over what was staged `stage` drops.
    var droppedSignatures: [String] { former?.entries.map(\.name) ?? [] }

    /// Throws `.metadataTooLong` when the content would not fit.
    func check() throws(PublishingFault) -> StagedRole {
        let staged = StagedRole.unsigned(role, .targets(content))
        try Staging.checkLength(staged, signatures: channel.signers.keyholders.count)
        return staged
    }

    /// Puts the draft in the place of what was staged for the channel.
    func stage() throws {
        let staged = try check()
        if let former, former.version != version { try workspace.unstage(role, version: former.version) }
        try workspace.stage(staged)
    }
}
