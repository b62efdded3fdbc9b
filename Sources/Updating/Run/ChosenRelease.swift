import Archiving
import Primitives
import Releases
import Signatures
import SystemPackage

/// The release to install, as far as it is here. Every file in it has been checked against signed metadata, and all of
/// them against each other.
struct ChosenRelease {
    let manifest: ReleaseManifest
    let manifestBytes: [UInt8]
    let archive: SignedTarget
    private let listingTarget: SignedTarget
    private let limits: ReleaseSizeLimits
    /// Once fetched, or rebuilt by patches.
    private(set) var listing: TreeListing?
    private(set) var archiveFile: FilePath?

    /// Fetches `release.json` and checks that all that is said about the release agrees.
    init(_ facts: ReleaseFacts, _ refreshed: RefreshedChannel, _ agent: Agent, _ download: TargetDownload) throws {
        let channel = refreshed.channel
        limits = agent.configuration.limits
        let target = try channel.target(facts.version, .manifest)
        manifestBytes = try download.load(target, limit: ReleaseLimits.manifestBytes)
        manifest = try ReleaseManifest.decode(manifestBytes)
        try Self.check(manifest, facts, channel.paths)
        if let needed = manifest.minimumAgentVersion, needed > agent.ports.agentVersion {
            throw AgentFault(
                .agentTooOld, found: "\(agent.ports.agentVersion)", expected: "at least \(needed)",
                at: "\(target.path)")
        }
        listingTarget = try channel.target(facts.version, .listing)
        archive = try channel.target(facts.version, manifest.archiveFile)
        try Self.expect(listingTarget.digest, manifest.tree.sha256.hex, "tree listing", target)
        try Self.expect(archive.digest, manifest.archive.sha256.hex, "archive", target)
        try Self.expect(archive.length, manifest.archive.bytes, "bytes of archive", target)
        try checkSizes()
    }

    static func check(_ manifest: ReleaseManifest, _ facts: ReleaseFacts, _ paths: ReleasePaths) throws {
        let place = "release.json of \(paths.manifest(facts.version))"
        func expect<Value: Equatable>(_ found: Value, _ expected: Value, _ what: String) throws {
            guard found == expected else {
                throw AgentFault(
                    .contradictoryRelease, found: "\(what) \(found)", expected: "\(expected)", at: place)
            }
        }
        try expect(manifest.product, paths.product, "product")
        try expect(manifest.channel, paths.channel, "channel")
        try expect(manifest.version, facts.version, "version")
        try expect(manifest.severity, facts.severity, "severity")
        try expect(manifest.time, facts.time, "time")
        guard manifest.facts == facts.asReleased else {
            throw AgentFault(
                .contradictoryRelease, found: "another rollout, or another release to come from",
                expected: "what the channel lists", at: place)
        }
    }

    private static func expect<Value: Equatable>(
        _ listed: Value, _ stated: Value, _ what: String, _ manifest: SignedTarget
    ) throws {
        guard listed == stated else {
            throw AgentFault(
                .contradictoryRelease, found: "\(what) \(stated)", expected: "\(listed), as listed",
                at: "\(manifest.path)")
        }
    }

    private func checkSizes() throws {
        let sizes = [
            (archive.length, limits.archiveBytes, "bytes of archive"),
            (manifest.tree.bytes, limits.tree.bytes, "bytes of files"),
            (manifest.tree.files, limits.tree.entries, "files"),
            (listingTarget.length, limits.tree.listingBytes, "bytes of listing"),
        ]
        for (found, limit, what) in sizes where found > limit {
            throw AgentFault(.tooLarge, found: "\(found) \(what)", expected: "at most \(limit)", at: "\(archive.path)")
        }
    }

    /// Fetches listing and archive.
    mutating func fetch(_ download: TargetDownload) throws {
        try fetchListing(download)
        archiveFile = try download.fetch(archive)
    }

    mutating func fetchListing(_ download: TargetDownload) throws {
        let bytes = try download.load(listingTarget, limit: limits.tree.listingBytes)
        try use(TreeListing.decode(bytes, limits: limits.tree))
    }

    /// Takes a listing that has the signed digest.
    mutating func use(_ listing: TreeListing) throws {
        try Self.expect(listing.fileCount, manifest.tree.files, "number of files", listingTarget)
        try Self.expect(listing.totalBytes, manifest.tree.bytes, "bytes of files", listingTarget)
        self.listing = listing
    }
}

extension Agent {
    var extractor: TreeExtractor { TreeExtractor(limits: configuration.limits.tree) }
    var verifier: TreeVerifier { TreeVerifier(limits: configuration.limits.tree) }
}
