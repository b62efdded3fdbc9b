import Primitives
import Signatures
import TUF

/// What changes in who signs some roles, between two tables of keys and roles; and those tables as they would be if
/// nothing but what is said here had changed.
struct KeyComparison {
    struct Side {
        var keys: [KeyID: PublicKey] = [:]
        var roles: [RoleName: RoleKeys] = [:]

        func members(_ role: RoleName) -> [Member] {
            (roles[role]?.keyIDs ?? []).map { Member(id: $0, key: keys[$0]) }
        }
        func isSame(_ role: RoleName, as other: Side) -> Bool {
            roles[role]?.threshold == other.roles[role]?.threshold && Set(members(role)) == Set(other.members(role))
        }
    }

    struct Member: Hashable {
        let id: KeyID
        let key: PublicKey?
    }

    private let old: Side
    private let new: Side
    private let directory: KeyDirectory

    init(from old: Side, to new: Side, _ directory: KeyDirectory) {
        self.old = old
        self.new = new
        self.directory = directory
    }

    /// `old` with all that `changes` speaks of.
    func explained(_ roles: [RoleName]) -> Side {
        var result = old
        for role in roles where !new.isSame(role, as: old) { result.roles[role] = new.roles[role] }
        let before = Set(old.roles.keys.flatMap { old.members($0) })
        let after = Set(roles.flatMap { new.members($0) })
        for member in before.subtracting(after) { result.keys[member.id] = nil }
        for member in after.subtracting(before) { result.keys[member.id] = member.key?.withoutUnknownFields }
        for member in after.intersection(before) { result.keys[member.id] = member.key }
        return result
    }

    func rule(_ role: RoleName) -> SigningRule { Self.rule(new, role, directory) }

    private static func rule(_ side: Side, _ role: RoleName, _ directory: KeyDirectory) -> SigningRule {
        SigningRule(
            threshold: side.roles[role]?.threshold ?? 0,
            keys: side.members(role).map { directory.mention($0.id, $0.key) })
    }

    /// For roles that are on both sides, in the order of `titles`.
    func changes(_ titles: [RoleTitle]) -> [Change.Kind] {
        let rotated = titles.filter { replacement($0) != nil }
        var result = grouped(rotated) { replacement($0) }.map { pair, titles in
            Change.Kind.onlineKey(titles, from: pair.from, to: pair.to)
        }
        let others = titles.filter { !rotated.contains($0) }
        result += joined(others, from: new, to: old).map { .keyJoins($0, $1) }
        result += joined(others, from: old, to: new).map { .keyLeaves($0, $1) }
        let counted = others.filter { numbers(old, $0.name) != numbers(new, $0.name) }
        result += grouped(counted) { [numbers(old, $0.name), numbers(new, $0.name)] }.compactMap { _, titles in
            guard let first = titles.first else { return nil }
            return .threshold(titles, from: Self.rule(old, first.name, directory), to: rule(first.name))
        }
        return result
    }

    private struct Pair: Hashable {
        let from: KeyMention
        let to: KeyMention
    }

    private func replacement(_ title: RoleTitle) -> Pair? {
        guard title == .topLevel(.snapshot) || title == .topLevel(.timestamp) else { return nil }
        let (before, after) = (old.members(title.name), new.members(title.name))
        guard before.count == 1, after.count == 1, before != after, let from = before.first, let to = after.first,
            old.roles[title.name]?.threshold == new.roles[title.name]?.threshold
        else { return nil }
        return Pair(from: directory.mention(from.id, from.key), to: directory.mention(to.id, to.key))
    }

    private func numbers(_ side: Side, _ role: RoleName) -> String {
        "\(side.roles[role]?.threshold ?? 0) of \(side.roles[role]?.keyIDs.count ?? 0)"
    }

    /// Members of `side` that `other` has not, each with its roles.
    private func joined(
        _ titles: [RoleTitle], from side: Side, to other: Side
    ) -> [(KeyMention, [RoleTitle])] {
        var order: [Member] = []
        var roles: [Member: [RoleTitle]] = [:]
        for title in titles {
            let present = Set(other.members(title.name))
            for member in side.members(title.name) where !present.contains(member) {
                if roles[member] == nil { order.append(member) }
                roles[member, default: []].append(title)
            }
        }
        return order.map { (directory.mention($0.id, $0.key), roles[$0] ?? []) }
    }
}

/// Titles by what is to be said of them, in the order of the first of each.
func grouped<Key: Hashable>(_ titles: [RoleTitle], by key: (RoleTitle) -> Key?) -> [(Key, [RoleTitle])] {
    var order: [Key] = []
    var groups: [Key: [RoleTitle]] = [:]
    for title in titles {
        guard let value = key(title) else { continue }
        if groups[value] == nil { order.append(value) }
        groups[value, default: []].append(title)
    }
    return order.map { ($0, groups[$0] ?? []) }
}
