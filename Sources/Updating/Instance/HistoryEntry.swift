import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

/// One line of `history.jsonl`: a release that came to be the installed one.
package struct HistoryEntry: Hashable, Sendable {
    package let time: Date
    package let kind: UpdateStep.Kind
    package let from: Version?
    package let to: Version

    package init(_ step: UpdateStep, at time: Date) {
        self.time = time
        kind = step.kind
        from = step.from
        to = step.to
    }

    package var line: [UInt8] {
        var object: JSONObject = [
            "time": .string(ByteString(UTCTime.encode(time))), "event": .string(Self.event(kind)),
            "to": .string(to.text),
        ]
        if let from { object["from"] = .string(from.text) }
        return JSONValue.object(object).lineEncoding + [UInt8(ascii: "\n")]
    }

    private static func event(_ kind: UpdateStep.Kind) -> ByteString {
        switch kind {
        case .update: "updated"
        case .revert: "reverted"
        }
    }

    /// Nil for a line that is damaged, or of an event that this version does not know.
    init?(line: ArraySlice<UInt8>) {
        guard let value = try? JSONValue.decode(Array(line), limits: JSONLimits(bytes: 4096, depth: 4)),
            let entry = try? HistoryEntry(JSONReader(value, at: "history"))
        else { return nil }
        self = entry
    }

    private init?(_ reader: JSONReader) throws {
        let event = try reader.field("event").string()
        guard let time = UTCTime.decode(try reader.field("time").string()),
            let kind = UpdateStep.Kind.allCases.first(where: { Self.event($0) == event })
        else { return nil }
        self.time = time
        self.kind = kind
        from = try reader.optionalField("from").map { try Version($0.string()) }
        to = try Version(reader.field("to").string())
    }

    /// What must not be offered after this: the newest release that was gone back from, as long as it is newer. `pin` is
    /// what must not be offered before.
    func pin(before pin: Version?) -> Version? {
        [pin, kind == .revert ? from : nil].compactMap(\.self).filter { $0 > to }.max()
    }

    /// Whether both tell of the same step, whenever that was.
    func isSameStep(as other: HistoryEntry) -> Bool {
        kind == other.kind && from == other.from && to == other.to
    }
}
