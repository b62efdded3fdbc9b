import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// Why a role is staged.
package enum ProposalReason: String, Sendable {
    case new
    /// Keys, thresholds or delegations in it change.
    case changed
    /// It stays as it is, but those who signed it do not suffice any more.
    case signaturesTooFew = "signatures_too_few"
    case renewed
}

/// Which roles have to be signed anew for a policy to come true, and which need not: the fewest signatures.
struct ProposalPlan {
    enum Renewal {
        case none
        /// Whatever expires within its warning time.
        case expiring
        /// These, and what a channel among them delegates to.
        case named([RoleName])
    }

    struct Step {
        let staged: StagedRole
        let reason: ProposalReason
    }

    private let staging: Staging
    private let wish: WishedMetadata
    private let renewal: Renewal
    private let now: Date

    /// In the order in which they are staged.
    private(set) var steps: [Step] = []
    /// Staged as they should be.
    private(set) var kept: [StagedRole] = []
    /// Staged, and not wanted any more.
    private(set) var takenBack: [StagedRole] = []
    /// Delegated to by published targets, and not a channel of the policy's.
    let leftOut: [RoleName]

    init(
        _ policy: Policy, keyring: Keyring, witnesses: ByteString?, staging: Staging, renewal: Renewal, now: Date
    ) throws(PublishingFault) {
        self.staging = staging
        self.renewal = renewal
        self.now = now
        wish = try WishedMetadata(policy, keyring: keyring, witnesses: witnesses)
        let published = staging.published
        let channels = policy.channels.map { policy.role(of: $0.name) }
        leftOut = published.targets?.content.delegations?.names(among: []).filter { !channels.contains($0) } ?? []
        let root = try wish.root(over: published.root?.content ?? staging.staged(.root)?.rootContent)
        decide(Candidate(.root, .root(root), live: published.root.map { .root($0.content) }, life: policy.root.life))
        let targets = try wish.targets(over: published.targets?.content ?? staging.staged(.targets)?.targets)
        decide(
            Candidate(
                .targets, .targets(targets), live: published.targets.map { .targets($0.content) },
                life: policy.targets.life,
                isSigned: published.targets.map { root.signers(of: .targets).report(on: $0).isMet } ?? false))
        for channel in policy.channels { try walk(channel, policy.role(of: channel.name), below: targets) }
    }

    /// A channel, its archive, and the bins of that.
    private mutating func walk(
        _ channel: Policy.Channel, _ top: RoleName, below targets: Targets
    ) throws(PublishingFault) {
        var seen: Set<RoleName> = []
        var pending: [(role: RoleName, delegator: Targets)] = [(top, targets)]
        while let (role, delegator) = pending.popLast() {
            guard seen.insert(role).inserted, let base = try base(role, isChannel: role == top) else { continue }
            let wanted = try wish.below(channel, role, over: base)
            let live = staging.published.delegated[role]
            let isSigned = live.flatMap { delegator.delegations?.signers(of: role)?.report(on: $0).isMet } ?? false
            decide(
                Candidate(
                    role, .targets(wanted), live: live.map { .targets($0.content) }, life: channel.signers.life,
                    isSigned: isSigned, renewedWith: top))
            let known = wanted.delegations?.names(among: []) ?? []
            pending += known.map { (role: $0, delegator: wanted) }
        }
    }

    /// What the next version is made from: a release that waits stays.
    private func base(_ role: RoleName, isChannel: Bool) throws(PublishingFault) -> Targets? {
        let live = staging.published.delegated[role]?.content
        guard let former = staging.staged(role) else { return live ?? (isChannel ? WishedMetadata.empty : nil) }
        let next = staging.published.version(of: role) + 1
        guard former.version == next else {
            throw PublishingFault(
                .wouldBeRefused, found: "\(role) version \(former.version), staged", expected: "version \(next)",
                at: former.fileName, hint: "take it back with sceau discard \(role), and stage its releases again")
        }
        return former.targets
    }

    // MARK: one role

    private struct Candidate {
        let role: RoleName
        let wanted: StagedRole.Content
        let live: StagedRole.Content?
        let life: Policy.Life
        /// Whether what is live has enough signatures in the eyes of whoever will delegate to it.
        let isSigned: Bool
        /// The role that a person names for this one to be renewed.
        let renewedWith: RoleName

        init(
            _ role: RoleName, _ wanted: StagedRole.Content, live: StagedRole.Content?, life: Policy.Life,
            isSigned: Bool = true, renewedWith: RoleName? = nil
        ) {
            self.role = role
            self.wanted = wanted
            self.live = live
            self.life = life
            self.isSigned = isSigned
            self.renewedWith = renewedWith ?? role
        }
    }

    private mutating func decide(_ candidate: Candidate) {
        let role = candidate.role
        let next = staging.published.version(of: role) + 1
        let former = staging.staged(role)
        if let former, former.version == next, former.content.saysTheSame(as: candidate.wanted),
            isFresh(former, candidate)
        {
            return kept.append(former)
        }
        if let reason = reason(for: candidate) {
            let header = PayloadHeader(version: next, expires: candidate.life.expiry(from: now))
            steps.append(Step(staged: .unsigned(role, candidate.wanted.with(header)), reason: reason))
        } else if let former {
            takenBack.append(former)
        }
    }

    private func reason(for candidate: Candidate) -> ProposalReason? {
        guard let live = candidate.live else { return .new }
        guard live.saysTheSame(as: candidate.wanted) else { return .changed }
        guard candidate.isSigned else { return .signaturesTooFew }
        return switch renewal {
        case .none: nil
        case .expiring: candidate.life.isNear(live.header.expires, at: now) ? .renewed : nil
        case .named(let roles): roles.contains(candidate.renewedWith) ? .renewed : nil
        }
    }

    /// Whether what was staged earlier will do: it is not made anew for a few days more, which would cost signatures.
    private func isFresh(_ former: StagedRole, _ candidate: Candidate) -> Bool {
        guard former.expires > now else { return false }
        return switch renewal {
        case .none: true
        case .expiring: !candidate.life.isNear(former.expires, at: now)
        case .named(let roles):
            !roles.contains(candidate.renewedWith) || !candidate.life.isNear(former.expires, at: now)
        }
    }
}

extension StagedRole.Content {
    var header: PayloadHeader {
        switch self {
        case .root(let root): root.header
        case .targets(let targets): targets.header
        }
    }

    func with(_ header: PayloadHeader) -> Self {
        switch self {
        case .root(var root):
            root.header = header
            return .root(root)
        case .targets(var targets):
            targets.header = header
            return .targets(targets)
        }
    }

    /// Whether both are equal but for version and expiry.
    fileprivate func saysTheSame(as other: Self) -> Bool {
        StagedRole.unsigned(.root, with(WishedMetadata.noHeader)).signedBytes
            == StagedRole.unsigned(.root, other.with(WishedMetadata.noHeader)).signedBytes
    }
}
