import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TransparencyLog

/// The folder that holds what a witness has cosigned: one small file a log, replaced whole and flushed.
///
/// A witness that forgets could cosign a second past of a log. So a state that is missing or damaged is refused: a marker
/// beside the key says which state it belongs to, and a manifest in the folder which files there must be. That somebody
/// put back an older copy of everything cannot be seen from here.
final class WitnessState: Sendable {
    private let folder: FilePath
    private let storage: DurableStorage
    private let key: NoteKey
    /// Held as long as this value is.
    private let lock: StorageLock

    private static let manifestName = "witness"
    private static let lockName = "lock"
    private static let logsName = "logs"
    /// What a first start that was cut short may leave behind.
    private static let firstNames: Set<String> = [lockName, ".\(manifestName).tmp"]

    /// Opens the state or, where there never was one, makes it. `marker`: the file beside the key. `logs` that are new to
    /// it are added.
    init(
        _ folder: FilePath, marker: FilePath, key: NoteKey, logs: [NoteKey], storage: DurableStorage
    ) throws {
        (self.folder, self.storage, self.key) = (folder, storage, key)
        let owner = try Self.owner(marker, storage)
        let names = try storage.info(folder) == nil ? [] : storage.list(folder)
        let hasManifest = names.contains(Self.manifestName)
        guard hasManifest || owner == nil else {
            throw WitnessFault(.stateLost, expected: "the state \(owner ?? "")", at: folder.string)
        }
        guard hasManifest || Self.firstNames.isSuperset(of: names) else {
            throw WitnessFault(.foreignFolder, at: folder.string)
        }
        try storage.makeDirectory(folder, mode: .privateDirectory)
        lock = try storage.lock(folder.appending(Self.lockName))
        var manifest = try readManifest() ?? WitnessManifest(id: StateID.random(), key: key)
        guard owner == nil || owner == manifest.id else {
            throw WitnessFault(.otherState, found: "\(manifest.id)", expected: "\(owner ?? "")", at: folder.string)
        }
        try check(manifest.key)
        if !hasManifest { try storage.write(manifest.encoded, to: manifestPath, mode: .privateFile) }
        if owner == nil { try storage.write(StateMarker.encode(manifest.id), to: marker, mode: .privateFile) }
        try add(logs, to: &manifest)
        // A rename that somebody saw may not have reached the disk when the process before was killed.
        try storage.syncFileSystem(holding: folder)
    }

    private static func owner(_ marker: FilePath, _ storage: DurableStorage) throws -> ByteString? {
        guard let bytes = try storage.readIfPresent(marker, limit: StateMarker.byteLimit) else { return nil }
        return try StateMarker.decode(bytes, at: marker.string)
    }

    private func readManifest() throws -> WitnessManifest? {
        guard let bytes = try storage.readIfPresent(manifestPath, limit: WitnessManifest.byteLimit) else { return nil }
        return try WitnessManifest(decoding: bytes, at: manifestPath.string)
    }

    private func check(_ owner: NoteKey) throws(WitnessFault) {
        guard owner.publicKey == key.publicKey else {
            throw WitnessFault(.otherKey, found: "\(key)", expected: "\(owner)", at: folder.string)
        }
        guard owner == key else {
            throw WitnessFault(.otherName, found: "\(key.name)", expected: "\(owner.name)", at: folder.string)
        }
    }

    /// The file comes before the line in the manifest: what the manifest names has to be there.
    private func add(_ logs: [NoteKey], to manifest: inout WitnessManifest) throws {
        let new = logs.filter { !manifest.origins.contains($0.name) }
        guard !new.isEmpty else { return }
        try storage.makeDirectory(folder.appending(Self.logsName), mode: .privateDirectory)
        for log in new {
            let path = path(of: log.name)
            // One that is there already is of a start that was cut short.
            if try storage.info(path) == nil {
                try storage.write(HeldCheckpoint.encodeNothing(log.name), to: path, mode: .privateFile)
            }
            manifest.add(log.name)
        }
        try storage.write(manifest.encoded, to: manifestPath, mode: .privateFile)
    }

    private var manifestPath: FilePath { folder.appending(Self.manifestName) }

    private func path(of origin: ByteString) -> FilePath {
        folder.appending(Self.logsName).appending(Digest.sha256(of: origin.bytes).hex)
    }

    // MARK: one log

    /// What was cosigned last. Throws `witness/log-lost` and `witness/malformed-state`.
    func load(_ log: NoteKey) throws -> HeldCheckpoint {
        let path = path(of: log.name)
        guard let bytes = try storage.readIfPresent(path, limit: HeldCheckpoint.byteLimit) else {
            throw WitnessFault(.logLost, expected: "a file for \(log.name)", at: path.string)
        }
        return try HeldCheckpoint.decode(bytes, log: log, witness: key, at: path.string)
    }

    /// Like `load`, after a write that failed somewhere: what is read then is on the disk.
    func loadFlushed(_ log: NoteKey) throws -> HeldCheckpoint {
        try storage.syncFileSystem(holding: folder)
        return try load(log)
    }

    /// Returns when `checkpoint` is on the disk.
    func store(_ checkpoint: CosignedCheckpoint, of log: NoteKey) throws {
        try storage.write(checkpoint.checkpoint.note.encoded, to: path(of: log.name), mode: .privateFile)
    }

    /// Keeps two notes that prove a fork, the first for each log. Returns where, or nil when it cannot: nothing depends on it.
    func keepEvidence(_ evidence: [UInt8], of log: NoteKey) -> String? {
        let name = Digest.sha256(of: log.name.bytes).hex + ".fork"
        let path = folder.appending(Self.logsName).appending(name)
        let isThere = (try? storage.info(path) != nil) ?? true
        if !isThere, (try? storage.write(evidence, to: path)) == nil { return nil }
        return path.string
    }
}
