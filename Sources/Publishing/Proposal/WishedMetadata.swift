import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

/// Root, targets and delegations as a policy wants them. Whatever of the present metadata the policy says nothing about
/// stays. Versions and expiry are for others to fill in.
struct WishedMetadata {
    private let policy: Policy
    private let keyring: Keyring
    private let witnessPolicy: ByteString?

    /// - Parameter witnesses: the text of the policy's file; needed when the policy names a log.
    init(_ policy: Policy, keyring: Keyring, witnesses: ByteString?) throws(PublishingFault) {
        self.policy = policy
        self.keyring = keyring
        witnessPolicy = try policy.log?.witnessPolicy(witnesses ?? ByteString([]), keyring: keyring).text
    }

    /// Takes the place of a version and an expiry that are not known yet.
    static let noHeader = PayloadHeader(version: 1, expires: Date(timeIntervalSince1970: 0))

    func root(over base: Root?) throws(PublishingFault) -> Root {
        var root = base ?? Root(header: Self.noHeader, keys: [:], roles: [:], extra: [:])
        let online = Policy.Signers(keyholders: [policy.onlineKey], threshold: 1, life: policy.timestamp)
        let wanted: [(RoleName, Policy.Signers)] = [
            (.root, policy.root), (.targets, policy.targets), (.snapshot, online), (.timestamp, online),
        ]
        root.keys = [:]
        for (role, signers) in wanted {
            root.roles[role] = try roleKeys(signers, over: root.roles[role])
            root.keys.merge(try keys(signers)) { $1 }
        }
        root.consistentSnapshot = true
        root.setReleaseKey(policy.releaseKey.flatMap { keyring.key($0) })
        root.setWitnessPolicy(witnessPolicy)
        return root
    }

    /// Delegates to each channel. A role that the policy does not name stays delegated to: instances may follow it.
    func targets(over base: Targets?) throws(PublishingFault) -> Targets {
        var targets = base ?? Self.empty
        var delegations = targets.delegations ?? Delegations(keys: [:], roles: [])
        var roles = try Self.listed(delegations, of: .targets)
        for channel in policy.channels {
            let paths = policy.paths(channel.name)
            let name = RoleName(paths.role)
            if let index = roles.firstIndex(where: { $0.name == name }) {
                roles[index].keys = try roleKeys(channel.signers, over: roles[index].keys)
            } else {
                roles.append(
                    DelegatedRole(
                        name: name, keys: try roleKeys(channel.signers, over: nil), terminating: true,
                        scope: .patterns([PathPattern(paths.pattern)])))
            }
            delegations.keys.merge(try keys(channel.signers)) { $1 }
        }
        delegations.roles = .listed(roles)
        targets.delegations = delegations.withoutUnusedKeys(roles)
        return targets
    }

    /// A channel's own content, or that of its archive or a bin: whoever it delegates to has the channel's keyholders.
    func below(
        _ channel: Policy.Channel, _ role: RoleName, over base: Targets
    ) throws(PublishingFault) -> Targets {
        guard var delegations = base.delegations else { return base }
        var targets = base
        var roles = try Self.listed(delegations, of: role)
        for index in roles.indices { roles[index].keys = try roleKeys(channel.signers, over: roles[index].keys) }
        delegations.keys.merge(try keys(channel.signers)) { $1 }
        delegations.roles = .listed(roles)
        targets.delegations = delegations.withoutUnusedKeys(roles)
        return targets
    }

    static var empty: Targets { Targets(header: noHeader, targets: [:], delegations: nil) }

    private static func listed(
        _ delegations: Delegations, of role: RoleName
    ) throws(PublishingFault) -> [DelegatedRole] {
        guard case .listed(let roles) = delegations.roles else {
            throw PublishingFault(
                .unknownRole, found: "delegations by rule", expected: "a list, as these tools write it", at: "\(role)")
        }
        return roles
    }

    /// The same keyids in another order are no change.
    private func roleKeys(_ signers: Policy.Signers, over base: RoleKeys?) throws(PublishingFault) -> RoleKeys {
        let wanted = RoleKeys(keyIDs: try list(signers).map(\.computedID), threshold: signers.threshold)
        guard let base, base.threshold == wanted.threshold, Set(base.keyIDs) == Set(wanted.keyIDs) else {
            return wanted
        }
        return base
    }

    private func keys(_ signers: Policy.Signers) throws(PublishingFault) -> [KeyID: PublicKey] {
        var keys: [KeyID: PublicKey] = [:]
        for key in try list(signers) { keys[key.computedID] = key }
        return keys
    }

    private func list(_ signers: Policy.Signers) throws(PublishingFault) -> [PublicKey] {
        var keys: [PublicKey] = []
        for name in signers.keyholders {
            guard let key = keyring.key(name) else { throw PublishingFault(.missingPublicKey, found: name) }
            keys.append(key)
        }
        return keys
    }
}

extension Delegations {
    fileprivate func withoutUnusedKeys(_ roles: [DelegatedRole]) -> Delegations {
        var result = self
        let used = Set(roles.flatMap(\.keys.keyIDs))
        result.keys = keys.filter { used.contains($0.key) }
        return result
    }
}
