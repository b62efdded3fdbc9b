import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// What a monitor remembers, in one file: the log as it read it, alarms that wait for a person, what could not be had.
struct MonitorState {
    /// A published file that the log promises and that was not there.
    struct MissingFile: Hashable {
        /// Below the published folder.
        let path: PublishedPath
        let sha256: Digest
        let length: Int
    }

    var log = LogState()
    /// Alarms that stay until they are acknowledged, by id, oldest first.
    var standing: [Alarm] = []
    /// Ids of what people know of.
    var acknowledged: Set<String> = []
    var missing: [MissingFile] = []
    /// Since when too few witnesses to matter have cosigned more than is served.
    var cosignedSince: Date?

    init() {}

    /// Whether anything was ever read.
    var isNew: Bool { log.checkpoint.isEmpty }

    /// Throws `follow/state-damaged`.
    init(decoding bytes: [UInt8], at place: String) throws(FollowFault) {
        do { log = try LogState(decoding: bytes) } catch {
            throw FollowFault(.stateDamaged, found: error.message, at: place)
        }
        for line in log.lines {
            guard read(line) else {
                throw FollowFault(.stateDamaged, found: "\(line.name) \(line.value)", at: place)
            }
        }
        log.lines = []
    }

    private mutating func read(_ line: LogState.Line) -> Bool {
        switch line.name {
        case "alarm":
            guard let json = try? JSONValue.decode(line.value.bytes, limits: Self.jsonLimits),
                let alarm = Alarm(json)
            else { return false }
            standing.append(alarm)
        case "acknowledged": acknowledged.insert(line.value.description)
        case "missing":
            guard let file = MissingFile(line.value) else { return false }
            missing.append(file)
        case "cosigned-since":
            guard let date = UTCTime.decode(line.value) else { return false }
            cosignedSince = date
        default: return false
        }
        return true
    }

    private static let jsonLimits = JSONLimits(bytes: LogState.Line.valueLimit, depth: 4)

    func encoded() throws(LogFault) -> [UInt8] {
        var state = log
        var lines: [LogState.Line] = []
        for alarm in standing {
            lines.append(try .init(name: "alarm", value: ByteString(JSONValue.object(alarm.json).lineEncoding)))
        }
        for id in acknowledged.sorted() { lines.append(try .init(name: "acknowledged", value: ByteString(id))) }
        for file in missing { lines.append(try .init(name: "missing", value: file.text)) }
        if let cosignedSince {
            lines.append(try .init(name: "cosigned-since", value: ByteString(UTCTime.encode(cosignedSince))))
        }
        state.lines = lines
        return state.encoded
    }
}

extension MonitorState.MissingFile {
    fileprivate var text: ByteString { ByteString("\(sha256) \(length) \(path.text)") }

    fileprivate init?(_ text: ByteString) {
        let words = text.bytes.split(separator: UInt8(ascii: " "), maxSplits: 2).map { ByteString(Array($0)) }
        guard words.count == 3, let sha256 = Digest(hex: words[0]), let length = Int(words[1].description),
            let slash = words[2].bytes.firstIndex(of: UInt8(ascii: "/"))
        else { return nil }
        let name = ByteString(Array(words[2].bytes[(slash + 1)...]))
        switch ByteString(Array(words[2].bytes[..<slash])) {
        case "metadata": path = .metadata(name.description)
        case "targets": path = .target(name)
        default: return nil
        }
        self.sha256 = sha256
        self.length = length
    }
}

/// The folder of a monitor's state: `state`, `lock`, `evidence/`.
struct MonitorStore {
    let folder: FilePath
    let storage: DurableStorage

    private var file: FilePath { folder.appending("state") }

    func lock() throws -> StorageLock {
        try storage.makeDirectory(folder, mode: .privateDirectory)
        return try storage.lock(folder.appending("lock"))
    }

    func load() throws -> MonitorState {
        guard let bytes = try storage.readIfPresent(file, limit: LogState.byteLimit) else { return MonitorState() }
        return try MonitorState(decoding: bytes, at: file.string)
    }

    func save(_ state: MonitorState) throws {
        try storage.write(state.encoded(), to: file, mode: .privateFile)
    }

    /// Writes evidence unless it is there already.
    func save(_ evidence: Evidence) throws {
        let folder = folder.appending("evidence")
        try storage.makeDirectory(folder)
        let path = folder.appending(evidence.name)
        guard try storage.info(path) == nil else { return }
        try storage.write(evidence.bytes, to: path)
    }
}

/// A file that goes with an alarm.
struct Evidence: Hashable {
    let name: String
    let bytes: [UInt8]
}
