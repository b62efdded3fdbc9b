import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF
import TransparencyLog

/// What one staged role changes, and the content it would have if nothing but that had changed. Where the two differ,
/// something is signed that no sentence speaks of.
struct RoleComparison {
    let role: RoleName
    private(set) var changes: [Change.Kind] = []
    private(set) var explained: JSONObject
    private let titles: RoleTitles
    private let directory: KeyDirectory

    /// Root over the published one.
    init(_ root: Root, over old: Root?, titles: RoleTitles, _ directory: KeyDirectory) {
        role = .root
        self.titles = titles
        self.directory = directory
        var result = old ?? Root(header: root.header, keys: [:], roles: [:], extra: [:])
        let keys = KeyComparison(
            from: KeyComparison.Side(keys: result.keys, roles: result.roles),
            to: KeyComparison.Side(keys: root.keys, roles: root.roles), directory)
        let order = [RoleName.root, .targets, .snapshot, .timestamp].map { titles[$0] }
        if old == nil {
            changes += grouped(order) { keys.rule($0.name) }.map { .setsUp($1, $0) }
        } else {
            changes += keys.changes(order)
        }
        let side = keys.explained(order.map(\.name))
        result.keys = side.keys
        result.roles = side.roles
        explained = JSONObject()
        describeReleaseKey(root, over: old, into: &result)
        describeWitnessPolicy(root, over: old, into: &result)
        let header = old?.header
        result.header = root.header
        explained = result.json
        finish(header, root.header, actual: root.json)
    }

    private mutating func describeReleaseKey(_ root: Root, over old: Root?, into result: inout Root) {
        let before = try? old?.releaseKey()
        guard root.extra[Root.releaseKeyField] != old?.extra[Root.releaseKeyField] else { return }
        // What names no usable key stays without a sentence.
        guard let after = try? root.releaseKey() else {
            if root.extra[Root.releaseKeyField] == nil, let before {
                changes.append(.releaseKey(from: mention(before), to: nil))
                result.setReleaseKey(nil)
            }
            return
        }
        changes.append(.releaseKey(from: before.map { mention($0) }, to: mention(after)))
        result.setReleaseKey(after.withoutUnknownFields)
    }

    private mutating func describeWitnessPolicy(_ root: Root, over old: Root?, into result: inout Root) {
        let field = Root.witnessPolicyField
        guard root.extra[field] != old?.extra[field] else { return }
        // What cannot be read stays without a sentence.
        let after: WitnessPolicy?
        do { after = try root.readWitnessPolicy() } catch { return }
        let found = WitnessComparison.changes(from: old?.readableWitnessPolicy, to: after)
        guard !found.isEmpty else { return }
        changes += found
        result.setWitnessPolicy(after?.text)
    }

    private func mention(_ key: PublicKey) -> KeyMention { directory.mention(key.computedID, key) }

    /// Targets, a channel's role, an archive's or a bin's, over the published one.
    ///
    /// - Parameter releases: what the targets listed are described by, by path; nil for one that goes.
    init(
        _ targets: Targets, of role: RoleName, over old: Targets?, releases: [ByteString: TargetFile?],
        titles: RoleTitles, _ directory: KeyDirectory
    ) {
        self.role = role
        self.titles = titles
        self.directory = directory
        var result = old ?? Targets(header: targets.header, targets: [:], delegations: nil)
        explained = JSONObject()
        for (path, file) in releases { result.targets[path] = file }
        describeDelegations(targets.delegations, over: old?.delegations, into: &result)
        result.header = targets.header
        explained = result.json
        finish(old?.header, targets.header, actual: targets.json)
    }

    private mutating func describeDelegations(
        _ new: Delegations?, over old: Delegations?, into result: inout Targets
    ) {
        guard new != old else { return }
        let (before, after) = (old?.listed ?? [], new?.listed ?? [])
        let keys = KeyComparison(from: Self.side(old), to: Self.side(new), directory)
        let names = Set(before.map(\.name))
        let opened = after.filter { !names.contains($0.name) }
        changes += grouped(opened.map { RoleTitle($0, by: titles[role]) }) { keys.rule($0.name) }
            .map { .opens($1, $0) }
        let staying = Set(after.map(\.name))
        changes += before.filter { !staying.contains($0.name) }.map { .closes(titles[$0.name]) }
        changes += keys.changes(after.filter { names.contains($0.name) }.map { titles[$0.name] })
        guard new != nil else { return result.delegations = nil }
        var explained = old ?? Delegations(keys: [:], roles: [])
        let side = keys.explained(after.map(\.name))
        explained.keys = side.keys
        if case .listed = explained.roles {
            explained.roles = .listed(Self.explained(before, after, side, delegator: titles[role]))
        }
        result.delegations = explained
    }

    private static func side(_ delegations: Delegations?) -> KeyComparison.Side {
        let list = delegations?.listed ?? []
        return KeyComparison.Side(
            keys: delegations?.keys ?? [:],
            roles: Dictionary(list.map { ($0.name, $0.keys) }) { first, _ in first })
    }

    /// The order of those that stay is not described.
    private static func explained(
        _ before: [DelegatedRole], _ after: [DelegatedRole], _ side: KeyComparison.Side, delegator: RoleTitle
    ) -> [DelegatedRole] {
        let staying = before.filter { role in after.contains { $0.name == role.name } }
        var rest = staying[...]
        return after.map { new in
            let isOld = staying.contains { $0.name == new.name }
            var role =
                isOld ? rest.popFirst() ?? new : plain(RoleTitle(new, by: delegator), new)
            role.keys = side.roles[role.name] ?? role.keys
            return role
        }
    }

    /// As these tools would delegate to it.
    private static func plain(_ title: RoleTitle, _ new: DelegatedRole) -> DelegatedRole {
        DelegatedRole(
            name: title.name, keys: new.keys, terminating: title.isTerminating, scope: title.scope ?? .patterns([]))
    }

    /// The header, and then whatever is left.
    private mutating func finish(_ old: PayloadHeader?, _ new: PayloadHeader, actual: JSONObject) {
        let title = titles[role]
        if let old, old.specVersion != new.specVersion {
            changes.append(.specification(title, from: old.specVersion, to: new.specVersion))
        }
        let rest = JSONDifference.paths(.object(explained), .object(actual))
        if !rest.isEmpty { changes.append(.undescribed(title, rest)) }
    }
}

extension Delegations {
    /// Roles that are listed by name; those that a rule names are none that these tools make.
    fileprivate var listed: [DelegatedRole] { if case .listed(let list) = roles { list } else { [] } }
}
