import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures

/// What an agent chooses a release by, before it fetches anything of it: the `custom` object of the `release.json`
/// target in the channel's metadata, `{"sceau": {"severity", "time", "version"}}`, and `"withdrawn"` when it is.
package struct ReleaseFacts: Hashable, Sendable {
    package let version: Version
    package let severity: Severity
    /// When the release was made, in whole seconds.
    package let time: Date
    /// The oldest release from which an instance may go to this one at once; nil: any.
    package let updateFrom: Version?
    /// Which share of instances may install it when; nil: all at once.
    package let rollout: Rollout?
    /// Nil for a release that may be installed.
    package var withdrawal: Withdrawal?

    package init(
        version: Version, severity: Severity, time: Date, updateFrom: Version? = nil, rollout: Rollout? = nil,
        withdrawal: Withdrawal? = nil
    ) {
        self.version = version
        self.severity = severity
        self.time = time
        self.updateFrom = updateFrom
        self.rollout = rollout
        self.withdrawal = withdrawal
    }

    /// The facts as `release.json` has them, which is never rewritten.
    package var asReleased: ReleaseFacts {
        ReleaseFacts(version: version, severity: severity, time: time, updateFrom: updateFrom, rollout: rollout)
    }

    package func encode() -> JSONValue {
        var object: JSONObject = [
            "version": .string(version.text), "severity": .string(ByteString(severity.rawValue)),
            "time": .string(ByteString(UTCTime.encode(time))),
        ]
        if let updateFrom { object["update_from"] = .string(updateFrom.text) }
        object[Rollout.field] = rollout?.json
        object[Withdrawal.field] = withdrawal?.json
        return ["sceau": .object(object)]
    }

    /// Reads the facts; fields of others are left alone, as everywhere in TUF metadata. Throws `JSONFault` or
    /// `ReleaseFault`.
    package static func decode(_ custom: JSONValue, at path: String = "custom") throws -> ReleaseFacts {
        let facts = try JSONReader(custom, at: path).field("sceau")
        return ReleaseFacts(
            version: try Version(facts.field("version").string()),
            severity: try Severity(facts.field("severity").string()), time: try facts.field("time").time(),
            updateFrom: try facts.optionalField("update_from").map { try Version($0.string()) },
            rollout: try facts.optionalField(Rollout.field).map { try Rollout($0) },
            withdrawal: try facts.optionalField(Withdrawal.field).map { try Withdrawal($0) })
    }
}

extension JSONReader {
    package func time() throws(JSONFault) -> Date {
        guard let time = UTCTime.decode(try string()) else { throw invalid(expected: "a time YYYY-MM-DDTHH:MM:SSZ") }
        return time
    }

    package func digest() throws(JSONFault) -> Digest {
        guard let digest = Digest(hex: try string()) else { throw invalid(expected: "64 lower-case hex digits") }
        return digest
    }
}
