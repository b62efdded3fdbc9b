import CanonicalJSON
import Primitives
import Releases
import Signatures

/// The journal's text: one state as JSON, in one accepted spelling.
package enum Journal {
    /// Far more than any journal needs.
    package static let limit = 4096
    private static let format: ByteString = "sceau-journal/1"

    package static func encode(_ state: UpdateState) -> [UInt8] {
        var object: JSONObject = [
            "format": .string(format), "state": .string(ByteString(state.name.rawValue)),
        ]
        if let step = state.step { object["step"] = .object(encode(step)) }
        return JSONValue.object(object).fileEncoding
    }

    private static func encode(_ step: UpdateStep) -> JSONObject {
        var object: JSONObject = [
            "kind": .string(ByteString(step.kind.rawValue)), "to": .string(step.to.text),
            "tree_sha256": .string(ByteString(step.tree.hex)),
        ]
        if let from = step.from { object["from"] = .string(from.text) }
        return object
    }

    /// Refuses everything that `encode` would not write.
    package static func decode(_ bytes: [UInt8]) throws(UpdatePlanFault) -> UpdateState {
        guard let state = try? decodeLoosely(bytes), encode(state) == bytes else {
            throw UpdatePlanFault(.malformedJournal)
        }
        return state
    }

    private static func decodeLoosely(_ bytes: [UInt8]) throws -> UpdateState? {
        let reader = JSONReader(try JSONValue.decode(bytes, limits: JSONLimits(bytes: limit, depth: 4)), at: "journal")
        let step = try reader.optionalField("step").flatMap { try decodeStep($0) }
        guard let name = StateName(rawValue: try reader.field("state").string().description) else { return nil }
        return UpdateState(name, step: step)
    }

    private static func decodeStep(_ reader: JSONReader) throws -> UpdateStep? {
        guard let kind = UpdateStep.Kind(rawValue: try reader.field("kind").string().description),
            let tree = Digest(hex: try reader.field("tree_sha256").string())
        else { return nil }
        return UpdateStep(
            kind, from: try reader.optionalField("from").map { try Version($0.string()) },
            to: try Version(reader.field("to").string()), tree: tree)
    }
}
