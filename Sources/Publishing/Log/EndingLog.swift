import DurableStorage
import FoundationEssentials
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// A log that ends with a publication: root names another one from now on.
///
/// Its last entries are that root, which it vouches for under the policy of the root before, and a notice that says which
/// log follows. Then it is moved to where former logs stand, and the next one takes its place.
struct EndingLog {
    private let workspace: Workspace
    private let contents: LogContents
    private let successor: NoteKey
    private var log: PublicationLog

    /// Nil when the log that `policies` name is no longer live.
    init?(
        _ policies: PoliciesInForce, successor: NoteKey, contents: LogContents, ports: LogPorts?, workspace: Workspace,
        now: Date
    ) throws {
        guard try LogRecord.isLive(policies.newest.log, at: workspace.liveCheckpoint, storage: workspace.storage)
        else { return nil }
        log = try PublicationLog(policies, ports: ports, workspace: workspace, now: now)
        (self.workspace, self.contents, self.successor) = (workspace, contents, successor)
    }

    /// Appends the last entries and has them cosigned. Throws as `PublicationLog.witness`; nothing is live then.
    mutating func witness(isCosigned: Bool) throws {
        try log.witness(LastEntries(contents: contents, successor: successor), isCosigned: isCosigned)
    }

    /// How it ended; to be asked after `witness`.
    var notice: LogNotice { .predecessor(log.keeper.key, log.keeper.state.edge.head) }

    /// Puts the last of it live, with the proof of the new root, and then all of it to where former logs stand.
    mutating func publish() throws {
        try log.publishFiles()
        try log.complete()
        try workspace.retireLiveLog(log.keeper.key)
    }

    /// The roots it has to vouch for, and the notice.
    private struct LastEntries: LoggedContents {
        let contents: LogContents
        let successor: NoteKey

        func entries(missingIn ledger: LogLedger) throws -> [LogEntry] {
            let roots = try contents.roots()
            var entries: [LogEntry] = []
            do throws(LogFault) {
                for root in roots where try !ledger.holds(root) { entries.append(root) }
            } catch { throw LogContents.fault(error) }
            let notice = LogNotice.successor(successor)
            guard ledger.notices.last?.content != notice.encoded else { return entries }
            return entries + [notice.entry(number: ledger.notices.count + 1)]
        }
    }
}

extension Workspace {
    /// Where a log stands that another one has followed: all of it, as it was at its end.
    package func formerLog(_ key: NoteKey) -> FilePath {
        liveLog.appending("former").appending(Digest.sha256(of: key.name.bytes).hex)
    }

    /// Copies the log that is live, its checkpoint last, and takes its checkpoint away: for a moment there is no log, and
    /// nobody takes files of the next one for this one's. Can be done twice.
    func retireLiveLog(_ key: NoteKey) throws {
        guard let live = try LogRecord.loadCheckpoint(liveCheckpoint, key: key, storage: storage) else { return }
        let (former, size) = (formerLog(key), live.head.size)
        let paths = try BundleID.needed(size: size).map(\.path) + TileID.needed(size: size).map(\.path)
        for path in paths { try copy(path, to: former) }
        try storage.copy(liveCheckpoint, to: LogPaths.checkpoint(in: former))
        try storage.remove(liveCheckpoint)
    }

    private func copy(_ path: ByteString, to former: FilePath) throws {
        let place = LogPaths.file(path, in: former)
        try storage.makeDirectory(place.folder)
        try storage.copy(LogPaths.file(path, in: liveLog), to: place)
    }
}
