import Archiving
import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import Transport
import Updating

/// A simulated repository of the product `mail-suite`, channel `stable`, whose releases are real archives.
///
/// It is a mirror too: `requests` holds every file asked for, in order, those of targets as `targets/…`.
final class ReleaseRepository: RepositoryMirror {
    /// What is put in place of a file of a release before it is listed and signed: a publisher who errs or lies.
    struct Lies {
        var manifest: (inout ReleaseManifest) -> Void = { _ in }
        /// By file name.
        var files: [String: [UInt8]] = [:]
        var custom: JSONObject?
        /// The target path of `release.json`.
        var manifestPath: ByteString?
        var isMissing: Set<String> = []
    }

    struct Release {
        let manifest: ReleaseManifest
        let listing: TreeListing
        let archive: [UInt8]
        let manifestBytes: [UInt8]
        /// Path and text.
        let files: [String: String]
        var patches: [Patch] = []
    }

    /// A patch from an earlier release, which need not be one.
    struct Patch {
        let from: String
        let bytes: [UInt8]
    }

    static let role = RoleName("mail-suite-stable")
    let paths: ReleasePaths
    let simulator = RepositorySimulator()
    let name: String
    private(set) var releases: [String: Release] = [:]
    /// What a mirror serves in place of a target, by file name; nil for one it does not have.
    var served: [String: [UInt8]?] = [:]
    /// Where everything published is logged; nil for a product without a log.
    var log: LogSimulator?
    /// Whether `publish` logs what it publishes.
    var isLogging = true
    /// When the witnesses cosign next.
    var logTime = RepositorySimulator.now
    /// Thrown in place of a file of the log, by its path below `log/`.
    var logFailures: [String: any Error] = [:]
    /// Bytes that were accepted at most of a file of the log when it was last asked for, by its path below `log/`.
    private(set) var logLimits: [String: Int] = [:]

    init(_ name: String = "first mirror", product: String = "mail-suite", channel: String = "stable") throws {
        self.name = name
        paths = ReleasePaths(
            product: try ProductName(ByteString(product)), channel: try ChannelName(ByteString(channel)))
        simulator.delegate(to: Self.role, patterns: [paths.pattern], terminating: true)
        simulator.publish()
    }

    var rootBytes: [UInt8] { simulator.roots[0] }
    var requests: [String] {
        get { simulator.requests }
        set { simulator.requests = newValue }
    }

    // MARK: publishing

    /// Packs `files` (path, text) as a release, lists it and publishes.
    @discardableResult
    func add(
        _ version: String, _ files: [String: String], patches: [Patch] = [], lies: Lies = Lies()
    ) throws -> Release {
        let folder = try TemporaryFolder()
        for (path, text) in files {
            try folder.write(text, to: "tree/\(path)")
            if path.hasPrefix("hooks/") { chmod(folder.path("tree/\(path)").string, 0o755) }
        }
        let packed = try TreePacker().pack(folder.path("tree"), to: folder.path("archive"), storage: DurableStorage())
        var manifest = ReleaseManifest(
            product: paths.product, channel: paths.channel, version: try Version(version),
            time: RepositorySimulator.now, severity: .important, tree: ReleaseManifest.Tree(packed.listing),
            archive: ReleaseManifest.Archive(sha256: packed.sha256, bytes: packed.bytes))
        manifest.patches = try patches.map { patch in
            ReleaseManifest.Patch(
                fromVersion: try Version(patch.from),
                fromTree: try #require(releases[patch.from]).listing.digest,
                file: try .patch(paths.product, from: Version(patch.from), to: manifest.version),
                sha256: Digest.sha256(of: patch.bytes), bytes: patch.bytes.count)
        }
        lies.manifest(&manifest)
        let release = Release(
            manifest: manifest, listing: packed.listing, archive: try folder.read("archive") ?? [],
            manifestBytes: try manifest.encode(), files: files, patches: patches)
        releases[version] = release
        try list(release, as: Version(version), lies)
        publish()
        return release
    }

    private func list(_ release: Release, as version: Version, _ lies: Lies) throws {
        let files: [(ReleaseFileName, [UInt8])] =
            try [
                (.manifest, release.manifestBytes), (.listing, release.listing.encoding),
                (.archive(paths.product, version), release.archive),
            ]
            + release.patches.map { (try .patch(paths.product, from: Version($0.from), to: version), $0.bytes) }
        let facts = ReleaseFacts(
            version: version, severity: .important, time: RepositorySimulator.now,
            updateFrom: release.manifest.updateFrom, rollout: release.manifest.rollout)
        guard case .object(let custom) = facts.encode() else { return }
        for (name, bytes) in files where !lies.isMissing.contains(name.description) {
            let isManifest = name == .manifest
            let path = isManifest ? lies.manifestPath ?? paths.manifest(version) : paths.target(version, name)
            simulator.addTarget(
                path, lies.files[name.description] ?? bytes, to: Self.role,
                custom: isManifest ? lies.custom ?? custom : nil)
        }
    }

    /// Marks a published release as withdrawn and publishes that.
    func withdraw(_ version: String, reason: ByteString = "it loses mail") throws {
        let path = paths.manifest(try Version(version))
        let file = try #require(simulator.delegated[Self.role]?.targets[path])
        var facts = try ReleaseFacts.decode(.object(file.custom ?? JSONObject()))
        facts.withdrawal = try Withdrawal(reason: reason, time: RepositorySimulator.now)
        guard case .object(let custom) = facts.encode() else { return }
        simulator.delegated[Self.role]?.targets[path] =
            TargetFile(length: file.length, hashes: file.facts.hashes, custom: custom)
        publish()
    }

    func publish() {
        simulator.delegated[Self.role]?.header.version += 1
        simulator.publish()
        if isLogging { logAll() }
    }

    /// Begins a log of all there is, with `quorum` of its witnesses in the first root.
    @discardableResult
    func beginLog(quorum: Int = 2, of log: LogSimulator = LogSimulator()) -> LogSimulator {
        self.log = log
        simulator.requireWitnesses(log.policy(quorum))
        simulator.restartRoots()
        logAll()
        return log
    }

    /// Logs what is published and not logged yet, and has the log cosigned.
    func logAll() {
        log?.record(simulator)
        log?.publish(at: logTime)
    }

    /// Writes what a server would serve now into `folder`.
    func dump(to folder: TemporaryFolder) throws {
        for version in 1...simulator.root.header.version {
            try dump(["\(version).root.json"], to: folder)
        }
        let roles = [RoleName.targets.metaName: simulator.targets.header.version].merging(
            simulator.delegated.map { ($0.key.metaName, $0.value.header.version) }
        ) { first, _ in first }
        try dump(roles.map { "\($0.value).\($0.key)" }, to: folder)
        try dump(["\(simulator.snapshot.header.version).snapshot.json", "timestamp.json"], to: folder)
        try log?.write(to: folder.path)
        for (path, bytes) in simulator.contents {
            let stored = ReleasePaths.stored(path, sha256: Digest.sha256(of: bytes))
            try folder.write(bytes, to: "targets/\(stored)")
        }
    }

    private func dump(_ names: [String], to folder: TemporaryFolder) throws {
        for name in names {
            guard let bytes = simulator.file(named: name) else { throw StorageFault(.notFound, at: name) }
            try folder.write(bytes, to: "metadata/\(name)")
        }
    }

    // MARK: serving

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        try simulator.fetchMetadata(name, limit: limit, held: held)
    }

    /// The storage of the agent that asks: what arrives counts as the agent's own writing.
    var storage = DurableStorage()

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        let path = path.description
        requests.append("targets/\(path)")
        guard let file = simulator.contents.first(where: { "\(stored($0.key, $0.value))" == path })
        else { throw AgentFault(.targetUnavailable, at: path) }
        let fileName = String(file.key.description.split(separator: "/").last ?? "")
        guard let bytes = served[fileName, default: file.value] else { throw AgentFault(.targetUnavailable, at: path) }
        let present = try storage.info(partial)?.size ?? 0
        if present == length { return }
        try storage.append(to: partial) { try $0.append(Array(bytes.prefix(length).dropFirst(present))) }
        progress(length)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        requests.append("log/\(path)" + (offset > 0 ? " from \(offset)" : ""))
        logLimits["\(path)"] = limit
        if let failure = logFailures["\(path)"] { throw failure }
        guard let bytes = log?.serve("log/\(path)") else { return false }
        guard bytes.count - offset <= limit else { throw TransportFault(.tooLong, at: "\(path)") }
        guard offset <= bytes.count else { throw TransportFault(.truncated, at: "\(path)") }
        // In pieces, as they come over a network.
        var rest = bytes.dropFirst(offset)
        while !rest.isEmpty {
            try Array(rest.prefix(1000)).withUnsafeBytes { try sink($0) }
            rest = rest.dropFirst(1000)
        }
        return true
    }

    private func stored(_ path: ByteString, _ bytes: [UInt8]) -> ByteString {
        ReleasePaths.stored(path, sha256: Digest.sha256(of: bytes))
    }
}
