import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TransparencyLog
import UpdatePlan

/// What somebody wants in a bundle.
package struct BundleRequest: Hashable, Sendable {
    /// Nil for the newest release that is not withdrawn.
    package var version: Version?
    /// Releases from which patches come along.
    package var from: [Version]
    /// Without the archive: only for instances that have one of `from`.
    package var isPatchOnly: Bool

    package init(version: Version? = nil, from: [Version] = [], isPatchOnly: Bool = false) {
        (self.version, self.from, self.isPatchOnly) = (version, from, isPatchOnly)
    }
}

/// All that any instance may ask of a mirror on its way to one release, as one mirror gave it, and verified as an instance
/// verifies it that knows nothing but the oldest root.
struct BundleContent {
    let files: [ByteString: RecordingMirror.Recorded]
    let manifest: BundleManifest
    /// Of the oldest and of the newest root in it.
    let roots: ClosedRange<Int>
    /// Entries of the log; nil when the newest root names none.
    let logSize: Int?

    /// Asks `mirror` for everything.
    ///
    /// - Parameters:
    ///   - settings: the product, limits, and how old cosignatures may be.
    ///   - folder: a place for copies, with nothing in it.
    init(
        _ request: BundleRequest, from mirror: any RepositoryMirror, pinnedRoot: [UInt8],
        _ settings: AgentConfiguration, _ ports: AgentPorts, in folder: FilePath
    ) throws {
        try ports.storage.makeDirectory(folder, mode: .privateDirectory)
        let recorder = RecordingMirror(mirror, in: folder, ports.storage)
        let root = try Self.oldestRoot(leadingTo: pinnedRoot, recorder, ports)
        let agent = Self.newInstance(settings, ports, recorder, in: folder.appending("instance"))
        let (refreshed, hasLog) = try Self.refresh(agent, root)
        let release = try Self.fetchRelease(request, refreshed, agent, recorder)
        logSize = hasLog ? try Self.fetchLog(of: release, agent, recorder) : nil
        files = recorder.files
        manifest = BundleManifest(settings.paths, release.manifest.version)
        let oldest = try TrustedMetadataSet(trustedRoot: root, referenceTime: ports.now).root.version
        roots = oldest...max(oldest, refreshed.trusted.root.version)
    }

    // MARK: metadata

    /// Other instances may trust an older root than whoever makes the bundle: root 1, if the mirror has all roots from it to
    /// the one that is trusted here, else that one.
    private static func oldestRoot(
        leadingTo pinned: [UInt8], _ mirror: RecordingMirror, _ ports: AgentPorts
    ) throws -> [UInt8] {
        let limits = MetadataLimits()
        let target = try TrustedMetadataSet(trustedRoot: pinned, referenceTime: ports.now).root.version
        func fetch(_ version: Int) throws -> [UInt8]? {
            let name = RoleName.root.fileName(version: version)
            guard case .bytes(let bytes) = try mirror.fetchMetadata(name, limit: limits.rootLength, held: nil) else {
                return nil
            }
            return bytes
        }
        guard let first = try fetch(1) else { return pinned }
        var walk = try TrustedMetadataSet(trustedRoot: first, referenceTime: ports.now)
        while walk.root.version < target, let next = try fetch(walk.root.version + 1) { try walk.updateRoot(next) }
        guard walk.root.bytes == pinned else {
            throw BundleFault(
                .otherRoots, found: "sha256 \(Digest.sha256(of: walk.root.bytes)) of version \(walk.root.version)",
                expected: "\(Digest.sha256(of: pinned)) of version \(target)", at: mirror.name)
        }
        return first
    }

    /// One that was just set up, in a folder of its own.
    private static func newInstance(
        _ settings: AgentConfiguration, _ ports: AgentPorts, _ mirror: RecordingMirror, in folder: FilePath
    ) -> Agent {
        var configuration = AgentConfiguration(
            product: settings.product, channel: settings.channel, mirrors: [], prefix: folder.appending("prefix"),
            state: folder)
        configuration.limits = settings.limits
        configuration.log.freshness = settings.log.freshness
        configuration.log.holdBack = HoldBack(critical: 0, important: 0, otherwise: 0)
        return Agent(
            configuration,
            ports: AgentPorts(
                storage: ports.storage, now: ports.now, mirrors: [mirror], agentVersion: ports.agentVersion,
                progress: ports.progress))
    }

    /// With the log, if the newest root names one: whoever applies the bundle decides whether to ask for it.
    private static func refresh(_ agent: Agent, _ root: [UInt8]) throws -> (RefreshedChannel, hasLog: Bool) {
        do { return (try agent.refresh(pinnedRoot: root, installed: nil), true) } catch let fault as LogFault {
            guard fault.code == .noPolicy else { throw fault }
        }
        var configuration = agent.configuration
        configuration.log.isRequired = false
        let unlogged = Agent(configuration, ports: agent.ports)
        return (try unlogged.refresh(pinnedRoot: root, installed: nil), false)
    }

    // MARK: the release

    private static func fetchRelease(
        _ request: BundleRequest, _ refreshed: RefreshedChannel, _ agent: Agent, _ recorder: RecordingMirror
    ) throws -> ChosenRelease {
        let (rules, offered) = (ReleaseChoice(installed: nil), refreshed.channel.releases)
        let wanted = try request.version.map { try rules.requested($0, of: offered) } ?? rules.newest(of: offered)
        guard let facts = wanted else { throw BundleFault(.noRelease, at: "\(refreshed.channel.paths.role)") }
        try refreshed.checkDelegation(of: facts.version)
        let isConsistent = refreshed.trusted.root.content.consistentSnapshot
        let report = agent.ports.progress
        let download = TargetDownload(
            folder: agent.folders.downloads, mirrors: Mirrors([recorder]), storage: agent.storage,
            consistentSnapshot: isConsistent
        ) { path, done, total in report(.fetching(path.description, done, of: total)) }
        var release = try ChosenRelease(facts, refreshed, agent, download)
        if !request.isPatchOnly {
            try release.fetch(download)
            try check(release, agent)
        }
        for target in try targets(request, release.manifest, refreshed.channel) {
            let file = try download.fetch(target)
            let path = isConsistent ? ReleasePaths.stored(target.path, digest: target.digest) : target.path
            try recorder.add(target: path, at: file, size: target.length)
        }
        return release
    }

    /// That the archive is what its listing says: an instance would find out too, far from any mirror.
    private static func check(_ release: ChosenRelease, _ agent: Agent) throws {
        guard let archive = release.archiveFile, let listing = release.listing else { return }
        agent.ports.progress(.verifying(release.manifest.version))
        try agent.extractor.check(archive, expectedDigest: release.manifest.archive.sha256, listing: listing)
    }

    private static func targets(
        _ request: BundleRequest, _ manifest: ReleaseManifest, _ channel: Channel
    ) throws -> [SignedTarget] {
        let files = [.manifest, .listing] + (request.isPatchOnly ? [] : [manifest.archiveFile])
        return try files.map { try channel.target(manifest.version, $0) }
            + Set(request.from).sorted().map { try patch(from: $0, manifest, channel) }
    }

    private static func patch(
        from earlier: Version, _ manifest: ReleaseManifest, _ channel: Channel
    ) throws -> SignedTarget {
        guard let patch = manifest.patches.first(where: { $0.fromVersion == earlier }) else {
            let known = manifest.patches.map(\.fromVersion.description).joined(separator: ", ")
            throw BundleFault(.noPatch, found: "\(earlier)", expected: known.isEmpty ? nil : "one of \(known)")
        }
        let target = try channel.target(manifest.version, patch.file)
        guard target.digest == patch.sha256.hex, target.length == patch.bytes else {
            throw AgentFault(
                .contradictoryRelease, found: target.digest, expected: "\(patch.sha256)", at: "\(target.path)")
        }
        return target
    }

    // MARK: the log

    /// Levels of the tree in one tile (C2SP tlog-tiles).
    private static let tileHeight = 8

    /// What a new instance has not asked for: the proof since when the release is public, and the tiles, by which one that
    /// knows another past can tell which of them is false.
    private static func fetchLog(
        of release: ChosenRelease, _ agent: Agent, _ recorder: RecordingMirror
    ) throws -> Int {
        guard let head = try agent.instance.rememberedLog()?.state.edge.head else { throw LogFault(.unreachable) }
        _ = try recorder.fetchProof(of: .sha256(of: release.manifestBytes))
        let hashes = try TileHashes(head: head) { id in
            guard let tile = try recorder.fetchLog(id.path, limit: Tile.byteLimit) else {
                throw LogFault(.unreachable, expected: "log/\(id.path)", at: recorder.name)
            }
            return tile
        }
        for id in try TileID.needed(size: head.size) {
            _ = try hashes.hash(SubtreeID(level: tileHeight * id.level, index: id.index << tileHeight))
        }
        return head.size
    }
}
