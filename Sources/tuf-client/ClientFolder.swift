import DurableStorage
import FoundationEssentials
import Primitives
import SystemPackage
import TUF
import Transport
import Updating

/// A repository behind HTTP.
struct Repository {
    let mirror: HTTPMirror

    /// `targets` nil: only metadata will be asked for.
    init(metadata: String, targets: String?) throws {
        mirror = HTTPMirror(
            metadata: metadata, targets: targets ?? metadata, client: try HTTPClient(), storage: DurableStorage())
    }
}

/// The folder of `--metadata-dir`: trusted metadata as `ROLE.json`, and beside it, under hidden names, a lock and what
/// has arrived of targets that are not whole yet. The lock is held for as long as this value lives.
struct ClientFolder {
    private let folder: FilePath
    private let storage: DurableStorage
    private let lock: StorageLock

    init(_ folder: FilePath, storage: DurableStorage) throws {
        try storage.makeDirectory(folder)
        self.folder = folder
        self.storage = storage
        lock = try storage.lock(folder.appending(".lock"))
    }

    private var store: FileMetadataStore { FileMetadataStore(folder: folder, storage: storage) }

    /// Trusts a root from now on. It may have expired, but has to be signed as it demands.
    func initialise(root file: FilePath) throws {
        let limits = MetadataLimits()
        let bytes = try storage.read(file, limit: limits.rootLength)
        _ = try TrustedMetadataSet(trustedRoot: bytes, referenceTime: .distantPast, limits: limits)
        try store.saveMetadata(bytes, as: RoleName.root.fileName)
    }

    /// Brings the top-level metadata up to date. The trusted root is verified before anything is asked for.
    func refresh(from repository: Repository, at time: Date) throws -> MetadataUpdater {
        let name = RoleName.root.fileName
        guard let root = try store.loadMetadata(name, limit: MetadataLimits().rootLength) else {
            throw StorageFault(
                .notFound, expected: "a trusted root (run init first)", at: folder.appending(name).string)
        }
        var updater = try MetadataUpdater(
            trustedRoot: root, store: store, fetcher: repository.mirror, referenceTime: time)
        try updater.refresh()
        return updater
    }

    func download(
        from repository: Repository, _ updater: MetadataUpdater, into destination: FilePath
    ) -> DestinationFolder {
        let download = TargetDownload(
            folder: folder.appending(".downloads"), mirrors: Mirrors([repository.mirror]), storage: storage,
            consistentSnapshot: updater.trusted.root.content.consistentSnapshot
        ) { _, _, _ in }
        return DestinationFolder(folder: destination, updater: updater, download: download, storage: storage)
    }
}
