import CanonicalJSON
import Primitives
import Signatures

/// Who may sign for a role: keyids and how many of them must (TUF 4.3, `ROLE`).
package struct RoleKeys: Hashable, Sendable {
    /// Each once, in the order listed.
    package var keyIDs: [KeyID]
    /// 1 or more.
    package var threshold: Int

    package init(keyIDs: [KeyID], threshold: Int) {
        self.keyIDs = keyIDs
        self.threshold = threshold
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        threshold = try reader.field("threshold").integer(in: 1...Int64(Int32.max))
        let list = try reader.field("keyids")
        keyIDs = []
        var seen: Set<KeyID> = []
        for element in try list.array() {
            let keyID = KeyID(try element.string())
            guard seen.insert(keyID).inserted else { throw element.invalid(expected: "each keyid once") }
            keyIDs.append(keyID)
        }
    }

    var fields: JSONObject {
        [
            "keyids": .array(keyIDs.map { .string($0.text) }),
            "threshold": .integer(Int64(threshold)),
        ]
    }
}

/// The `keys` object of root and of delegations.
enum KeyTable {
    static func decode(_ reader: JSONReader) throws(JSONFault) -> [KeyID: PublicKey] {
        var keys: [KeyID: PublicKey] = [:]
        for (name, member) in try reader.members() { keys[KeyID(name)] = try PublicKey(member) }
        return keys
    }

    static func encode(_ keys: [KeyID: PublicKey]) -> JSONValue {
        var object = JSONObject()
        for (keyID, key) in keys { object[keyID.text] = .object(key.object) }
        return .object(object)
    }
}
