import CanonicalJSON
import Primitives
import Signatures

/// Which target paths a delegation covers (TUF 4.5).
package enum PathScope: Hashable, Sendable {
    case patterns([PathPattern])
    /// Lower-case hexadecimal beginnings of the SHA-256 of the target path.
    case hashPrefixes([ByteString])

    package func covers(_ targetPath: ByteString) -> Bool {
        switch self {
        case .patterns(let patterns):
            return patterns.contains { $0.matches(targetPath) }
        case .hashPrefixes(let prefixes):
            let hash = Array(Digest.sha256(of: targetPath.bytes).hex.utf8)
            return prefixes.contains { hash.starts(with: $0.bytes) }
        }
    }
}

/// One delegated role and its place among its siblings (TUF 4.5).
package struct DelegatedRole: Hashable, Sendable {
    package var name: RoleName
    package var keys: RoleKeys
    /// A terminating delegation ends the search, found or not, for the paths it covers.
    package var terminating: Bool
    package var scope: PathScope
    private var extra: JSONObject

    package init(name: RoleName, keys: RoleKeys, terminating: Bool, scope: PathScope) {
        self.name = name
        self.keys = keys
        self.terminating = terminating
        self.scope = scope
        extra = JSONObject()
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        let nameField = try reader.field("name")
        name = RoleName(try nameField.string())
        guard !RoleName.topLevel.contains(name), !name.text.isEmpty else {
            throw nameField.invalid(expected: "a name that is not a top-level role's")
        }
        keys = try RoleKeys(reader)
        terminating = try reader.field("terminating").bool()
        scope = try Self.scope(reader)
        extra = try reader.object().removing(
            ["name", "keyids", "threshold", "terminating", "paths", "path_hash_prefixes"])
    }

    private static func scope(_ reader: JSONReader) throws(JSONFault) -> PathScope {
        switch (try reader.optionalField("paths"), try reader.optionalField("path_hash_prefixes")) {
        case (let paths?, nil):
            var patterns: [PathPattern] = []
            for element in try paths.array() { patterns.append(PathPattern(try element.string())) }
            return .patterns(patterns)
        case (nil, let prefixes?):
            var list: [ByteString] = []
            for element in try prefixes.array() { list.append(try element.string()) }
            return .hashPrefixes(list)
        default:
            throw reader.invalid(expected: "either paths or path_hash_prefixes")
        }
    }

    var json: JSONValue {
        var object = extra
        for member in keys.fields.members { object[member.name] = member.value }
        object["name"] = .string(name.text)
        object["terminating"] = .bool(terminating)
        switch scope {
        case .patterns(let patterns): object["paths"] = .array(patterns.map { .string($0.text) })
        case .hashPrefixes(let prefixes): object["path_hash_prefixes"] = .array(prefixes.map { .string($0) })
        }
        return .object(object)
    }
}

/// Whom a targets role lets sign for part of its paths (TUF 4.5).
package struct Delegations: Hashable, Sendable {
    package enum Roles: Hashable, Sendable {
        /// In order of preference; a name occurs once.
        case listed([DelegatedRole])
        case succinct(SuccinctRoles)
    }

    package var keys: [KeyID: PublicKey]
    package var roles: Roles
    private var extra: JSONObject

    package init(keys: [KeyID: PublicKey], roles: [DelegatedRole]) {
        self.keys = keys
        self.roles = .listed(roles)
        extra = JSONObject()
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        keys = try KeyTable.decode(reader.field("keys"))
        extra = try reader.object().removing(["keys", "roles", "succinct_roles"])
        switch (try reader.optionalField("roles"), try reader.optionalField("succinct_roles")) {
        case (let list?, nil): roles = .listed(try Self.listedRoles(list))
        case (nil, let succinct?): roles = .succinct(try SuccinctRoles(succinct))
        default: throw reader.invalid(expected: "either roles or succinct_roles")
        }
    }

    private static func listedRoles(_ reader: JSONReader) throws(JSONFault) -> [DelegatedRole] {
        var roles: [DelegatedRole] = []
        var names: Set<RoleName> = []
        for element in try reader.array() {
            let role = try DelegatedRole(element)
            guard names.insert(role.name).inserted else { throw element.invalid(expected: "each role once") }
            roles.append(role)
        }
        return roles
    }

    var json: JSONObject {
        var object = extra
        object["keys"] = KeyTable.encode(keys)
        switch roles {
        case .listed(let list): object["roles"] = .array(list.map(\.json))
        case .succinct(let succinct): object["succinct_roles"] = succinct.json
        }
        return object
    }

    /// The delegated roles that cover `targetPath`, in order, up to and including the first terminating one.
    package func roles(covering targetPath: ByteString) -> [(name: RoleName, terminating: Bool)] {
        switch roles {
        case .succinct(let succinct):
            return [(succinct.bin(of: targetPath), false)]
        case .listed(let list):
            let covering = list.filter { $0.scope.covers(targetPath) }
            let end = covering.firstIndex(where: \.terminating).map { $0 + 1 } ?? covering.count
            return covering[..<end].map { ($0.name, $0.terminating) }
        }
    }

    /// Who signs for `role` in the eyes of this delegator; nil when it delegates nothing to it.
    package func signers(of role: RoleName) -> RoleSigners? {
        switch roles {
        case .succinct(let succinct):
            return succinct.contains(role) ? RoleSigners(role: role, keys: keys, roleKeys: succinct.keys) : nil
        case .listed(let list):
            return list.first { $0.name == role }.map { RoleSigners(role: role, keys: keys, roleKeys: $0.keys) }
        }
    }
}
