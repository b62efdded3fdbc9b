import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// What these tools refuse to sign or publish although a client might take it once: it would lock people out, or let
/// somebody sign what is not theirs.
extension Staging {
    /// Years that a signature may be good for.
    private static let longestLife = 10.0 * 366 * 86400

    func checkGuardRails(_ staged: StagedRole, now: Date) throws(PublishingFault) {
        guard staged.expires.timeIntervalSince(now) <= Self.longestLife else {
            throw Self.refused(
                staged, found: "expiry \(UTCTime.encode(staged.expires))", expected: "at most ten years from now")
        }
        switch staged.content {
        case .root(let root):
            try checkRoot(root, staged)
            try checkWitnessPolicy(root)
            let below = delegations.nodes.flatMap { node in node.delegators.map(\.signers) }
            try checkReleaseKey(staged, signsNothingOf: RoleName.topLevel.map { root.signers(of: $0) } + below)
        case .targets(let targets):
            let names = targets.delegations?.names(among: []) ?? []
            let below = names.compactMap { targets.delegations?.signers(of: $0) }
            try checkReleaseKey(staged, signsNothingOf: below)
            try checkDelegations(targets.delegations, staged)
            try checkPaths(targets, staged)
            try checkSignersBelow(staged)
            try checkWithdrawals(targets, staged)
        }
        try checkNames(staged)
        try checkStaysSigned(below: staged)
    }

    private static func refused(
        _ staged: StagedRole, found: String, expected: String, hint: String? = nil
    ) -> PublishingFault {
        PublishingFault(.wouldBeRefused, found: found, expected: expected, at: staged.fileName, hint: hint)
    }

    // MARK: root

    private func checkRoot(_ root: Root, _ staged: StagedRole) throws(PublishingFault) {
        guard root.consistentSnapshot else {
            throw Self.refused(staged, found: "no consistent snapshots", expected: "consistent_snapshot true")
        }
        for role in RoleName.topLevel { try Self.checkKeys(root.signers(of: role), staged) }
        let online = Set([RoleName.snapshot, .timestamp].flatMap { Self.identities(root.signers(of: $0)) })
        for role in [RoleName.root, .targets] {
            // The online key lies on a machine that is always on.
            let keys = Self.identities(root.signers(of: role))
            guard online.isDisjoint(with: keys) else {
                throw Self.refused(staged, found: "an online key that signs \(role)", expected: "keyholders' keys only")
            }
        }
    }

    /// It lies where releases are packed, and signs what others hand it.
    private func checkReleaseKey(
        _ staged: StagedRole, signsNothingOf roles: [RoleSigners]
    ) throws(PublishingFault) {
        let key: PublicKey?
        do { key = try root?.releaseKey() } catch {
            // Published, it hinders nobody: only what would bring it is refused.
            guard staged.role == .root else { return }
            throw Self.refused(staged, found: "a release key of another kind", expected: "an Ed25519 key, or none")
        }
        guard let key, let signed = roles.first(where: { Self.identities($0).contains(key.identity) }) else { return }
        throw Self.refused(
            staged, found: "a release key that signs \(signed.role)", expected: "a key that signs archives only")
    }

    /// Enough different keys that can be verified with, each under its own id.
    private static func checkKeys(_ signers: RoleSigners, _ staged: StagedRole) throws(PublishingFault) {
        let usable = identities(signers)
        guard !usable.isEmpty else {
            throw refused(
                staged, found: "no key for \(signers.role) that can be verified with", expected: "at least one",
                hint: "nobody could sign it any more")
        }
        guard signers.threshold <= usable.count else {
            throw refused(
                staged, found: "a threshold of \(signers.threshold) for \(signers.role)",
                expected: "at most \(usable.count), as it has different keys",
                hint: "nobody could sign it any more")
        }
        for keyID in signers.keyIDs {
            guard let key = signers.keys[keyID], key.computedID == keyID else {
                throw refused(
                    staged, found: "\(KeyholderName.of(keyID, signers.keys[keyID])) under a foreign key id",
                    expected: "the SHA-256 of the key", hint: "the key that is shown may not be the key that is meant")
            }
        }
    }

    private static func identities(_ signers: RoleSigners) -> Set<[UInt8]> {
        Set(signers.keyIDs.compactMap { signers.keys[$0] }.filter { $0.scheme != nil }.map(\.identity))
    }

    /// A name is all that people see of a key most of the time: it is one key's, in all that is staged or published.
    private func checkNames(_ staged: StagedRole) throws(PublishingFault) {
        let others = published.keys + roles.flatMap { Array($0.keys.values) }
        for (keyID, key) in staged.keys.sorted(by: { $0.key < $1.key }) where key.name != nil {
            guard others.contains(where: { $0.name == key.name && $0.identity != key.identity }) else { continue }
            throw Self.refused(
                staged, found: "two keys named \(KeyholderName.of(keyID, key))", expected: "a name for each key",
                hint: "one of them may be meant to be taken for the other; a new key gets a name of its own")
        }
    }

    // MARK: delegations

    private func checkDelegations(_ delegations: Delegations?, _ staged: StagedRole) throws(PublishingFault) {
        guard let delegations else { return }
        guard case .listed(let list) = delegations.roles else {
            throw Self.refused(staged, found: "delegations by a rule", expected: "a list of roles")
        }
        let title = RoleTitles(self)[staged.role]
        var products = Set([product(of: published.targets?.content)].compactMap(\.self))
        for delegated in list {
            let below = RoleTitle(delegated, by: title)
            guard let paths = below.paths else {
                throw Self.refused(
                    staged, found: "a delegation to \(RoleTitle.other(delegated.name))",
                    expected: "channels, archives and bins of this product, each for its own paths")
            }
            products.insert(paths.product)
            guard products.count <= 1 else {
                throw Self.refused(
                    staged, found: "a delegation for product \(paths.product)", expected: "paths of one product")
            }
            guard let signers = delegations.signers(of: delegated.name) else { continue }
            try Self.checkKeys(signers, staged)
        }
    }

    /// The product that published channels are of.
    private func product(of targets: Targets?) -> ProductName? {
        guard case .listed(let list)? = targets?.delegations?.roles else { return nil }
        return list.lazy.compactMap { RoleTitle($0, by: .topLevel(.targets)).paths?.product }.first
    }

    /// A role lists nothing that clients would not look for in it.
    private func checkPaths(_ targets: Targets, _ staged: StagedRole) throws(PublishingFault) {
        let title = RoleTitles(self)[staged.role]
        guard let scope = title.scope, let paths = title.paths else {
            guard targets.targets.isEmpty else {
                throw Self.refused(staged, found: "files in \(staged.role)", expected: "delegations only")
            }
            return
        }
        if let stray = targets.targets.keys.filter({ !scope.covers($0) || paths.split($0) == nil }).min() {
            throw Self.refused(staged, found: "\"\(stray)\"", expected: "files of its own paths")
        }
    }

    // MARK: what is not staged

    /// What is published and not staged anew has to satisfy the keyholders that are staged.
    private func checkStaysSigned(below staged: StagedRole) throws(PublishingFault) {
        if staged.role == .root {
            guard self.staged(.targets) == nil, let targets = published.targets, let root = staged.rootContent else {
                return
            }
            try Self.check(targets, is: root.signers(of: .targets), staged)
        } else if let delegations = staged.targets?.delegations, case .listed(let list) = delegations.roles {
            for delegated in list where self.staged(delegated.name) == nil {
                guard let metadata = published.delegated[delegated.name],
                    let signers = delegations.signers(of: delegated.name)
                else { continue }
                try Self.check(metadata, is: signers, staged)
            }
        }
    }

    private static func check(
        _ metadata: UnverifiedMetadata<Targets>, is signers: RoleSigners, _ staged: StagedRole
    ) throws(PublishingFault) {
        let report = signers.report(on: metadata)
        guard report.isMet else {
            throw refused(
                staged, found: "\(metadata.role) as published, signed by \(report.valid.count) of its new keyholders",
                expected: "\(signers.threshold), or a next version of it staged too",
                hint: "sceau root propose stages it")
        }
    }
}
