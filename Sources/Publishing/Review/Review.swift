import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// What would change if all that is staged were published, and what each role still lacks.
///
/// Nothing that a signature covers is left out: each staged role is compared with what it would be if nothing but the
/// changes named here had been made, and where it is something else, that is a change too (`.undescribed`).
package struct Review: Sendable {
    /// A key that is staged and not published, for comparing with what its holder says.
    package struct NewKey: Sendable {
        package let mention: KeyMention
        /// What `Keys/NAME.pub` says to it: lower case, or nil when it is the same key.
        package let objection: String?
    }

    package let roles: [RoleReview]
    /// What makes a reviewer stop comes first; then by role.
    package let changes: [Change]
    package let newKeys: [NewKey]
    /// Though nothing is wrong.
    package let warnings: [String]
    /// What instances would refuse, whoever signs.
    package let obstacles: [String]

    package var isEmpty: Bool { roles.isEmpty }
    package var isReady: Bool { !roles.isEmpty && obstacles.isEmpty && roles.allSatisfy(\.isComplete) }
    package var isAlarming: Bool { changes.contains(where: \.isAlarming) }

    package init(_ staging: Staging, workspace: Workspace, now: Date) {
        let titles = RoleTitles(staging)
        let directory = KeyDirectory(staging)
        roles = staging.roles.map { RoleReview($0, in: staging, title: titles[$0.role]) }
        let changes = Self.changes(staging, workspace, titles, directory)
        self.changes = changes.filter(\.isAlarming) + changes.filter { !$0.isAlarming }
        newKeys = directory.new.map { mention, key in
            NewKey(mention: mention, objection: workspace.objection(to: mention.name, key))
        }
        warnings =
            staging.roles.isEmpty
            ? [] : KeyholderWarnings.about(staging.keyholderRules) + WitnessWarnings.about(staging.witnessPolicy)
        obstacles = staging.roles.compactMap { Self.obstacle($0, staging, now) }
    }

    private static func obstacle(_ staged: StagedRole, _ staging: Staging, _ now: Date) -> String? {
        do throws(PublishingFault) { try staging.check(staged, now: now) } catch { return error.message }
        return nil
    }

    private static func changes(
        _ staging: Staging, _ workspace: Workspace, _ titles: RoleTitles, _ directory: KeyDirectory
    ) -> [Change] {
        var releases: [Change] = []
        var explained: [RoleName: [ByteString: TargetFile?]] = [:]
        for family in titles.families {
            let comparison = ReleaseComparison(family.paths, roles: family.roles, staging, workspace)
            explained.merge(comparison.explained) { $1 }
            let roles = family.roles.filter { staging.staged($0) != nil }
            releases += comparison.changes.map { Change($0, in: roles) }
        }
        var others: [Change] = []
        for staged in staging.roles {
            let comparison = Self.compare(staged, staging, explained[staged.role] ?? [:], titles, directory)
            others += comparison.changes.map { Change($0, in: [staged.role]) }
            let isAll = comparison.changes.isEmpty && (explained[staged.role] ?? [:]).isEmpty
            others += Self.validity(staged, staging, titles[staged.role], isAll: isAll)
        }
        return releases + others
    }

    private static func compare(
        _ staged: StagedRole, _ staging: Staging, _ releases: [ByteString: TargetFile?], _ titles: RoleTitles,
        _ directory: KeyDirectory
    ) -> RoleComparison {
        switch staged.content {
        case .root(let root):
            RoleComparison(root, over: staging.published.root?.content, titles: titles, directory)
        case .targets(let targets):
            RoleComparison(
                targets, of: staged.role, over: staging.published.content(of: staged.role), releases: releases,
                titles: titles, directory)
        }
    }

    private static func validity(
        _ staged: StagedRole, _ staging: Staging, _ title: RoleTitle, isAll: Bool
    ) -> [Change] {
        let former = staging.published.header(of: staged.role)?.expires
        guard former != staged.expires || isAll else { return [] }
        return [Change(.validity(title, from: former, to: staged.expires, isAll: isAll), in: [staged.role])]
    }
}

extension PublishedMetadata {
    /// Of targets or a role below it.
    fileprivate func content(of role: RoleName) -> Targets? {
        role == .targets ? targets?.content : delegated[role]?.content
    }

    fileprivate func header(of role: RoleName) -> PayloadHeader? {
        role == .root ? root?.content.header : content(of: role)?.header
    }
}
