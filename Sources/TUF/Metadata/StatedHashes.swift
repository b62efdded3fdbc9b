import CanonicalJSON
import Primitives

/// Digests of one file in hexadecimal, by name of algorithm (TUF 4.4 to 4.6, `HASHES`); names we do not know are kept.
///
/// Stays the JSON object it was read from: there is one for each target, and there may be 10,000 targets.
package struct StatedHashes: Hashable, Sendable, ExpressibleByDictionaryLiteral {
    /// All values are strings.
    let object: JSONObject

    package init(dictionaryLiteral elements: (ByteString, ByteString)...) {
        self.init(elements)
    }

    /// Names of algorithms and digests in hexadecimal. Of a name that occurs twice, the last counts.
    package init(_ elements: [(ByteString, ByteString)]) {
        var object = JSONObject()
        for (name, hex) in elements { object[name] = .string(hex) }
        self.object = object
    }

    /// At least one hash.
    init(_ reader: JSONReader) throws(JSONFault) {
        object = try reader.object()
        for member in try reader.members() { _ = try member.reader.string() }
        guard !isEmpty else { throw reader.invalid(expected: "at least one hash") }
    }

    package var isEmpty: Bool { object.members.isEmpty }
    /// In byte order.
    package var keys: [ByteString] { object.members.map(\.name) }

    package subscript(name: ByteString) -> ByteString? {
        guard case .string(let hex) = object[name] else { return nil }
        return hex
    }
}
