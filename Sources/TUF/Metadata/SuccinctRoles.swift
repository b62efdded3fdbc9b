import CanonicalJSON
import Primitives
import Signatures

/// Hash bins described in one line (TAP 15): bin `PREFIX-XX` lists the targets whose path hash begins with those bits.
package struct SuccinctRoles: Hashable, Sendable {
    private static let bitLengths: ClosedRange<Int64> = 1...32

    package let keys: RoleKeys
    package let bitLength: Int
    package let namePrefix: ByteString
    private let extra: JSONObject

    init(_ reader: JSONReader) throws(JSONFault) {
        keys = try RoleKeys(reader)
        bitLength = try reader.field("bit_length").integer(in: Self.bitLengths)
        namePrefix = try reader.field("name_prefix").string()
        extra = try reader.object().removing(["keyids", "threshold", "bit_length", "name_prefix"])
    }

    var json: JSONValue {
        var object = extra
        for member in keys.fields.members { object[member.name] = member.value }
        object["bit_length"] = .integer(Int64(bitLength))
        object["name_prefix"] = .string(namePrefix)
        return .object(object)
    }

    /// The bin for a target path: the top bits of its SHA-256.
    package func bin(of targetPath: ByteString) -> RoleName {
        let top = Digest.sha256(of: targetPath.bytes).bytes.prefix(4).reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return name(ofBin: top >> UInt32(32 - bitLength))
    }

    package func contains(_ role: RoleName) -> Bool {
        let digits = role.text.bytes.dropFirst(namePrefix.count + 1)
        guard role.text.bytes.starts(with: namePrefix.bytes), digits.count == digitCount,
            let number = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
            UInt64(number) < UInt64(1) << UInt64(bitLength)
        else { return false }
        return name(ofBin: number) == role
    }

    private var digitCount: Int { (bitLength + 3) / 4 }

    private func name(ofBin number: UInt32) -> RoleName {
        let hex = String(number, radix: 16)
        let padding = String(repeating: "0", count: max(0, digitCount - hex.count))
        return RoleName(ByteString(namePrefix.bytes + Array("-\(padding)\(hex)".utf8)))
    }
}
