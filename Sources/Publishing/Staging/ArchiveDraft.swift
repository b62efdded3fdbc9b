import FoundationEssentials
import Primitives
import Releases
import TUF

/// The next versions of a channel's archive and its bins, as far as a move changes them, on their way to be staged.
struct ArchiveDraft {
    /// Each after those it delegates to. Without these there is nothing to find: they are staged before the channel that
    /// leads to them, so that a stop leaves a release in two places and never in none.
    private let next: [StagedRole]
    /// What is staged for them now.
    private let former: [RoleName: StagedRole]

    /// Nothing moves.
    static let empty = ArchiveDraft(next: [], former: [:])

    private init(next: [StagedRole], former: [RoleName: StagedRole]) {
        self.next = next
        self.former = former
    }

    var roles: [RoleName] { next.map(\.role) }

    /// Names of those whose signatures over what was staged `stage` drops.
    var droppedSignatures: [String] {
        var names: [String] = []
        for entry in next.flatMap({ former[$0.role]?.entries ?? [] }) where !names.contains(entry.name) {
            names.append(entry.name)
        }
        return names
    }

    func stage(in workspace: Workspace) throws {
        for staged in next {
            if let former = former[staged.role], former.version != staged.version {
                try workspace.unstage(former.role, version: former.version)
            }
            try workspace.stage(staged)
        }
    }

    fileprivate init(
        moving targets: [ByteString: TargetFile], of draft: ChannelDraft, to archive: RoleName,
        signers: ArchiveTrie.Signers, limit: Int
    ) throws(PublishingFault) {
        let staging = draft.staging
        var trie = ArchiveTrie(archive, Self.present(archive, staging), signers: signers, limit: limit)
        trie.insert(targets)
        var next: [StagedRole] = []
        for role in trie.changedDeepestFirst {
            guard var content = trie.documents[role] else { continue }
            content.header = PayloadHeader(
                version: staging.published.version(of: role) + 1, expires: draft.content.header.expires)
            let staged = StagedRole.unsigned(role, .targets(content))
            try Staging.checkLength(staged, signatures: signers.roleKeys.keyIDs.count)
            next.append(staged)
        }
        let formers = staging.roles.map { ($0.role, $0) }
        self.init(next: next, former: Dictionary(formers) { $1 })
    }

    /// What the archive and its bins hold: as staged, or else as published. A bin that a stopped run staged is among
    /// them, though nobody delegates to it yet.
    private static func present(_ archive: RoleName, _ staging: Staging) -> [RoleName: Targets] {
        var documents = staging.published.delegated.mapValues(\.content)
        for staged in staging.roles where staged.version == staging.published.version(of: staged.role) + 1 {
            documents[staged.role] = staged.targets
        }
        return documents.filter { ArchiveTrie.contains($0.key, archive: archive) }
    }
}

extension ChannelDraft {
    /// Moves every published release beyond the newest `keep` to the archive.
    ///
    /// One that has not been published stays: nobody should be asked to sign it into the archive unseen.
    mutating func archive(
        beyond keep: Int, limit: Int
    ) throws(PublishingFault) -> (draft: ArchiveDraft, versions: [Version]) {
        let versions = ListedRelease.all(in: content).dropLast(keep).filter { isPublished($0) }.map(\.facts.version)
        return (try archive(versions, limit: limit), versions)
    }

    func isPublished(_ listed: ListedRelease) -> Bool {
        staging.published.delegated[role]?.content.targets[listed.path] != nil
    }

    /// Moves every file of these releases from the channel to its archive, which comes to be with the first.
    mutating func archive(_ versions: [Version], limit: Int) throws(PublishingFault) -> ArchiveDraft {
        let moving = content.targets.filter { path, _ in
            paths.split(path).map { versions.contains($0.version) } ?? false
        }
        guard !moving.isEmpty else { return .empty }
        guard let signers = staging.delegations.node(role)?.delegators.first?.signers else {
            throw PublishingFault(.unknownChannel, found: "\(role)", expected: "a delegation in targets metadata")
        }
        let archive = RoleName(paths.archiveRole)
        let keyholders = ArchiveTrie.Signers(signers)
        let draft = try ArchiveDraft(moving: moving, of: self, to: archive, signers: keyholders, limit: limit)
        for path in moving.keys { content.targets[path] = nil }
        try delegate(to: archive, keyholders)
        return draft
    }

    private mutating func delegate(to archive: RoleName, _ signers: ArchiveTrie.Signers) throws(PublishingFault) {
        var delegations = content.delegations ?? Delegations(keys: [:], roles: [])
        guard case .listed(var list) = delegations.roles else {
            throw PublishingFault(
                .unknownRole, found: "delegations by rule", expected: "a list, as these tools write it", at: "\(role)")
        }
        guard !list.contains(where: { $0.name == archive }) else { return }
        list.append(
            DelegatedRole(
                name: archive, keys: signers.roleKeys, terminating: true,
                scope: .patterns([PathPattern(paths.pattern)])))
        delegations.roles = .listed(list)
        delegations.keys.merge(signers.keys) { $1 }
        content.delegations = delegations
    }
}
