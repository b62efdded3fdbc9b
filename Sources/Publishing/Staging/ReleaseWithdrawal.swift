import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TUF

/// Stages a channel's next metadata in which one release is marked as withdrawn, with the reason that people will read.
/// Its files stay where they are: whoever runs it can still verify it.
package struct ReleaseWithdrawal {
    package struct Result: Sendable {
        package let role: RoleName
        /// Of the channel's metadata.
        package let metadataVersion: Int
        package let notice: WithdrawalNotice
        /// False when it was withdrawn before; then nothing was staged.
        package let isNew: Bool
        /// Names of those whose signatures over the channel's staged metadata were dropped, since it has changed.
        package let droppedSignatures: [String]
    }

    private let workspace: Workspace
    private let now: Date

    package init(workspace: Workspace, now: Date) {
        self.workspace = workspace
        self.now = now
    }

    /// Withdraws `version` from `channel`, or from the one channel that lists it.
    ///
    /// Throws `.unknownVersion`, `.ambiguousVersion`, and `.notPublished` for a release that is only staged.
    package func withdraw(
        _ version: Version, _ withdrawal: Withdrawal, channel: ChannelName?
    ) throws -> Result {
        try workspace.check()
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        var draft = try ChannelDraft(workspace.channel(listing: version, among: channel), in: workspace, now: now)
        let releases = ListedRelease.all(in: draft.content)
        guard let listed = releases.first(where: { $0.facts.version == version }) else {
            let archived = draft.staging.releases(of: draft.role).contains { $0.listed.facts.version == version }
            throw PublishingFault(
                .unknownVersion, found: "\(version)\(archived ? ", in the archive" : "")", at: "\(draft.role)",
                hint: archived ? "instances are not offered what is in the archive: there is nothing to withdraw" : nil)
        }
        guard draft.staging.published.delegated[draft.role]?.content.targets[listed.path] != nil else {
            throw PublishingFault(.notPublished, found: "\(version)", at: "\(draft.role)")
        }
        if let notice = WithdrawalNotice(listed.facts, among: releases.map(\.facts)) {
            return Result(
                role: draft.role, metadataVersion: draft.version, notice: notice, isNew: false, droppedSignatures: [])
        }
        var facts = listed.facts
        facts.withdrawal = withdrawal
        draft.content.targets[listed.path] = listed.file.describing(facts)
        try draft.stage()
        guard let notice = WithdrawalNotice(facts, among: releases.map(\.facts).filter { $0.version != version }) else {
            throw PublishingFault(.unknownVersion, found: "\(version)", at: "\(draft.role)")
        }
        return Result(
            role: draft.role, metadataVersion: draft.version, notice: notice, isNew: true,
            droppedSignatures: draft.droppedSignatures)
    }
}

extension Workspace {
    /// The channel that lists `version`; `wanted` is believed.
    func channel(listing version: Version, among wanted: ChannelName?) throws -> ChannelName {
        if let wanted { return wanted }
        let policy = try loadPolicy()
        let staging = try Staging.load(self)
        let found = policy.channels.map(\.name).filter { name in
            staging.releases(of: RoleName(policy.paths(name).role)).contains { $0.listed.facts.version == version }
        }
        guard let first = found.first else {
            throw PublishingFault(.unknownVersion, found: "\(version)", at: root.string)
        }
        guard found.count == 1 else {
            let names = found.map { "\($0)" }.joined(separator: " and ")
            throw PublishingFault(.ambiguousVersion, found: "\(version) in \(names)", at: root.string)
        }
        return first
    }
}

extension TargetFile {
    /// The same file with other facts beside it; what others wrote into `custom` stays.
    fileprivate func describing(_ facts: ReleaseFacts) -> TargetFile {
        var custom = custom ?? JSONObject()
        if case .object(let encoded) = facts.encode() {
            for member in encoded.members { custom[member.name] = member.value }
        }
        return TargetFile(length: length, hashes: self.facts.hashes, custom: custom)
    }
}
