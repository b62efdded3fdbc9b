import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import TUF
import TransparencyLog

/// Where a monitor looks.
package struct FollowedPlaces {
    /// A published folder or server, opened anew for each look.
    package struct Place {
        package let name: String
        package let open: () throws -> any AuditSource

        package init(name: String, open: @escaping () throws -> any AuditSource) {
            self.name = name
            self.open = open
        }
    }

    package var source: Place
    package var mirrors: [Place] = []
    /// Where witnesses are asked instead of at the policy's address, by their names in the policy.
    package var witnesses: [ByteString: String] = [:]
    /// The note at a witness's monitoring address; nil when it shows none.
    package var fetchNote: (_ url: String) throws -> [UInt8]?

    package init(source: Place, fetchNote: @escaping (_ url: String) throws -> [UInt8]?) {
        self.source = source
        self.fetchNote = fetchNote
    }
}

/// One look at everything: the checkpoint first, then roots, entries, metadata, mirrors and witnesses. So what is read after
/// the checkpoint may be newer than it, and never older; that is what a second look is for.
///
/// Throws only when it could not look: the source is out of reach, or this machine fails, and nothing rings that nobody
/// knows of. A source that shows something and then breaks off does not silence what was seen.
final class Look {
    /// A checkpoint, and where it was.
    struct Seen {
        let place: String
        let checkpoint: VerifiedCheckpoint

        var head: TreeHead { checkpoint.head }
    }

    /// A checkpoint older than this rings.
    static let heartbeat: TimeInterval = 48 * 3600

    let places: FollowedPlaces
    let source: any AuditSource
    let before: MonitorState
    let mine: [KeyholderKey]
    let limits: AuditLimits
    let now: Date
    var state: MonitorState
    var alarms: [Alarm] = []
    var notes: [String] = []
    var evidence: [Evidence] = []
    var seen: [Seen] = []
    /// Whether all entries of the checkpoint shown were read.
    var hasReadLog = false
    var freshAt: Date?
    private(set) var roots: FollowedRoots

    init(
        _ places: FollowedPlaces, givenRoot: [UInt8], state: MonitorState, mine: [KeyholderKey], limits: AuditLimits,
        now: Date
    ) throws {
        self.places = places
        source = try places.source.open()
        before = state
        self.state = state
        self.mine = mine
        self.limits = limits
        self.now = now
        roots = try FollowedRoots(givenRoot: givenRoot, now: now, limits: limits)
    }

    func run() throws {
        let note = try read(LogFiles.checkpoint, limit: SignedNote.byteLimit, else: .badCheckpoint)
        let following = try roots.follow(maximum: limits.roots) { [self] path, limit in
            try read(path, limit: limit, else: .badMetadata)
        }
        alarms += following
        guard let policy = roots.policy else { throw FollowFault(.noLog, at: source.name) }
        if let stored = try? VerifiedCheckpoint.verify(before.log.checkpoint, log: policy.log) {
            seen.append(Seen(place: "what was seen before", checkpoint: stored))
        }
        let end = Result { try lookAtSource(note, policy) }
        try lookAtMirrors(policy.log)
        try lookAtWitnesses(policy)
        findForks()
        guard case .failure(let error) = end else { return }
        let isNews = alarms.contains { !before.acknowledged.contains($0.id) }
        guard isNews, let fault = error as? any ReportableFault else { throw error }
        notes.append("\(source.name) could not be read to its end: \(fault.message)")
    }

    private func lookAtSource(_ note: [UInt8]?, _ policy: WitnessPolicy) throws {
        if let note {
            try readLog(note, policy)
        } else if !alarms.contains(where: { $0.code == .badCheckpoint }) {
            ring(.cosignedNotServed, about: "log/checkpoint", found: "no log/checkpoint", at: source.name)
        }
        try lookAtMetadata()
        if hasReadLog { try lookForMissing() }
    }

    // MARK: ringing

    func ring(
        _ code: AlarmCode, about subject: String, found: String? = nil, expected: String? = nil, at place: String
    ) {
        alarms.append(Alarm(code, about: subject, found: found, expected: expected, at: place))
    }

    /// Two notes that do not fit together, as a file to show to others.
    func keep(_ one: Seen, _ other: Seen, for alarm: Alarm) {
        var alarm = alarm
        let name = "checkpoints-\(one.head.size)-\(other.head.size)-\(Self.roots(one, other)).txt"
        let divider = Array("\n--- \(other.place)\n".utf8)
        evidence.append(
            Evidence(
                name: name,
                bytes: Array("--- \(one.place)\n".utf8) + one.checkpoint.note.encoded + divider
                    + other.checkpoint.note.encoded))
        alarm.evidence = [name]
        alarms.append(alarm)
    }

    /// By which two trees are told from any other two. Whoever signs them can make roots that begin alike, but not so far.
    static func roots(_ one: Seen, _ other: Seen) -> String {
        [one, other].map { String($0.head.root.hex.prefix(16)) }.sorted().joined(separator: "-")
    }

    /// What an alarm about a second content is about: a third one is another alarm.
    static func subject(_ what: String, _ fault: LogFault) -> String {
        fault.code == .secondContent ? "\(what)/\(fault.found?.prefix(16) ?? "")" : what
    }

    // MARK: reading

    /// A published file; nil when there is none, or when what is sent is refused, which rings.
    func read(_ path: PublishedPath, limit: Int, else code: AlarmCode = .unavailable) throws -> [UInt8]? {
        do { return try source.read(path, limit: limit) } catch let fault as any ReportableFault
            where fault.family == .refusal
        {
            ring(code, about: path.description, found: fault.message, at: source.name)
            return nil
        }
    }

    var files: LogFiles {
        LogFiles { [self] path, limit in
            try read(path, limit: limit, else: .badLog)
        } addMissing: { _, _, _ in
        }
    }

    // MARK: the log

    private func readLog(_ note: [UInt8], _ policy: WitnessPolicy) throws {
        let place = "log/checkpoint of \(source.name)"
        do {
            seen.append(Seen(place: source.name, checkpoint: try VerifiedCheckpoint.verify(note, log: policy.log)))
        } catch {
            return ring(.badCheckpoint, about: error.codeText, found: error.message, at: place)
        }
        let rules = CheckpointRules(policy: policy, older: roots.older, freshness: Self.heartbeat, now: now)
        var check: LogCheck
        do { check = try LogCheck(note, rules: rules, remembered: before.log) } catch {
            switch error.code {
            // Found among all checkpoints that were seen.
            case .fork: return
            case .clockBehind: throw FollowFault(.clockBehind, found: error.found, expected: error.expected)
            case .shrunk:
                return ring(
                    .rolledBack, about: "\(before.log.size)", found: error.found, expected: error.expected, at: place)
            default: return ring(.badCheckpoint, about: error.codeText, found: error.message, at: place)
            }
        }
        judge(check, policy)
        try readEntries(&check)
    }

    private func judge(_ check: LogCheck, _ policy: WitnessPolicy) {
        freshAt = check.cosignatures.freshAt
        if check.before == nil, !before.isNew {
            ring(
                .newLog, about: String(Digest.sha256(of: policy.log.vkey.bytes).hex.prefix(16)), found: "\(policy.log)",
                expected: "the log of \(before.log.size) entries that was followed", at: "root")
        }
        for doubt in check.doubts {
            let isOld = doubt.code == .stale
            let subject = isOld ? freshAt.map(UTCTime.encode) ?? "never" : "\(check.checkpoint.head.size)"
            ring(
                isOld ? .noHeartbeat : .noQuorum, about: subject, found: doubt.found, expected: doubt.expected,
                at: source.name)
        }
    }

    private func readEntries(_ check: inout LogCheck) throws {
        var scan = EntryScan(
            mine: mine, known: check.before == nil ? LogLedger() : before.log.ledger, limits: limits.metadata)
        defer { alarms += scan.alarms }
        while let part = check.next {
            guard let entries = try bundle(part.bundle, of: check.checkpoint.head) else { return }
            for bytes in entries.suffix(part.count) {
                let index = check.state.size
                if let entry = try? LogEntry(decoding: bytes) { scan.read(entry, at: index) }
                do { try check.read(bytes) } catch {
                    return ring(
                        AlarmCode(error), about: Self.subject("entry \(index)", error), found: error.message,
                        at: "log entry \(index)")
                }
            }
        }
        do { try check.finish() } catch { return ringInconsistent(check, error) }
        hasReadLog = true
        state.log = check.state
        state.missing += scan.promised
        // On the first look there may be years of releases; `verify --full` reads those.
        if !before.isNew { state.missing += scan.releases.flatMap(Artefacts.of) }
    }

    private func bundle(_ id: BundleID, of head: TreeHead) throws -> [[UInt8]]? {
        let path = PublishedPath.log(id.path).description
        do {
            if let entries = try files.entries(of: id) { return entries }
            ring(
                .cosignedNotServed, about: "\(head.size)", found: "no \(path)",
                expected: "the entries of a log of \(head.size)", at: source.name)
        } catch let fault as LogFault {
            ring(.badLog, about: path, found: fault.message, at: source.name)
        }
        return nil
    }

    private func ringInconsistent(_ check: LogCheck, _ fault: LogFault) {
        guard let old = seen.first(where: { $0.head == check.before }) else {
            return ring(.badLog, about: "\(check.checkpoint.head.size)", found: fault.message, at: source.name)
        }
        let new = Seen(place: source.name, checkpoint: check.checkpoint)
        keep(
            old, new,
            for: Alarm(
                .inconsistent, about: "\(old.head.size)-\(new.head.size)/\(Self.roots(old, new))",
                found: fault.message, at: source.name))
    }
}

extension AlarmCode {
    /// What a rule of the log is called when it is broken.
    fileprivate init(_ fault: LogFault) {
        switch fault.code {
        case .gap: self = .gap
        case .repeated: self = .repeated
        case .secondContent: self = .secondContent
        default: self = .badLog
        }
    }
}
