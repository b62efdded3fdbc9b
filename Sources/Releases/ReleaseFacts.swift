import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures

/// What an agent chooses a release by, before it fetches anything of it: the `custom` object of the `release.json`
/// target in the channel's metadata, `{"sceau": {"severity", "time", "version"}}`.
package struct ReleaseFacts: Hashable, Sendable {
    package let version: Version
    package let severity: Severity
    /// When the release was made, in whole seconds.
    package let time: Date

    package init(version: Version, severity: Severity, time: Date) {
        self.version = version
        self.severity = severity
        self.time = time
    }

    package func encode() -> JSONValue {
        [
            "sceau": [
                "version": .string(version.text), "severity": .string(ByteString(severity.rawValue)),
                "time": .string(ByteString(UTCTime.encode(time))),
            ]
        ]
    }

    /// Reads the facts; fields of others are left alone, as everywhere in TUF metadata. Throws `JSONFault` or
    /// `ReleaseFault`.
    package static func decode(_ custom: JSONValue, at path: String = "custom") throws -> ReleaseFacts {
        let facts = try JSONReader(custom, at: path).field("sceau")
        return ReleaseFacts(
            version: try Version(facts.field("version").string()),
            severity: try Severity(facts.field("severity").string()), time: try facts.field("time").time())
    }
}

extension JSONReader {
    func time() throws(JSONFault) -> Date {
        guard let time = UTCTime.decode(try string()) else { throw invalid(expected: "a time YYYY-MM-DDTHH:MM:SSZ") }
        return time
    }

    func digest() throws(JSONFault) -> Digest {
        guard let digest = Digest(hex: try string()) else { throw invalid(expected: "64 lower-case hex digits") }
        return digest
    }
}
