import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// A log's key and what it has signed, as they are copied away together and put back.
///
/// A log that signs a tree without knowing the last one is a fork for ever. So nothing older than what is here, or than
/// what is live, is ever put back.
package struct LogBackup {
    private let workspace: Workspace
    /// The policy of the newest root there is.
    private let policy: WitnessPolicy
    private var storage: DurableStorage { workspace.storage }

    /// Throws `.noLog` when root names none.
    package init(_ workspace: Workspace) throws {
        try workspace.check()
        self.workspace = workspace
        policy = try workspace.loadLogPolicy()
    }

    /// The log's public key, 32 bytes.
    package var publicKey: [UInt8] { policy.log.publicKey }

    // MARK: copying away

    /// Copies the key's file, and the state when there is one, to a folder that is empty or not there yet. Returns the size
    /// of the tree that was signed last.
    ///
    /// Throws `.folderNotEmpty`, and as `LogKeeper` when the state is not one to go on from.
    package func write(_ key: LogKeyFile, to folder: FilePath) throws -> Int {
        guard try storage.info(folder) == nil || storage.list(folder).isEmpty else {
            throw PublishingFault(.folderNotEmpty, at: folder.string)
        }
        let from = LogFolder(path: key.state)
        guard try storage.info(from.path) != nil else {
            throw PublishingFault(.logStateLost, expected: "what the log has signed", at: from.path.string)
        }
        // Nobody appends meanwhile, and nothing is copied that could not be put back.
        let lock = try storage.lock(from.lock)
        return try withExtendedLifetime(lock) {
            let record = try LogRecord(
                policy.log, in: from, live: workspace.liveLog, after: former, storage: storage)
            let to = Self.folder(of: key.path, in: folder)
            try storage.makeDirectory(to.path, mode: .privateDirectory)
            try copyTree(from.pending, to: to.pending)
            if record.state.size > 0 { try storage.copy(from.state, to: to.state, mode: .privateFile) }
            try storage.copy(key.path, to: folder.appending(Self.name(of: key.path)), mode: .privateFile)
            return record.state.size
        }
    }

    private static func name(of path: FilePath) -> String { path.lastComponent?.string ?? "log.key" }
    private static func folder(of path: FilePath, in folder: FilePath) -> LogFolder {
        LogFolder(path: LogKeyFile.state(of: folder.appending(name(of: path))))
    }

    private func copyTree(_ from: FilePath, to: FilePath) throws {
        guard try storage.info(from)?.kind == .directory else { return }
        try storage.makeDirectory(to, mode: .privateDirectory)
        for name in try storage.list(from) {
            let (source, place) = (from.appending(name), to.appending(name))
            switch try storage.info(source)?.kind {
            case .directory: try copyTree(source, to: place)
            case .file: try storage.copy(source, to: place, mode: .privateFile)
            default: throw PublishingFault(.logStateDamaged, found: "a link or a special file", at: source.string)
            }
        }
    }

    // MARK: putting back

    /// Puts a backup back to where the key is, or was, on this machine. Returns the size of the tree that was signed last.
    ///
    /// Throws `.noLogBackup` for a folder that is none, `.wrongLogKey` for that of another log, `.noLogKey` when nobody
    /// knows where it was, `.logStateNewer` and `.logStateBehind` for one that is older than what is known here or live,
    /// and `.forkedLog` for one that contradicts it. Nothing has changed then.
    ///
    /// - Parameter path: of the key; nil for where it was when this machine last knew it.
    package func restore(from folder: FilePath, to path: FilePath?) throws -> Int {
        let source = try keyFile(in: folder)
        let file = try KeyStorage(storage).loadKeyFile(source)
        guard file.publicKey.material == publicKey else {
            throw PublishingFault(.wrongLogKey, found: "\(file.name)", expected: "\(policy.log)", at: source.string)
        }
        let path = try path ?? rememberedPlace(of: source)
        let (from, to) = (Self.folder(of: source, in: folder), LogFolder(path: LogKeyFile.state(of: path)))
        try storage.makeDirectory(to.path, mode: .privateDirectory)
        let lock = try storage.lock(to.lock)
        return try withExtendedLifetime(lock) {
            // Everything that a publication would ask of it, while it is still a copy.
            let record = try LogRecord(policy.log, in: from, live: workspace.liveLog, after: former, storage: storage)
            try check(record, isNewerThan: present(to))
            try putBackKey(source, file, at: path)
            try storage.removeTree(to.pending)
            try copyTree(from.pending, to: to.pending)
            if record.state.size > 0 { try storage.copy(from.state, to: to.state, mode: .privateFile) }
            return record.state.size
        }
    }

    private func rememberedPlace(of backup: FilePath) throws -> FilePath {
        let places = try workspace.rememberedAll(in: workspace.logKeyNote)
        let keys = KeyStorage(storage)
        let isOurs = { (path: FilePath) in (try? keys.loadKeyFile(path))?.publicKey.material == publicKey }
        guard let place = places.last(where: isOurs) ?? places.last(where: { $0.lastComponent == backup.lastComponent })
        else {
            throw PublishingFault(
                .noLogKey, at: workspace.logKeyNote.string, hint: "say with --log-key FILE where it is to be")
        }
        return place
    }

    private func keyFile(in folder: FilePath) throws -> FilePath {
        let names = try storage.info(folder)?.kind == .directory ? storage.list(folder) : []
        guard let name = names.first(where: { $0.hasSuffix(".\(KeyFile.fileExtension)") }) else {
            throw PublishingFault(.noLogBackup, expected: "a key and its state", at: folder.string)
        }
        return folder.appending(name)
    }

    private func putBackKey(_ source: FilePath, _ file: KeyFile, at path: FilePath) throws {
        if try storage.info(path) == nil { return try storage.copy(source, to: path, mode: .privateFile) }
        let present = try KeyStorage(storage).loadKeyFile(path)
        guard present.publicKey == file.publicKey else {
            throw PublishingFault(.wrongLogKey, found: "\(present.name)", expected: "\(policy.log)", at: path.string)
        }
    }

    /// What is remembered now; nil when there is nothing that could be read: that is what a backup is for.
    private func present(_ folder: LogFolder) throws -> LogState? {
        do {
            return try LogRecord.loadState(folder, key: policy.log, storage: storage)
        } catch let fault as PublishingFault where fault.code == .logStateDamaged {
            return nil
        }
    }

    private func check(_ backup: LogRecord, isNewerThan present: LogState?) throws {
        guard let present else { return }
        let place = backup.folder.state.string
        guard backup.state.size >= present.size else {
            throw PublishingFault(
                .logStateNewer, found: "\(backup.state.size) entries in the backup",
                expected: "at least \(present.size), as are known here", at: place)
        }
        let (old, new) = (present.edge.head, backup.state.edge.head)
        guard try isBeginning(old, of: backup) else {
            throw PublishingFault(.forkedLog, found: new.root.hex, expected: old.root.hex, at: place)
        }
    }

    private func isBeginning(_ old: TreeHead, of backup: LogRecord) throws -> Bool {
        let (new, hashes) = (backup.state.edge.head, try backup.hashes())
        guard old.size < new.size else { return old == new }
        guard old.size > 0 else { return true }
        let proof = try ProofBuilder.consistency(from: old.size, to: new.size) { try hashes.hash($0) }
        return (try? proof.check(from: old, to: new)) != nil
    }

    // MARK: without a backup

    /// Takes the log that is live for the newest tree there is. Returns its size.
    ///
    /// Throws `.logStateNewer` when what is known here is as new: then there is nothing to restore.
    package func restoreFromPublished(_ key: LogKeyFile) throws -> Int {
        let folder = LogFolder(path: key.state)
        try storage.makeDirectory(folder.path, mode: .privateDirectory)
        let lock = try storage.lock(folder.lock)
        return try withExtendedLifetime(lock) {
            guard let live = try LogRecord.loadCheckpoint(workspace.liveCheckpoint, key: policy.log, storage: storage)
            else { throw PublishingFault(.nothingPublished, at: workspace.liveCheckpoint.string) }
            if let present = try present(folder), present.size >= live.head.size {
                throw PublishingFault(
                    .logStateNewer, found: "\(live.head.size) entries live",
                    expected: "more than \(present.size), as are known here", at: folder.state.string)
            }
            let state = try state(of: live)
            try storage.removeTree(folder.pending)
            try storage.write(state.encoded, to: folder.state, mode: .privateFile)
            return state.size
        }
    }

    private func state(of live: VerifiedCheckpoint) throws -> LogState {
        var state = LogState()
        for bundle in try BundleID.needed(size: live.head.size) {
            let bytes = try storage.read(
                LogPaths.file(bundle.path, in: workspace.liveLog), limit: LogRecord.fileLimit)
            try state.read(EntryBundle.decode(bytes, width: bundle.width))
        }
        try state.check(reaches: live.head)
        state.checkpoint = live.note.encoded
        return state
    }

    private var former: [NoteKey] { get throws { try workspace.formerLogKeys(besides: policy.log) } }
}

extension Workspace {
    /// The policy of the newest published root, else of the staged one. Throws `.noLog` when it names none.
    func loadLogPolicy() throws -> WitnessPolicy {
        let published = try PublishedMetadata.load(self)
        let root = try published.root?.content ?? Staging.load(self).root
        guard let root, let policy = try PoliciesInForce.policy(of: root) else {
            throw PublishingFault(.noLog, at: releases.string)
        }
        return policy
    }

    /// Keys of the other logs that published roots have named.
    func formerLogKeys(besides key: NoteKey) throws -> [NoteKey] {
        try PublishedMetadata.load(self).roots.compactMap { try PoliciesInForce.policy(of: $0.content)?.log }
            .filter { $0 != key }
    }
}
