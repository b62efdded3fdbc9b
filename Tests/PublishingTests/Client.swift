import DurableStorage
import Primitives
import Publishing
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import Updating

/// An instance that refreshes from `Releases/` as it stands, and wants every file of what it is offered.
struct Client {
    let association: Association
    let pinnedRoot: [UInt8]

    /// The newest version offered, with all its files whole; nil when there is no publication at all.
    func newestVersion() throws -> String? {
        let metadata = association.workspace.liveMetadata
        guard try DurableStorage().info(metadata.appending("timestamp.json")) != nil else { return nil }
        var updater = try MetadataUpdater(
            pinnedRoot: pinnedRoot, store: NoStore(), fetcher: FolderFetcher(folder: metadata),
            referenceTime: association.now)
        try updater.refresh()
        let targets = try #require(updater.trusted.targets)
        let channel = try updater.delegated(RoleName("suite-stable"), by: targets)
        for (path, file) in channel.content.targets { try check(path, file) }
        return ListedVersions.newest(in: channel.content)
    }

    private func check(_ path: ByteString, _ file: TargetFile) throws {
        let digest = try #require(file.facts.sha256)
        let stored = ReleasePaths.stored(path, sha256: digest)
        let place = Workspace.file(stored, below: association.workspace.liveTargets)
        try file.facts.check(DurableStorage().read(place, limit: 1 << 24), at: place.string)
    }
}

private enum ListedVersions {
    static func newest(in targets: Targets) -> String? {
        ListedRelease.all(in: targets).last.map { "\($0.facts.version)" }
    }
}

private struct FolderFetcher: MetadataFetcher {
    let folder: FilePath

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        try DurableStorage().readIfPresent(folder.appending(name), limit: limit).map { .bytes($0) } ?? .absent
    }
}

/// Remembers nothing.
private struct NoStore: MetadataStore {
    func loadMetadata(_ fileName: String, limit: Int) -> [UInt8]? { nil }
    func saveMetadata(_ bytes: [UInt8], as fileName: String) {}
    func removeMetadata(_ fileName: String) {}
}
