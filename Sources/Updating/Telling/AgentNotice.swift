import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases

/// What people may be told.
package enum NoticeKind: String, CaseIterable, Sendable {
    case updated
    /// A release waits for somebody.
    case waiting
    case failed
    case reverted
    /// Something was refused that was not as it was signed, or not in the log.
    case refused
    /// Metadata is about to expire, or has.
    case expiring
    /// No mirror has been reached for a while.
    case unreachable
    /// What was told of as lasting is over.
    case recovered
}

/// A way to people.
package enum NoticeChannel: String, CaseIterable, Sendable {
    case command
    case mail
}

/// One thing that people are told, in words and for programs.
package struct AgentNotice: Hashable, Sendable {
    package let kind: NoticeKind
    package let time: Date
    /// One line, without control characters.
    package let title: String
    /// Lines without control characters; together at most `textLimit` characters.
    package let text: [String]
    /// The release it is about.
    package let version: Version?
    /// The release before it.
    package let from: Version?
    /// Of a fault.
    package let code: String?

    private static let titleLimit = 200
    private static let textLimit = 4000

    /// What comes from outside may stand in `title` and `text` as it is: it is escaped and cut here.
    init(
        _ kind: NoticeKind, _ title: String, _ text: [String] = [], version: Version? = nil, from: Version? = nil,
        code: String? = nil, at time: Date
    ) {
        self.kind = kind
        self.time = time
        self.title = title.shownIn(Self.titleLimit)
        var left = Self.textLimit
        self.text = text.compactMap { line in
            guard left > 0 else { return nil }
            let shown = line.shownIn(left)
            left -= shown.unicodeScalars.count
            return shown
        }
        self.version = version
        self.from = from
        self.code = code
    }
}

extension String {
    /// As much as fits, with nothing in it that a terminal, a mail's header or a log would act on.
    fileprivate func shownIn(_ limit: Int) -> String {
        let escaped = String(String.UnicodeScalarView(unicodeScalars.prefix(limit))).escapingUnprintable()
        let scalars = escaped.unicodeScalars
        guard scalars.count > limit || unicodeScalars.count > limit else { return escaped }
        return String(String.UnicodeScalarView(scalars.prefix(max(0, limit - 1)))) + "…"
    }
}

extension AgentNotice {
    /// What a notification command gets.
    package func json(_ instance: NoticeSender) -> JSONObject {
        var object = json
        object["host"] = .string(ByteString(instance.host))
        object["product"] = .string(instance.product.text)
        object["channel"] = .string(instance.channel.text)
        return object
    }

    var json: JSONObject {
        var object: JSONObject = [
            "event": .string(ByteString(kind.rawValue)), "time": .string(ByteString(UTCTime.encode(time))),
            "title": .string(ByteString(title)), "text": .array(text.map { .string(ByteString($0)) }),
        ]
        if let version { object["version"] = .string(version.text) }
        if let from { object["from"] = .string(from.text) }
        if let code { object["code"] = .string(ByteString(code)) }
        return object
    }

    init?(_ reader: JSONReader) throws {
        guard let kind = NoticeKind(rawValue: try reader.field("event").string().description) else { return nil }
        self.init(
            kind, try reader.field("title").text(),
            try reader.field("text").array().map { line throws in try line.text() },
            version: try reader.optionalField("version").map { try Version($0.string()) },
            from: try reader.optionalField("from").map { try Version($0.string()) },
            code: try reader.optionalField("code")?.text(), at: try reader.field("time").time())
    }
}

extension JSONReader {
    /// Text as it was, for what is escaped by whoever shows it.
    func text() throws(JSONFault) -> String { String(decoding: try string().bytes, as: UTF8.self) }
}

/// Who tells.
package struct NoticeSender: Hashable, Sendable {
    package let host: String
    package let product: ProductName
    package let channel: ChannelName

    package init(host: String, product: ProductName, channel: ChannelName) {
        self.host = host.escapingUnprintable()
        self.product = product
        self.channel = channel
    }
}
