import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TransparencyLog

/// The one writer of a log. It signs a tree only when that is a continuation of the last one it signed, and remembers
/// it durably before anybody is shown it. Holds the lock of the log's state for as long as it lives.
package struct LogKeeper {
    private(set) var record: LogRecord
    private let signer: any Signer
    private let lock: StorageLock
    /// Keys of logs that this one follows.
    let former: [NoteKey]

    /// Takes the log at `live`, whose key is `key`.
    ///
    /// Throws `.wrongLogKey` when `signer` is another, and as `LogRecord`. Two writers: the storage's own fault.
    ///
    /// - Parameter former: keys of logs that this one follows.
    package init(
        key: NoteKey, signer: any Signer, state path: FilePath, live: FilePath, after former: [NoteKey] = [],
        storage: DurableStorage
    ) throws {
        guard signer.publicKey.material == key.publicKey else {
            throw PublishingFault(
                .wrongLogKey, found: "\(KeyholderName.of(signer.publicKey.computedID, signer.publicKey))",
                expected: "\(key)")
        }
        let folder = LogFolder(path: path)
        try storage.makeDirectory(path, mode: .privateDirectory)
        lock = try storage.lock(folder.lock)
        record = try LogRecord(key, in: folder, live: live, after: former, storage: storage)
        (self.signer, self.former) = (signer, former)
    }

    var key: NoteKey { record.key }
    var live: FilePath { record.live }
    var folder: LogFolder { record.folder }
    var storage: DurableStorage { record.storage }
    var state: LogState { record.state }
    var liveSize: Int { record.liveSize }

    func file(_ path: ByteString) throws -> [UInt8] { try record.file(path) }
    func hashes() throws -> TileHashes { try record.hashes() }
    func checkpoint() throws -> VerifiedCheckpoint { try record.checkpoint() }

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
        record.state = next
    }

    // MARK: going live

    /// Copies bundles and tiles to where they go live, bundles first; the checkpoint is yet to follow. Can be done twice.
    func publishFiles() throws {
        // Before anything of this log is live, what stands there is of a former one, or of a stopped run.
        if liveSize == 0 { try storage.removeTree(live.appending("tile")) }
        for bundle in try BundleID.needed(from: liveSize, size: state.size) { try publish(bundle.path) }
        for tile in try TileID.needed(from: liveSize, size: state.size) { try publish(tile.path) }
    }

    private func publish(_ path: ByteString) throws {
        let bytes = try file(path)
        let place = LogPaths.file(path, in: live)
        if try storage.readIfPresent(place, limit: LogRecord.fileLimit) == bytes { return }
        try storage.makeDirectory(place.folder)
        try storage.write(bytes, to: place)
    }

    /// Puts the checkpoint beside them, and clears away what is live now.
    mutating func publishCheckpoint() throws {
        let place = LogPaths.checkpoint(in: live)
        if try storage.readIfPresent(place, limit: SignedNote.byteLimit) != state.checkpoint {
            try storage.write(state.checkpoint, to: place)
        }
        record.liveSize = state.size
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
