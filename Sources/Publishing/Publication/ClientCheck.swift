import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import Updating

/// Runs the agent's own refresh over a publication laid over what is live: what instances will do, before they can.
struct ClientCheck {
    let workspace: Workspace
    let set: PublicationSet
    let published: PublishedMetadata
    let referenceTime: Date

    /// As a newcomer who holds the first root only, and as an instance that holds all that is live now. Both must take
    /// the new timestamp, and find each listed target as it is listed.
    func run() throws {
        let anchor = try loadAnchor()
        try refresh("a new instance", MemoryStore(), anchor)
        guard !published.isEmpty else { return }
        try refresh("an instance that is up to date", MemoryStore(published), anchor)
    }

    private func loadAnchor() throws -> [UInt8] {
        let limit = MetadataLimits().rootLength
        let anchor = try workspace.storage.readIfPresent(workspace.anchor, limit: limit)
        let first = set.bytes(of: PublicationSet.firstRootName)
        if let anchor, let first, anchor != first {
            throw PublishingFault(
                .wouldBeRefused, found: "another first root", expected: "the one that is about to be published",
                at: workspace.anchor.string, hint: "Keys/root.json is of another workspace; find out where it is from")
        }
        guard let bytes = anchor ?? first else {
            throw PublishingFault(
                .wouldBeRefused, found: "no first root", expected: "Keys/root.json", at: workspace.anchor.string)
        }
        return bytes
    }

    private func refresh(_ who: String, _ store: MemoryStore, _ anchor: [UInt8]) throws {
        do {
            var updater = try MetadataUpdater(
                pinnedRoot: anchor, store: store, fetcher: OverlayFetcher(workspace: workspace, set: set),
                referenceTime: referenceTime)
            try updater.refresh()
            guard updater.trusted.timestamp?.bytes == set.bytes(of: PublicationSet.timestampName) else {
                throw MetadataFault(.rollback, found: "the timestamp held", expected: "the new one")
            }
            try checkDelegations(updater)
        } catch let fault as MetadataFault {
            let problem = "[\(fault.codeText)] \(fault.message)"
            throw PublishingFault(.wouldBeRefused, found: problem, at: "refresh as \(who)", hint: fault.hint)
        }
    }

    /// Every role that targets leads to, directly or not; then each target, by the search that instances make.
    private func checkDelegations(_ updater: MetadataUpdater) throws {
        guard let targets = updater.trusted.targets, let snapshot = updater.trusted.snapshot else {
            throw MetadataFault(.misuse)
        }
        let known = snapshot.content.meta.keys.compactMap { RoleName(metaName: $0) }.sorted()
        var seen: Set<RoleName> = []
        var verified: [Edge: Verified<Targets>] = [:]
        var pending = [targets]
        while let delegator = pending.popLast() {
            for role in delegator.content.delegations?.names(among: known) ?? [] {
                // As each delegator sees it: an instance may come by any way.
                let metadata = try updater.delegated(role, by: delegator)
                verified[Edge(delegator: delegator.role, role: role)] = metadata
                if seen.insert(role).inserted { pending.append(metadata) }
            }
        }
        for target in set.targets where try Self.find(target.path, from: targets, verified) != target.file {
            throw MetadataFault(.targetUnknown, at: "\(target.path) in \(target.role)")
        }
    }

    private struct Edge: Hashable {
        let delegator: RoleName
        let role: RoleName
    }

    /// The search that instances make. An archive lists thousands: no role is verified anew for each of them.
    private static func find(
        _ path: ByteString, from targets: Verified<Targets>, _ verified: [Edge: Verified<Targets>]
    ) throws(MetadataFault) -> TargetFile? {
        var walk = DelegationWalk(for: path, limits: MetadataLimits())
        if let found = walk.search(targets) { return found }
        while let visit = try walk.next() {
            guard let metadata = verified[Edge(delegator: visit.delegator.role, role: visit.role)] else {
                throw MetadataFault(.missing, expected: "\(visit.role)", at: "snapshot")
            }
            if let found = walk.search(metadata) { return found }
        }
        return nil
    }
}

/// The publication's files, and where it has none, those that are live.
private struct OverlayFetcher: MetadataFetcher {
    let workspace: Workspace
    let set: PublicationSet

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        let live = workspace.liveMetadata.appending(name)
        guard let bytes = try set.bytes(of: name) ?? workspace.storage.readIfPresent(live, limit: limit) else {
            return .absent
        }
        guard bytes.count <= limit else {
            throw MetadataFault(.tooLong, found: "\(bytes.count) bytes", expected: "at most \(limit)", at: name)
        }
        return .bytes(bytes)
    }
}

/// An instance's trusted metadata, in memory. Used by one refresh only.
private final class MemoryStore: MetadataStore {
    private var files: [String: [UInt8]] = [:]

    init() {}

    /// Holds what is live.
    init(_ published: PublishedMetadata) {
        files[RoleName.root.fileName] = published.root?.bytes
        files[RoleName.timestamp.fileName] = published.timestamp?.bytes
        files[RoleName.snapshot.fileName] = published.snapshot?.bytes
        files[RoleName.targets.fileName] = published.targets?.bytes
        for (role, metadata) in published.delegated { files[role.fileName] = metadata.bytes }
    }

    func loadMetadata(_ fileName: String, limit: Int) -> [UInt8]? {
        files[fileName].flatMap { $0.count <= limit ? $0 : nil }
    }
    func saveMetadata(_ bytes: [UInt8], as fileName: String) { files[fileName] = bytes }
    func removeMetadata(_ fileName: String) { files[fileName] = nil }
}
