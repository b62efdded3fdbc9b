import Archiving
import DurableStorage
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage
import UpdatePlan

/// A release on its way here by patches, from the installed tree. Nothing but signed metadata is believed: the old
/// listing is the one that was kept, and what comes out counts only with the signed digest.
struct PatchDelivery {
    let steps: [PatchStep]
    /// Of trees that are made on the way and removed again.
    let passingBytes: Int
    private let agent: Agent
    private let channel: Channel
    private let old: (tree: FilePath, listing: TreeListing)
    /// One for each step, once fetched.
    private var files: [FilePath] = []

    /// How many releases a chain is looked for over: each costs fetching its `release.json`.
    private static let longestSearch = 4

    /// Nil when the archive is the way: no patch fits what is installed, none is worth it, or the administrator prefers
    /// archives.
    init?(
        of chosen: ChosenRelease, over installed: Installation?, _ refreshed: RefreshedChannel, _ agent: Agent,
        _ download: TargetDownload
    ) throws {
        let folders = agent.folders
        guard agent.configuration.prefers == .patch, let installed, let tree = installed.tree,
            installed.version < chosen.manifest.version,
            try agent.storage.info(folders.tree(installed.version))?.kind == .directory,
            let kept = try agent.instance.keptRelease(installed.version, limits: agent.configuration.limits.tree),
            kept.listing.digest == tree
        else { return nil }
        (self.agent, channel) = (agent, refreshed.channel)
        old = (folders.tree(installed.version), kept.listing)
        let choice = DeliveryChoice(from: installed.version, tree: tree, to: chosen.manifest)
        if let direct = choice.direct {
            (steps, passingBytes) = ([direct], 0)
            return
        }
        let between = choice.between(channel.releases).prefix(Self.longestSearch).compactMap {
            Self.manifest(of: $0, refreshed, download)
        }
        guard let chain = choice.chain(over: between), let first = chain.first else { return nil }
        steps = chain
        passingBytes = between.first { $0.version == first.version }?.tree.bytes ?? 0
    }

    /// Nil when it cannot be had, or is not what the metadata says: then there is no chain over it.
    private static func manifest(
        of version: Version, _ refreshed: RefreshedChannel, _ download: TargetDownload
    ) -> ReleaseManifest? {
        let channel = refreshed.channel
        guard let facts = channel.releases.first(where: { $0.version == version }),
            (try? refreshed.checkDelegation(of: version)) != nil,
            let target = try? channel.target(version, .manifest),
            let bytes = try? download.load(target, limit: ReleaseLimits.manifestBytes),
            let manifest = try? ReleaseManifest.decode(bytes),
            (try? ChosenRelease.check(manifest, facts, channel.paths)) != nil
        else { return nil }
        return manifest
    }

    /// The patches as metadata lists them. Throws when that is not what `release.json` says.
    func targets() throws -> [SignedTarget] {
        try steps.map { step in
            let target = try channel.target(step.version, step.patch.file)
            guard target.digest == step.patch.sha256.hex, target.length == step.patch.bytes else {
                throw AgentFault(
                    .contradictoryRelease, found: "\(target.length) bytes with \(target.digest)",
                    expected: "\(step.patch.bytes) bytes with \(step.patch.sha256)", at: "\(target.path)")
            }
            return target
        }
    }

    mutating func fetch(_ download: TargetDownload) throws {
        files = try targets().map { try download.fetch($0) }
    }

    /// Makes the release's tree beside the installed one, reads it back, and returns its folder and its listing. The
    /// installed tree is only read.
    func build() throws -> (folder: FilePath, listing: TreeListing) {
        let (storage, limits) = (agent.storage, agent.configuration.limits)
        var (folder, listing) = old
        for (step, file) in zip(steps, files) {
            agent.ports.progress(.building(step.version))
            let building = agent.folders.building(step.version)
            try storage.removeTree(building)
            let order = BuildOrder(
                .patch(folder, to: step.tree, memory: limits.patchMemory), in: file, into: building, limits: limits.tree
            )
            listing = try agent.ports.build(order, listing, storage)
            if folder != old.tree { try storage.removeTree(folder) }
            folder = building
        }
        if let difference = try agent.verifier.verify(folder, against: listing).first {
            throw AgentFault(.damagedTree, found: difference.description, at: folder.string)
        }
        return (folder, listing)
    }
}
