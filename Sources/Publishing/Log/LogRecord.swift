import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// What this machine knows of its log: the newest tree that was signed, and its files. Only reads.
///
/// The log as it is live and the tree that was signed last may differ: a publication that waits for its witnesses has
/// its bundles and tiles in the state's folder, and nothing of them is live.
struct LogRecord {
    let key: NoteKey
    let live: FilePath
    let folder: LogFolder
    let storage: DurableStorage
    var state: LogState
    /// Entries of the tree that is live.
    var liveSize: Int

    /// Reads what `folder` remembers of the log at `live`, whose key is `key`.
    ///
    /// Throws `.logStateLost` when there is a log and no state of it, `.logStateBehind` when the live log is ahead of it,
    /// `.logStateDamaged`, and `.forkedLog` when the two contradict each other.
    ///
    /// - Parameter former: keys of logs that this one follows; while the checkpoint at `live` is one of theirs, nothing of
    ///   this one is live.
    init(_ key: NoteKey, in folder: LogFolder, live: FilePath, after former: [NoteKey], storage: DurableStorage) throws
    {
        (self.key, self.folder, self.live, self.storage) = (key, folder, live, storage)
        let place = LogPaths.checkpoint(in: live)
        let isFormer = try former.contains { try Self.isLive($0, at: place, storage: storage) }
        let published = try isFormer ? nil : Self.loadCheckpoint(place, key: key, storage: storage)
        liveSize = published?.head.size ?? 0
        state = try Self.loadState(folder, key: key, storage: storage) ?? LogState()
        try checkAgainst(published)
    }

    /// Whether the checkpoint in a file is of the log with this key.
    static func isLive(_ key: NoteKey, at path: FilePath, storage: DurableStorage) throws -> Bool {
        guard let note = try storage.readIfPresent(path, limit: SignedNote.byteLimit) else { return false }
        return (try? VerifiedCheckpoint.verify(note, log: key)) != nil
    }

    /// Nil when there is none.
    static func loadState(_ folder: LogFolder, key: NoteKey, storage: DurableStorage) throws -> LogState? {
        guard let bytes = try storage.readIfPresent(folder.state, limit: LogState.byteLimit) else { return nil }
        do throws(LogFault) {
            let state = try LogState(decoding: bytes)
            let signed = try VerifiedCheckpoint.verify(state.checkpoint, log: key)
            try state.check(reaches: signed.head)
            return state
        } catch {
            throw PublishingFault(
                .logStateDamaged, found: "[\(error.codeText)] \(error.message)", at: folder.state.string)
        }
    }

    /// The checkpoint in a file; nil when there is none.
    static func loadCheckpoint(
        _ path: FilePath, key: NoteKey, storage: DurableStorage
    ) throws -> VerifiedCheckpoint? {
        guard let note = try storage.readIfPresent(path, limit: SignedNote.byteLimit) else { return nil }
        do throws(LogFault) { return try VerifiedCheckpoint.verify(note, log: key) } catch {
            throw PublishingFault(.logStateDamaged, found: "[\(error.codeText)] \(error.message)", at: path.string)
        }
    }

    private func checkAgainst(_ published: VerifiedCheckpoint?) throws {
        let place = "\(live.string)/checkpoint"
        guard let published else { return try checkPending() }
        let sizes = (found: "\(state.size) entries", expected: "\(published.head.size), as are live")
        guard state.size > 0 else {
            throw PublishingFault(.logStateLost, found: sizes.found, expected: sizes.expected, at: folder.state.string)
        }
        guard state.size >= published.head.size else {
            throw PublishingFault(
                .logStateBehind, found: sizes.found, expected: sizes.expected, at: folder.state.string)
        }
        if state.size == published.head.size, state.edge.head.root != published.head.root {
            throw PublishingFault(
                .forkedLog, found: published.head.root.hex, expected: state.edge.head.root.hex, at: place)
        }
        try checkPending()
    }

    /// That the files of the newest tree are at hand, live or pending: without them it could never go live.
    private func checkPending() throws {
        do {
            let hashes = try hashes()
            for bundle in try BundleID.needed(from: liveSize, size: state.size) {
                let entries = try EntryBundle.decode(file(bundle.path), width: bundle.width)
                for (offset, entry) in entries.enumerated() {
                    let leaf = try hashes.hash(SubtreeID(level: 0, index: bundle.firstEntry + offset))
                    guard leaf == MerkleHash.leaf(entry) else { throw LogFault(.wrongRoot, at: "\(bundle.path)") }
                }
            }
        } catch let fault as any ReportableFault {
            throw PublishingFault(
                .logStateDamaged, found: "[\(fault.codeText)] \(fault.message)", at: folder.pending.string)
        }
    }

    // MARK: reading

    static let fileLimit = EntryBundle.byteLimit

    /// A tile or bundle of the newest tree.
    func file(_ path: ByteString) throws -> [UInt8] {
        let pending = LogPaths.file(path, in: folder.pending)
        if let bytes = try storage.readIfPresent(pending, limit: Self.fileLimit) { return bytes }
        return try storage.read(LogPaths.file(path, in: live), limit: Self.fileLimit)
    }

    /// The hashes of the newest tree, checked against its head.
    func hashes() throws -> TileHashes { try TileHashes(head: state.edge.head) { try file($0.path) } }

    /// The newest checkpoint, with the log's signature and whatever witnesses have added.
    func checkpoint() throws -> VerifiedCheckpoint { try VerifiedCheckpoint.verify(state.checkpoint, log: key) }
}
