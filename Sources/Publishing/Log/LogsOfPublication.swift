import FoundationEssentials
import TransparencyLog

/// The log that a publication goes into and, when root moves to another one, the log that ends with it.
struct LogsOfPublication {
    private(set) var log: PublicationLog
    private var ending: EndingLog?
    private var contents: LogContents
    private let former: [NoteKey]

    /// Signs nothing yet.
    init(_ policies: PoliciesInForce, _ contents: LogContents, _ ports: LogPorts?, now: Date) throws {
        log = try PublicationLog(policies, ports: ports, workspace: contents.workspace, now: now)
        (self.contents, former) = (contents, policies.formerLogs)
        ending = try policies.ending.flatMap { former in
            try EndingLog(
                former, successor: policies.newest.log, contents: contents, ports: ports,
                workspace: contents.workspace, now: now)
        }
    }

    /// Whether there is nothing to log. Throws when the contents could never be logged.
    var isHeartbeat: Bool { get throws { try ending == nil && log.holds(contents) } }

    /// Appends what is missing and has it cosigned: first to the log that ends. Throws as `PublicationLog.witness`.
    mutating func witness(isCosigned: Bool) throws {
        try ending?.witness(isCosigned: isCosigned)
        contents.predecessor = ending?.notice
        try log.witness(contents, isCosigned: isCosigned)
    }

    /// All files but the checkpoint; a log that ends makes room first.
    mutating func publishFiles() throws {
        try ending?.publish()
        ending = nil
        // One that nobody can write any more keeps what it has.
        for key in former where try isLive(key) { try contents.workspace.retireLiveLog(key) }
        try log.publishFiles()
    }

    /// The checkpoint: to be the last but for `timestamp.json`.
    mutating func complete() throws { try log.complete() }

    private func isLive(_ key: NoteKey) throws -> Bool {
        let workspace = contents.workspace
        return try LogRecord.isLive(key, at: workspace.liveCheckpoint, storage: workspace.storage)
    }
}
