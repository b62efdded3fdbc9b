import CanonicalJSON
import Primitives

/// One file that may be installed (TUF 4.5).
package struct TargetFile: Hashable, Sendable {
    /// Bytes.
    package let length: Int
    package let facts: FileFacts
    /// What the publisher says about it; covered by signatures.
    package let custom: JSONObject?
    private let extra: JSONObject

    package init(length: Int, hashes: StatedHashes, custom: JSONObject?) {
        self.length = length
        facts = FileFacts(length: length, hashes: hashes)
        self.custom = custom
        extra = JSONObject()
    }

    init(_ reader: JSONReader) throws(JSONFault) {
        length = try reader.field(FieldName.length).integer(in: 0...Int64.max)
        facts = FileFacts(length: length, hashes: try StatedHashes(reader.field(FieldName.hashes)))
        custom = try reader.optionalField(FieldName.custom)?.object()
        extra = try reader.object().removing(FieldName.ofTarget)
    }

    var json: JSONValue {
        var object = extra
        facts.encode(into: &object)
        if let custom { object["custom"] = .object(custom) }
        return .object(object)
    }
}

/// Targets and delegations of the top-level targets role or of a delegated one (TUF 4.5).
package struct Targets: Payload {
    package static let type: ByteString = "targets"

    package var header: PayloadHeader
    package var targets: [ByteString: TargetFile]
    package var delegations: Delegations?
    private var extra: JSONObject

    package init(header: PayloadHeader, targets: [ByteString: TargetFile], delegations: Delegations?) {
        self.header = header
        self.targets = targets
        self.delegations = delegations
        extra = JSONObject()
    }

    package init(_ reader: JSONReader) throws(JSONFault) {
        header = try PayloadHeader(reader)
        let listed = try reader.field("targets").members()
        targets = Dictionary(minimumCapacity: listed.count)
        for (path, member) in listed { targets[path] = try TargetFile(member) }
        delegations = nil
        if let field = try reader.optionalField("delegations") { delegations = try Delegations(field) }
        extra = try reader.object().removing(PayloadHeader.fields + ["targets", "delegations"])
    }

    package var json: JSONObject {
        var object = header.encode(type: Self.type, extra: extra)
        let members = targets.map { JSONObject.Member($0, $1.json) }
        // A dictionary's keys are unique, so the object always comes to be.
        object["targets"] = .object(JSONObject(members) ?? JSONObject())
        if let delegations { object["delegations"] = .object(delegations.json) }
        return object
    }
}
