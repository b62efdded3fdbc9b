import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// What would change if all that is staged were published, and what each role still lacks.
package struct Review: Sendable {
    package struct AddedRelease: Sendable {
        package let role: RoleName
        package let version: Version
        package let severity: Severity
        /// Nil when the staged `release.json` cannot be read here.
        package let manifest: ReleaseManifest?
    }

    package let roles: [RoleReview]
    package let added: [AddedRelease]
    /// What changes besides added releases, one sentence each, lower case.
    package let changes: [String]
    /// What instances would refuse, whoever signs.
    package let obstacles: [String]

    package var isEmpty: Bool { roles.isEmpty }
    package var isReady: Bool { !roles.isEmpty && obstacles.isEmpty && roles.allSatisfy(\.isComplete) }

    package init(_ staging: Staging, workspace: Workspace, now: Date) {
        roles = staging.roles.map { RoleReview($0, in: staging) }
        var changes: [String] = []
        var added: [AddedRelease] = []
        for staged in staging.roles {
            switch staged.content {
            case .root(let root): changes += Self.describe(root, over: staging.published.root?.content)
            case .targets(let targets) where staged.role == .targets:
                changes += Self.describe(targets, over: staging.published.targets?.content)
            case .targets(let targets):
                let former = staging.published.delegated[staged.role]?.content
                let releases = Self.added(staged.role, targets, over: former, workspace)
                changes += Self.dropped(staged.role, targets, over: former)
                if releases.isEmpty && former == nil { changes.append("opens \(staged.role), without releases yet") }
                added += releases
            }
        }
        self.changes = changes
        self.added = added
        obstacles = staging.roles.compactMap { Self.obstacle($0, staging, now) }
    }

    private static func obstacle(_ staged: StagedRole, _ staging: Staging, _ now: Date) -> String? {
        do throws(PublishingFault) { try staging.check(staged, now: now) } catch { return error.message }
        return nil
    }

    private static func describe(_ root: Root, over former: Root?) -> [String] {
        let signers = root.signers(of: .root)
        let names = signers.keyIDs.map { KeyholderName.of($0, signers.keys[$0]) }.joined(separator: ", ")
        let rule = "\(signers.threshold) of \(names)"
        return [former == nil ? "sets up root: \(rule) sign for it" : "changes root: from now on \(rule) sign for it"]
    }

    private static func describe(_ targets: Targets, over former: Targets?) -> [String] {
        guard case .listed(let list) = targets.delegations?.roles else { return [] }
        return list.compactMap { delegated in
            let signers = targets.delegations?.signers(of: delegated.name)
            guard signers?.isSame(as: former?.delegations?.signers(of: delegated.name)) != true else { return nil }
            let names = delegated.keys.keyIDs.map { KeyholderName.of($0, targets.delegations?.keys[$0]) }
            return "lets \(delegated.keys.threshold) of \(names.joined(separator: ", ")) sign \(delegated.name)"
        }
    }

    private static func added(
        _ role: RoleName, _ targets: Targets, over former: Targets?, _ workspace: Workspace
    ) -> [AddedRelease] {
        ListedRelease.all(in: targets).filter { former?.targets[$0.path] != $0.file }.map { listed in
            AddedRelease(
                role: role, version: listed.facts.version, severity: listed.facts.severity,
                manifest: try? workspace.loadManifest(listed))
        }
    }

    private static func dropped(_ role: RoleName, _ targets: Targets, over former: Targets?) -> [String] {
        guard let former else { return [] }
        return ListedRelease.all(in: former).filter { targets.targets[$0.path] == nil }
            .map { "no longer lists \($0.facts.version) in \(role)" }
    }
}

extension RoleSigners {
    fileprivate func isSame(as other: RoleSigners?) -> Bool {
        keyIDs == other?.keyIDs && threshold == other?.threshold && keys == other?.keys
    }
}
