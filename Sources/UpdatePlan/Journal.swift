import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures

/// The journal's text: one state as JSON, in one accepted spelling.
package enum Journal {
    /// Far more than any journal needs: two troubles, each byte of them escaped.
    package static let limit = 16 << 10
    private static let format: ByteString = "sceau-journal/1"

    package static func encode(_ state: UpdateState) -> [UInt8] {
        var object: JSONObject = [
            "format": .string(format), "state": .string(ByteString(state.name.rawValue)),
        ]
        if let step = state.step { object["step"] = .object(step.json) }
        if let waiting = state.waiting { object["waiting"] = .object(waiting.json) }
        if let trouble = state.trouble { object["trouble"] = .object(trouble.json) }
        if state.interruptions > 0 { object["interruptions"] = .integer(Int64(state.interruptions)) }
        return JSONValue.object(object).fileEncoding
    }

    /// Refuses everything that `encode` would not write.
    package static func decode(_ bytes: [UInt8]) throws(UpdatePlanFault) -> UpdateState {
        guard let state = try? decodeLoosely(bytes), encode(state) == bytes else {
            throw UpdatePlanFault(.malformedJournal)
        }
        return state
    }

    private static func decodeLoosely(_ bytes: [UInt8]) throws -> UpdateState? {
        let reader = JSONReader(try JSONValue.decode(bytes, limits: JSONLimits(bytes: limit, depth: 5)), at: "journal")
        return UpdateState(
            name: try reader.field("state").word(), step: try reader.optionalField("step").map { try UpdateStep($0) },
            waiting: try reader.optionalField("waiting").map { try Waiting($0) },
            trouble: try reader.optionalField("trouble").map { try Trouble($0) },
            interruptions: try reader.optionalField("interruptions")?
                .integer(in: 1...Int64(UpdateState.mostInterruptions)) ?? 0)
    }
}

extension UpdateStep {
    fileprivate var json: JSONObject {
        var object: JSONObject = [
            "kind": .string(ByteString(kind.rawValue)), "to": .string(to.text),
            "tree_sha256": .string(ByteString(tree.hex)), "return": .string(ByteString(`return`.rawValue)),
        ]
        if let from { object["from"] = .string(from.text) }
        if let fromTree { object["from_tree_sha256"] = .string(ByteString(fromTree.hex)) }
        if let cause { object["cause"] = .object(cause.json) }
        return object
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            try reader.field("kind").word(), from: try reader.optionalField("from").map { try Version($0.string()) },
            to: try Version(reader.field("to").string()), tree: try reader.field("tree_sha256").digest(),
            fromTree: try reader.optionalField("from_tree_sha256").map { try $0.digest() },
            return: try reader.field("return").word(),
            cause: try reader.optionalField("cause").map { try Trouble($0) })
    }
}

extension Waiting {
    fileprivate var json: JSONObject {
        var object: JSONObject = [
            "version": .string(version.text), "reason": .string(ByteString(reason.rawValue)), "ready": .bool(isReady),
        ]
        if let until { object["until"] = .string(ByteString(UTCTime.encode(until))) }
        if let said { object["said"] = .string(said) }
        return object
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            try Version(reader.field("version").string()), try reader.field("reason").word(),
            until: try reader.optionalField("until").map { try $0.time() }, isReady: try reader.field("ready").bool(),
            said: try reader.optionalField("said").map { String(decoding: try $0.string().bytes, as: UTF8.self) })
    }
}

extension Trouble {
    fileprivate var json: JSONObject {
        ["stage": .string(ByteString(stage.rawValue)), "text": .string(text), "interrupted": .bool(isInterruption)]
    }

    fileprivate init(_ reader: JSONReader) throws {
        self.init(
            at: try reader.field("stage").word(),
            String(decoding: try reader.field("text").string().bytes, as: UTF8.self),
            isInterruption: try reader.field("interrupted").bool())
    }
}

extension JSONReader {
    fileprivate func word<Word: RawRepresentable>() throws(JSONFault) -> Word where Word.RawValue == String {
        guard let word = Word(rawValue: try string().description) else { throw invalid(expected: "a known word") }
        return word
    }
}
