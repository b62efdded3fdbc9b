import DurableStorage
import FoundationEssentials
import Primitives
import SecretKeys
import SystemPackage
import TUF

/// Makes root, targets and channels as the policy wants them, and stages whatever differs from what is published.
package struct RootProposal {
    package struct Result: Sendable {
        package struct Role: Sendable {
            package let role: RoleName
            package let version: Int
            package let expires: Date
            /// Why it was staged; nil when it stays staged as it was, or was taken back.
            package let reason: Reason?
            /// Names of those whose signatures over what was staged before were dropped.
            package let droppedSignatures: [String]
        }

        /// Staged anew.
        package let staged: [Role]
        /// Staged before, and right.
        package let kept: [Role]
        /// Staged before, and not wanted any more: what is published is as the policy wants it.
        package let takenBack: [Role]
        package let isPolicyChanged: Bool
        /// What should be said about keyholders, thresholds, and channels that the policy leaves out.
        package let warnings: [String]

        /// The policy is as it was, and so is all that is staged.
        package var isEmpty: Bool { staged.isEmpty && takenBack.isEmpty && !isPolicyChanged }
    }

    package typealias Reason = ProposalReason

    private let workspace: Workspace
    private let now: Date

    package init(workspace: Workspace, now: Date) {
        self.workspace = workspace
        self.now = now
    }

    /// Throws before anything is written when the policy as it would be cannot come true.
    ///
    /// It may be stopped anywhere: given again, the same request completes it, and so does one without any wishes.
    package func propose(_ request: ProposalRequest) throws -> Result {
        try workspace.check()
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        let former = try workspace.loadPolicy()
        let staging = try Staging.load(workspace)
        let policy = try former.edited(by: request) { role in staging.names(of: role) }
        let keyring = try Keyring(policy, new: request.keys, workspace: workspace)
        try keyring.check(against: staging.published)
        try request.logKey?.checkNameIsFree(in: workspace)
        let witnesses = try workspace.wishedWitnesses(request.witnesses, policy, over: former, keyring)
        let plan = try ProposalPlan(
            policy, keyring: keyring, witnesses: witnesses, staging: staging, renewal: try renewal(request, policy),
            now: now)
        try check(plan, over: staging)
        // What the policy speaks of comes before it.
        try request.logKey?.save(for: workspace)
        if let log = policy.log, let witnesses { try workspace.writeWitnesses(witnesses, log) }
        try write(request, plan, over: staging, policy: policy == former ? nil : policy)
        return Result(plan, over: staging, policy: policy, isPolicyChanged: policy != former)
    }

    private func renewal(
        _ request: ProposalRequest, _ policy: Policy
    ) throws(PublishingFault) -> ProposalPlan.Renewal {
        guard request.renew else { return .none }
        guard !request.roles.isEmpty else { return .expiring }
        return .named(try policy.roles(named: request.roles).map(\.name))
    }

    /// What every instance would refuse is not staged.
    private func check(_ plan: ProposalPlan, over staging: Staging) throws(PublishingFault) {
        let replaced = Set(plan.steps.map(\.staged.role) + plan.takenBack.map(\.role))
        let result = Staging(
            published: staging.published,
            roles: staging.roles.filter { !replaced.contains($0.role) } + plan.steps.map(\.staged))
        // Also what stays staged: it may have more signers than before.
        for staged in plan.steps.map(\.staged) + plan.kept { try result.check(staged, now: now) }
    }

    /// Keys, then policy, then roles: whatever stands there when this stops, the next proposal goes on from it.
    private func write(
        _ request: ProposalRequest, _ plan: ProposalPlan, over staging: Staging, policy: Policy?
    ) throws {
        let storage = workspace.storage
        for file in request.keys {
            let path = workspace.publicKey("\(file.name)")
            if (try? KeyStorage(storage).loadPublicKeyFile(path)) != file { try storage.write(file.encoded, to: path) }
        }
        if let path = request.onlineKeyPath { try workspace.rememberNextOnlineKey(path) }
        if let policy { try storage.write(Array(policy.text.utf8), to: workspace.policyFile) }
        for former in plan.takenBack { try workspace.unstage(former.role, version: former.version) }
        for step in plan.steps {
            // Two versions of one role must never be staged, not even for a moment.
            if let former = staging.staged(step.staged.role), former.version != step.staged.version {
                try workspace.unstage(former.role, version: former.version)
            }
            try workspace.stage(step.staged)
        }
    }
}

extension RootProposal.Result {
    fileprivate init(_ plan: ProposalPlan, over staging: Staging, policy: Policy, isPolicyChanged: Bool) {
        staged = plan.steps.map { step in
            Role(step.staged, reason: step.reason, dropping: staging.staged(step.staged.role))
        }
        kept = plan.kept.map { Role($0, reason: nil, dropping: nil) }
        takenBack = plan.takenBack.map { Role($0, reason: nil, dropping: $0) }
        self.isPolicyChanged = isPolicyChanged
        warnings =
            KeyholderWarnings.about(policy.keyholderRules) + plan.witnessWarnings(over: staging)
            + plan.leftOut.map { role in
                "\(role) is published, and Keys/policy.yaml does not name it: it stays as it is, but once it expires nothing "
                    + "can be published before it is renewed"
            }
    }
}

extension RootProposal.Result.Role {
    fileprivate init(_ staged: StagedRole, reason: RootProposal.Reason?, dropping former: StagedRole?) {
        role = staged.role
        version = staged.version
        expires = staged.expires
        self.reason = reason
        droppedSignatures = former?.entries.map(\.name) ?? []
    }
}

extension Staging {
    /// Names of all who sign a role now or will, once what is staged is published.
    fileprivate func names(of role: RoleName) -> [String] {
        let now = Staging(published: published, roles: [])
        return (now.signers(of: role) + signers(of: role)).flatMap { signers in
            signers.keyIDs.map { KeyholderName.of($0, signers.keys[$0]) }
        }
    }
}
