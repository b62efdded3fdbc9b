import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TransparencyLog

/// The one writer of a log. It signs a tree only when that is a continuation of the last one it signed, and remembers
/// it durably before anybody is shown it. Holds the lock of the log's state for as long as it lives.
///
/// The log as it is live and the tree that was signed last may differ: a publication that waits for its witnesses has
/// its bundles and tiles in the state's folder, and nothing of them is live.
package struct LogKeeper {
    let key: NoteKey
    let live: FilePath
    let folder: LogFolder
    let storage: DurableStorage
    private let signer: any Signer
    private let lock: StorageLock
    private(set) var state: LogState
    /// Entries of the tree that is live.
    private(set) var liveSize: Int

    /// Takes the log at `live`, whose key is `key`.
    ///
    /// Throws `.wrongLogKey` when `signer` is another, `.logStateLost` when there is a log and no state of it,
    /// `.logStateBehind` when the live log is ahead of it, `.logStateDamaged`, and `.forkedLog` when the two contradict each
    /// other. Two writers: the storage's own fault.
    package init(
        key: NoteKey, signer: any Signer, state path: FilePath, live: FilePath, storage: DurableStorage
    ) throws {
        guard signer.publicKey.material == key.publicKey else {
            throw PublishingFault(
                .wrongLogKey, found: "\(KeyholderName.of(signer.publicKey.computedID, signer.publicKey))",
                expected: "\(key)")
        }
        folder = LogFolder(path: path)
        try storage.makeDirectory(path, mode: .privateDirectory)
        lock = try storage.lock(folder.lock)
        (self.key, self.signer, self.live, self.storage) = (key, signer, live, storage)
        let published = try Self.loadCheckpoint(LogPaths.checkpoint(in: live), key: key, storage: storage)
        liveSize = published?.head.size ?? 0
        state = try Self.loadState(folder, key: key, storage: storage) ?? LogState()
        try checkAgainst(published)
    }

    private static func loadState(_ folder: LogFolder, key: NoteKey, storage: DurableStorage) throws -> LogState? {
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

    private static let fileLimit = EntryBundle.byteLimit

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

    // MARK: writing

    /// Appends entries and signs the tree that they make. Durable when it returns. An empty log is not signed.
    package mutating func append(_ entries: [LogEntry]) throws {
        guard !entries.isEmpty else { return }
        // What a stopped run left there belongs to no tree.
        if state.size == liveSize { try storage.removeTree(folder.pending) }
        var encoded: [[UInt8]] = []
        for entry in entries { encoded.append(try entry.encoded) }
        let growth = try LogGrowth.append(encoded, to: state.edge.head) { try file($0) }
        var next = state
        try next.read(encoded)
        try next.check(reaches: growth.head)
        let text = Checkpoint(log: key, head: growth.head).text
        let signature = try NoteSignature(signature: signer.sign(text), of: text, by: key)
        next.checkpoint = try SignedNote(text: text, signatures: [signature]).encoded
        for (path, bytes) in growth.files {
            let place = LogPaths.file(path, in: folder.pending)
            try storage.makeDirectory(place.folder, mode: .privateDirectory)
            try storage.write(bytes, to: place, mode: .privateFile)
        }
        try save(next)
    }

    /// Remembers what witnesses said, and which tree each of them holds.
    mutating func keep(_ cosigned: VerifiedCheckpoint, sizes: [ByteString: Int]) throws {
        var next = state
        next.checkpoint = cosigned.note.encoded
        try next.remember(sizes)
        try save(next)
    }

    private mutating func save(_ next: LogState) throws {
        guard next != state else { return }
        try storage.write(next.encoded, to: folder.state, mode: .privateFile)
        state = next
    }

    // MARK: going live

    /// Copies bundles and tiles to where they go live, bundles first; the checkpoint is yet to follow. Can be done twice.
    func publishFiles() throws {
        for bundle in try BundleID.needed(from: liveSize, size: state.size) { try publish(bundle.path) }
        for tile in try TileID.needed(from: liveSize, size: state.size) { try publish(tile.path) }
    }

    private func publish(_ path: ByteString) throws {
        let bytes = try file(path)
        let place = LogPaths.file(path, in: live)
        if try storage.readIfPresent(place, limit: Self.fileLimit) == bytes { return }
        try storage.makeDirectory(place.folder)
        try storage.write(bytes, to: place)
    }

    /// Puts the checkpoint beside them, and clears away what is live now.
    mutating func publishCheckpoint() throws {
        let place = LogPaths.checkpoint(in: live)
        if try storage.readIfPresent(place, limit: SignedNote.byteLimit) != state.checkpoint {
            try storage.write(state.checkpoint, to: place)
        }
        liveSize = state.size
        try storage.removeTree(folder.pending)
    }
}

extension LogState {
    private static let witnessLine: ByteString = "witness"

    /// What each witness is known to hold, by vkey.
    var witnessSizes: [ByteString: Int] {
        var sizes: [ByteString: Int] = [:]
        for line in lines where line.name == Self.witnessLine {
            let words = line.value.bytes.split(separator: UInt8(ascii: " "))
            guard words.count == 2, let size = Int(String(decoding: words[1], as: UTF8.self)) else { continue }
            sizes[ByteString(Array(words[0]))] = size
        }
        return sizes
    }

    fileprivate mutating func remember(_ sizes: [ByteString: Int]) throws(LogFault) {
        let known = witnessSizes.merging(sizes) { _, new in new }.sorted { $0.key < $1.key }
        var lines = lines.filter { $0.name != Self.witnessLine }
        for (vkey, size) in known {
            lines.append(try Line(name: Self.witnessLine, value: ByteString(vkey.bytes + Array(" \(size)".utf8))))
        }
        self.lines = lines
    }
}
