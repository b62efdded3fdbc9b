import CanonicalJSON
import Primitives
import Signatures

/// Something a log's owner tells its readers: the content of a `notice` entry. It decides nothing; what instances trust is
/// in root.
///
///     {"format":"sceau-notice/1","kind":"successor","log":"<vkey>"}
package enum LogNotice: Hashable, Sendable {
    /// One line for people.
    case text(ByteString)
    /// The log that follows this one, whose last entry this is.
    case successor(NoteKey)
    /// The log before this one, and its last tree.
    case predecessor(NoteKey, TreeHead)

    private static let format: ByteString = "sceau-notice/1"
    /// Bytes of a text.
    package static let textLimit = 1000

    /// Throws `log/malformed-notice` for anything that `encoded` does not write.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard let value = try? JSONValue.decode(bytes),
            let notice = try? Self(JSONReader(value, at: "notice")), notice.encoded == bytes
        else { throw LogFault(.malformedNotice, expected: "a notice of \(Self.format)") }
        self = notice
    }

    private init?(_ notice: JSONReader) throws {
        guard try notice.field("format").string() == Self.format else { return nil }
        switch try notice.field("kind").string() {
        case "text":
            let text = try notice.field("text").string()
            guard Self.isLine(text) else { return nil }
            self = .text(text)
        case "successor": self = .successor(try Self.key(notice.field("log")))
        case "predecessor":
            guard let root = Digest(hex: try notice.field("root").string()) else { return nil }
            let size = try notice.field("size").integer(in: 1...Int64(LogSize.limit))
            self = .predecessor(try Self.key(notice.field("log")), try TreeHead(size: size, root: root))
        default: return nil
        }
    }

    /// Canonical JSON.
    package var encoded: [UInt8] {
        var object: JSONObject = ["format": .string(Self.format)]
        switch self {
        case .text(let text):
            object["kind"] = .string("text")
            object["text"] = .string(text)
        case .successor(let log):
            object["kind"] = .string("successor")
            object["log"] = .string(log.vkey)
        case .predecessor(let log, let head):
            object["kind"] = .string("predecessor")
            object["log"] = .string(log.vkey)
            object["size"] = .integer(Int64(head.size))
            object["root"] = .string(ByteString(head.root.hex))
        }
        return JSONValue.object(object).canonicalEncoding
    }

    /// For people.
    package var words: String {
        switch self {
        case .text(let text): "\(text)"
        case .successor(let log): "this log ends; \(log.vkey) follows"
        case .predecessor(let log, let head): "this log follows \(log.vkey), which ended with \(head.size) entries"
        }
    }

    /// As the entry of this number, from 1.
    package func entry(number: Int) -> LogEntry {
        LogEntry(
            kind: .notice, role: LogEntry.noticeRole, version: ByteString(String(number)), content: encoded)
    }

    private static func key(_ field: JSONReader) throws -> NoteKey {
        let key = try NoteKey(vkey: field.string())
        guard key.kind == .log else { throw LogFault(.malformedKey, expected: "the key of a log") }
        return key
    }

    /// 1 to 1,000 bytes of UTF-8 without control characters.
    private static func isLine(_ text: ByteString) -> Bool {
        1...textLimit ~= text.count && text.bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F }
            && String(validating: text.bytes, as: UTF8.self) != nil
    }
}
