import CanonicalJSON
import Primitives
import Signatures

/// The keys and thresholds that everything else is trusted by (TUF 4.3).
package struct Root: Payload {
    package static let type: ByteString = "root"

    package var header: PayloadHeader
    package var consistentSnapshot: Bool
    package var keys: [KeyID: PublicKey]
    /// The four top-level roles, always.
    package var roles: [RoleName: RoleKeys]
    /// Fields this version does not know; signatures cover them, and they decide nothing.
    package var extra: JSONObject
    /// Roles this version does not know, likewise.
    private var extraRoles: JSONObject

    package init(header: PayloadHeader, keys: [KeyID: PublicKey], roles: [RoleName: RoleKeys], extra: JSONObject) {
        self.header = header
        self.keys = keys
        self.roles = roles
        self.extra = extra
        consistentSnapshot = true
        extraRoles = JSONObject()
    }

    package init(_ reader: JSONReader) throws(JSONFault) {
        header = try PayloadHeader(reader)
        consistentSnapshot = try reader.optionalField("consistent_snapshot")?.bool() ?? false
        keys = try KeyTable.decode(reader.field("keys"))
        let table = try reader.field("roles")
        roles = [:]
        for role in RoleName.topLevel { roles[role] = try RoleKeys(table.field(role.text)) }
        extraRoles = try table.object().removing(RoleName.topLevel.map(\.text))
        extra = try reader.object().removing(PayloadHeader.fields + ["consistent_snapshot", "keys", "roles"])
    }

    package var json: JSONObject {
        var object = header.encode(type: Self.type, extra: extra)
        object["consistent_snapshot"] = .bool(consistentSnapshot)
        object["keys"] = KeyTable.encode(keys)
        var table = extraRoles
        for (name, role) in roles { table[name.text] = .object(role.fields) }
        object["roles"] = .object(table)
        return object
    }

    /// Who signs for a top-level role.
    package func signers(of role: RoleName) -> RoleSigners {
        RoleSigners(role: role, keys: keys, roleKeys: roles[role])
    }
}
