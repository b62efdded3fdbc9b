import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import UpdatePlan

/// What the agent remembers and what is installed, on this machine's files. Decides nothing about updates.
///
/// Nothing read here is believed to be well formed: what is damaged counts as lost, and is made anew from what is left.
struct Instance: Sendable {
    let folders: InstanceFolders
    let storage: DurableStorage

    /// Bytes of `history.jsonl` that are kept when it has grown to twice as many.
    private static let historyBytes = 256 << 10

    // MARK: what is installed

    /// The version that `current` names; nil when there is no such link, or it names nothing of ours.
    func linkedVersion() throws(StorageFault) -> Version? {
        try storage.linkTarget(folders.current).flatMap(folders.version(linkedBy:))
    }

    /// What is installed. `current` decides; the record only adds to it.
    func installation() throws -> Installation? {
        guard let version = try linkedVersion() else { return nil }
        if let record = try recordedInstallation(), record.version == version { return record }
        return try rebuiltInstallation(version)
    }

    /// Nothing is installed here, and nothing that is known says that something ever was.
    func isFirst() throws -> Bool {
        guard try linkedVersion() == nil, try recordedInstallation() == nil else { return false }
        return try history().allSatisfy { $0.to == nil }
    }

    /// What was recorded last, whether or not it is still true.
    func recordedInstallation() throws(StorageFault) -> Installation? {
        try readOwn(folders.installed, limit: Installation.limit).flatMap(Installation.decode)
    }

    /// What was recorded, where nothing is linked any more, and no release is here that ever was: somebody took all of it
    /// away, or a file system is not mounted.
    func lostInstallation() throws -> Installation? {
        guard try storage.info(folders.current) == nil, let recorded = try recordedInstallation(),
            try !keptVersions().contains(where: { try storage.info(folders.tree($0)) != nil })
        else { return nil }
        return recorded
    }

    /// Throws where a release was installed and is gone. It is not installed anew unasked: its data may only be out of sight.
    func checkNotLost() throws {
        guard let lost = try lostInstallation() else { return }
        throw AgentFault(
            .lostInstallation, found: "nothing", expected: "a link to the release \(lost.version)",
            at: folders.current.string,
            hint: "if a file system belongs there, mount it; to install anew what is lost, run sceau-agent update "
                + "--version \(lost.version), or the version you want")
    }

    func record(_ installation: Installation) throws {
        try storage.write(installation.encode(), to: folders.installed)
    }

    /// From what else is here: the kept release says which tree it is, the history since when.
    private func rebuiltInstallation(_ version: Version) throws -> Installation {
        var result = Installation(version: version)
        if let kept = try keptRelease(version) { result.tree = kept.manifest.tree.sha256 }
        let entries = try history()
        if let index = entries.lastIndex(where: { $0.to == version && $0.from != version }) {
            result.since = entries[index].time
            result.previous = entries[index].from
        }
        // Every step counts, also one after `version` was left: of several reverts in a row, the first one left the newest.
        let pins = [entries.reduce(nil) { $1.pin(before: $0) }, try recordedInstallation()?.revertedFrom]
        result.revertedFrom = pins.compactMap(\.self).filter { $0 > version }.max()
        return result
    }

    /// Every version whose tree stands here, newest first.
    func versionsOnDisk() throws -> [Version] {
        guard try storage.info(folders.versions) != nil else { return [] }
        return try storage.list(folders.versions).compactMap { try? Version($0) }.sorted(by: >)
    }

    // MARK: kept releases

    /// Every version of which something is kept, newest first.
    func keptVersions() throws -> [Version] {
        guard try storage.info(folders.releases) != nil else { return [] }
        return try storage.list(folders.releases).compactMap { try? Version($0) }.sorted(by: >)
    }

    struct KeptRelease {
        let manifest: ReleaseManifest
        let manifestBytes: [UInt8]
        let listing: TreeListing
    }

    /// Listing and manifest of a release as they were kept, if both are whole and belong together.
    func keptRelease(_ version: Version, limits: TreeLimits = TreeLimits()) throws -> KeptRelease? {
        let folder = folders.release(version)
        guard
            let manifestBytes = try readOwn(
                folder.appending(ReleaseFileName.manifest.description), limit: ReleaseLimits.manifestBytes),
            let listingBytes = try readOwn(
                folder.appending(ReleaseFileName.listing.description), limit: limits.listingBytes),
            let manifest = try? ReleaseManifest.decode(manifestBytes), manifest.version == version,
            Digest.sha256(of: listingBytes) == manifest.tree.sha256,
            let listing = try? TreeListing.decode(listingBytes, limits: limits)
        else { return nil }
        return KeptRelease(manifest: manifest, manifestBytes: manifestBytes, listing: listing)
    }

    /// Its manifest alone: what is to be done around a switch stands in it.
    func keptManifest(_ version: Version) throws -> ReleaseManifest? {
        let file = folders.release(version).appending(ReleaseFileName.manifest.description)
        guard let bytes = try readOwn(file, limit: ReleaseLimits.manifestBytes),
            let manifest = try? ReleaseManifest.decode(bytes), manifest.version == version
        else { return nil }
        return manifest
    }

    func keep(_ version: Version, manifest: [UInt8], listing: [UInt8]) throws {
        let folder = folders.release(version)
        try storage.makeDirectory(folder, mode: .privateDirectory)
        try storage.write(listing, to: folder.appending(ReleaseFileName.listing.description))
        try storage.write(manifest, to: folder.appending(ReleaseFileName.manifest.description))
    }

    // MARK: journal

    /// The state the last run was in; `idle` when that cannot be read.
    func journalledState() throws(StorageFault) -> UpdateState {
        guard let bytes = try readOwn(folders.journal, limit: Journal.limit) else { return .idle }
        return (try? Journal.decode(bytes)) ?? .idle
    }

    func writeJournal(_ state: UpdateState) throws {
        try storage.write(Journal.encode(state), to: folders.journal)
    }

    // MARK: history

    /// Oldest first; damaged lines are left out.
    func history() throws -> [HistoryEntry] {
        try historyBytes().split(separator: UInt8(ascii: "\n")).compactMap { HistoryEntry(line: $0) }
    }

    private func historyBytes() throws -> [UInt8] {
        try readOwn(folders.history, limit: 4 * Self.historyBytes) ?? []
    }

    /// Adds `entry` unless the history ends with its step: after a crash the last step is recorded once more.
    func addToHistory(_ entry: HistoryEntry) throws {
        if try history().last?.isSameStep(as: entry) == true { return }
        let present = try historyBytes()
        if present.count > 2 * Self.historyBytes || present.last.map({ $0 != UInt8(ascii: "\n") }) == true {
            // Too long, or broken off in the middle of a line: written anew without its oldest, or its torn, lines.
            let whole = present.suffix(Self.historyBytes).split(separator: UInt8(ascii: "\n"))
                .compactMap { HistoryEntry(line: $0)?.line }.flatMap(\.self)
            return try storage.write(whole + entry.line, to: folders.history)
        }
        let line = entry.line
        try storage.append(to: folders.history, mode: .publicFile) { try $0.append(line) }
    }

    /// A file of the agent's own. One that is much too long, or is no file at all, counts as damaged.
    func readOwn(_ path: FilePath, limit: Int) throws(StorageFault) -> [UInt8]? {
        guard try storage.info(path)?.kind == .file else { return nil }
        do { return try storage.readIfPresent(path, limit: limit) } catch {
            guard error.code == .tooLong else { throw error }
            return nil
        }
    }
}
