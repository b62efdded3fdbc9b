import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures

/// What people were told and have yet to be told: `notices.json`, format `sceau-notices/1`. What is damaged is forgotten.
package struct NoticeMemory: Hashable, Sendable {
    /// Something that lasts, and is told again only after a while.
    package struct Condition: Hashable, Sendable {
        package let kind: NoticeKind
        /// What tells two of one kind apart.
        package let subject: String
        package let operation: AgentOperation
        package var since: Date
        /// Nil: it has not lasted long enough.
        package var told: Date?
        /// For people, when it is over.
        package var title: String
    }

    /// A notice that has not got everywhere yet.
    package struct Outgoing: Hashable, Sendable {
        package let notice: AgentNotice
        package var channels: Set<NoticeChannel>
    }

    /// The last line of the history that was looked at.
    package struct Mark: Hashable, Sendable {
        package let line: Digest
        package let time: Date

        init(_ entry: HistoryEntry) {
            line = Digest.sha256(of: entry.line)
            time = entry.time
        }

        fileprivate init(line: Digest, time: Date) {
            (self.line, self.time) = (line, time)
        }
    }

    package var lastRun: Date?
    package var lastSuccess: Date?
    package var mark: Mark?
    package var conditions: [Condition] = []
    /// Oldest first.
    package var outgoing: [Outgoing] = []

    package static let format: ByteString = "sceau-notices/1"
    package static let limit = 1 << 20
    /// Far more than there is ever to say; the oldest go first.
    static let mostOutgoing = 20
    static let mostConditions = 50

    package init() {}
}

// MARK: text

extension NoticeMemory {
    package func encode() -> [UInt8] {
        var object: JSONObject = [
            "format": .string(Self.format), "conditions": .array(conditions.map { .object($0.json) }),
            "outgoing": .array(outgoing.map { .object($0.json) }),
        ]
        if let lastRun { object["last_run"] = .time(lastRun) }
        if let lastSuccess { object["last_success"] = .time(lastSuccess) }
        if let mark {
            object["history"] = ["line_sha256": .string(ByteString(mark.line.hex)), "time": .time(mark.time)]
        }
        return JSONValue.object(object).fileEncoding
    }

    package init?(decoding bytes: [UInt8]) {
        guard let value = try? JSONValue.decode(bytes, limits: JSONLimits(bytes: Self.limit, depth: 8)),
            let memory = try? NoticeMemory(JSONReader(value, at: "notices.json"))
        else { return nil }
        self = memory
    }

    private init?(_ reader: JSONReader) throws {
        guard try reader.field("format").string() == Self.format else { return nil }
        lastRun = try reader.optionalField("last_run").map { try $0.time() }
        lastSuccess = try reader.optionalField("last_success").map { try $0.time() }
        mark = try reader.optionalField("history").map {
            Mark(line: try $0.field("line_sha256").digest(), time: try $0.field("time").time())
        }
        conditions = try reader.field("conditions").array().compactMap { try Condition($0) }
        outgoing = try reader.field("outgoing").array().compactMap { try Outgoing($0) }
        guard conditions.count <= Self.mostConditions, outgoing.count <= Self.mostOutgoing else { return nil }
    }
}

extension JSONValue {
    fileprivate static func time(_ date: Date) -> JSONValue { .string(ByteString(UTCTime.encode(date))) }
}

extension NoticeMemory.Condition {
    fileprivate var json: JSONObject {
        var object: JSONObject = [
            "kind": .string(ByteString(kind.rawValue)), "subject": .string(ByteString(subject)),
            "run": .string(ByteString(operation.rawValue)), "since": .time(since),
            "title": .string(ByteString(title)),
        ]
        if let told { object["told"] = .time(told) }
        return object
    }

    fileprivate init?(_ reader: JSONReader) throws {
        guard let kind = NoticeKind(rawValue: try reader.field("kind").text()),
            let operation = AgentOperation(rawValue: try reader.field("run").text())
        else { return nil }
        self.init(
            kind: kind, subject: try reader.field("subject").text(), operation: operation,
            since: try reader.field("since").time(), told: try reader.optionalField("told").map { try $0.time() },
            title: try reader.field("title").text())
    }
}

extension NoticeMemory.Outgoing {
    fileprivate var json: JSONObject {
        [
            "notice": .object(notice.json),
            "channels": .array(
                NoticeChannel.allCases.filter(channels.contains).map { .string(ByteString($0.rawValue)) }),
        ]
    }

    fileprivate init?(_ reader: JSONReader) throws {
        guard let notice = try AgentNotice(reader.field("notice")) else { return nil }
        let channels = try reader.field("channels").array().compactMap { NoticeChannel(rawValue: try $0.text()) }
        self.init(notice: notice, channels: Set(channels))
    }
}

extension Instance {
    func noticeMemory() throws -> NoticeMemory {
        try readOwn(folders.notices, limit: NoticeMemory.limit).flatMap(NoticeMemory.init(decoding:)) ?? NoticeMemory()
    }

    func setNoticeMemory(_ memory: NoticeMemory) throws {
        try storage.write(memory.encode(), to: folders.notices, mode: .privateFile)
    }
}
