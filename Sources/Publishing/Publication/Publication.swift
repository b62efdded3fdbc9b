import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// Publishing, in two halves. `prepare` checks everything and ends by renaming one folder: that is the decision. Before
/// it, nothing is live; after it, `complete` only copies, and can be stopped anywhere and run again.
///
/// Holds the workspace's lock for as long as it lives.
package struct Publication {
    private let workspace: Workspace
    private let now: Date
    private let lock: StorageLock

    /// Takes the lock and clears away what earlier runs left half made.
    package init(workspace: Workspace, now: Date) throws {
        try workspace.check()
        self.workspace = workspace
        self.now = now
        lock = try workspace.lock()
        for leftover in [workspace.publicationBeingBuilt, workspace.publicationDone] {
            try workspace.storage.removeTree(leftover)
        }
    }

    /// A publication that was decided upon, and may be live in part.
    package struct Prepared: Sendable {
        let set: PublicationSet
        /// What `Keys/minisign.pub` is made from; nil when only a timestamp is renewed.
        let root: Root?
        /// What is live without it.
        let published: PublishedMetadata
        /// Whether an earlier run had decided upon it.
        package let isResumed: Bool
        /// Whether recent cosignatures of an earlier run, or of this one, will do.
        var isCosigned: Bool
        /// What witnesses said who were asked already and did not cosign, by vkey.
        var answers: [ByteString: String] = [:]
        package let report: PublicationReport

        init(_ set: PublicationSet, over published: PublishedMetadata, isResumed: Bool) throws {
            self.set = set
            self.published = published
            self.isResumed = isResumed
            isCosigned = isResumed
            root = set.signedRoles.isEmpty ? nil : try set.root(over: published)
            report = try PublicationReport(set, over: published)
        }
    }

    /// The publication that an earlier run did not finish, or nil.
    package func unfinished() throws -> Prepared? {
        guard try workspace.storage.info(workspace.publication) != nil else { return nil }
        let set = try PublicationSet.load(from: workspace.publication, storage: workspace.storage)
        let published = try PublishedMetadata.load(workspace)
        try set.checkBelongsTogether(over: published, in: workspace)
        // It was current when it was decided upon. If it no longer is, it is finished all the same: the next version
        // can be made only on top of it.
        let time = min(now, try set.timestamp().content.header.expires - 1)
        try ClientCheck(workspace: workspace, set: set, published: published, referenceTime: time).run()
        return try Prepared(set, over: published, isResumed: true)
    }

    /// What `prepare` would publish; throws unless every staged role is acceptable and has its threshold. Needs no key.
    package func checkStaging() throws -> Staging {
        let staging = try Staging.load(workspace)
        _ = try check(staging)
        return staging
    }

    /// Decides upon a publication of `staging`, which is not empty.
    ///
    /// - Parameter ports: may be nil when root names no witness policy.
    package func prepare(_ staging: Staging, signer: any Signer, log ports: LogPorts? = nil) throws -> Prepared {
        try workspace.checkNothingInterrupted()
        if let lost = try recover(staging, signer: signer, log: ports) { return lost }
        let reviews = try check(staging)
        let online = try OnlineMetadata(staging, policy: try workspace.loadPolicy(), signer: signer, now: now)
        let signed = zip(staging.roles, reviews).map { staged, review in
            (role: staged.role, version: staged.version, bytes: staged.file(with: review.valid))
        }
        try workspace.checkMinisignKey(of: [staging.published.root?.content, staging.root].compactMap(\.self))
        let files = signed.map { PublicationSet.File(name: $0.role.fileName(version: $0.version), bytes: $0.bytes) }
        return try decide(try PublicationSet(files + online.publishing(signed)), over: staging.published, ports)
    }

    /// Decides upon a new timestamp, and a new snapshot when it is time. What is staged stays staged.
    ///
    /// - Parameter ports: may be nil when root names no witness policy.
    package func prepareRefresh(signer: any Signer, log ports: LogPorts? = nil) throws -> Prepared {
        // The online key signs what is made from it.
        let published = try workspace.loadPublished()
        guard !published.isEmpty else { throw PublishingFault(.nothingPublished, at: workspace.releases.string) }
        let staging = Staging(published: published, roles: [])
        if let lost = try recover(staging, signer: signer, log: ports) { return lost }
        let online = try OnlineMetadata(staging, policy: try workspace.loadPolicy(), signer: signer, now: now)
        return try decide(try PublicationSet(online.refreshing()), over: published, ports)
    }

    /// The publication that is logged, and of which only the log is left; nil, nearly always. Nothing else can be published
    /// before it.
    private func recover(_ staging: Staging, signer: any Signer, log ports: LogPorts?) throws -> Prepared? {
        let published = staging.published
        // A log that is given up waits for nothing.
        guard let ports, !ports.isAbandoning, let root = published.root?.content ?? staging.root,
            let key = try PoliciesInForce.policy(of: root)?.log
        else { return nil }
        let lost: LostPublication? = try {
            let (file, logSigner) = try ports.signer(key.publicKey)
            let keeper = try LogKeeper(
                key: key, signer: logSigner, state: file.state, live: workspace.liveLog, storage: workspace.storage)
            return try LostPublication(in: keeper, over: published)
        }()
        guard let lost else { return nil }
        let online = try OnlineMetadata(staging, policy: try workspace.loadPolicy(), signer: signer, now: now)
        let timestamp = try online.timestamp(over: lost.snapshot.bytes, version: lost.snapshot.version)
        return try decide(
            try PublicationSet(lost.files + [timestamp]), over: published, ports, isRecovered: true)
    }

    /// Throws unless every staged role is acceptable and has its threshold.
    private func check(_ staging: Staging) throws(PublishingFault) -> [RoleReview] {
        for staged in staging.roles { try staging.check(staged, now: now) }
        let reviews = staging.roles.map { RoleReview($0, in: staging) }
        let lacking = reviews.filter { !$0.isComplete }
        guard lacking.isEmpty else {
            throw PublishingFault(
                .thresholdNotMet, found: Self.describe(lacking), at: workspace.stagedSignatures.string)
        }
        return reviews
    }

    /// Roles that lack the same are named together; then what was not counted.
    private static func describe(_ lacking: [RoleReview]) -> String {
        var texts: [String] = []
        for text in lacking.map(\.lackingText) where !texts.contains(text) { texts.append(text) }
        let parts = texts.map { text in
            let roles = lacking.filter { $0.lackingText == text }.map { "\($0.role) version \($0.version)" }
            return "\(text) (\(roles.joined(separator: ", ")))"
        }
        return (parts + lacking.flatMap(\.problems)).joined(separator: "; ")
    }

    /// Runs every check, then makes the publication durable under its final name.
    private func decide(
        _ set: PublicationSet, over published: PublishedMetadata, _ ports: LogPorts?, isRecovered: Bool = false
    ) throws -> Prepared {
        let storage = workspace.storage
        for file in set.files where file.name != PublicationSet.timestampName {
            let live = workspace.liveMetadata.appending(file.name)
            guard try storage.info(live) == nil else {
                throw PublishingFault(
                    .wouldBeRefused, found: "a file of this version", expected: "none, as it was never published",
                    at: live.string, hint: "published versions are never rewritten; find out where it is from")
            }
        }
        try ClientCheck(workspace: workspace, set: set, published: published, referenceTime: now).run()
        try ReleaseCheck(workspace: workspace, published: published).run(set)
        var prepared = try Prepared(set, over: published, isResumed: isRecovered)
        prepared.isCosigned = false
        if var begun = try log(set, over: published, ports), try begun.isHeartbeat {
            // A heartbeat signs no new tree: when witnesses are missing there is nothing that would have to be finished.
            try begun.witness(isCosigned: false)
            prepared.isCosigned = true
            prepared.answers = begun.log.answers
        }
        try set.save(in: workspace.publicationBeingBuilt, storage: storage)
        try storage.rename(workspace.publicationBeingBuilt, to: workspace.publication)
        return prepared
    }

    // MARK: going live

    /// Has the log cosigned, if there is one; until a quorum of witnesses has, nothing is live. Then copies targets,
    /// metadata, the log's checkpoint and, last, `timestamp.json`; then clears what was staged. Returns how the log stands;
    /// nil when root names none.
    ///
    /// - Parameter ports: may be nil when root names no witness policy.
    @discardableResult
    package func complete(_ prepared: Prepared, log ports: LogPorts? = nil) throws -> LogReport? {
        var begun = try log(prepared.set, over: prepared.published, ports)
        try begun?.witness(isCosigned: prepared.isCosigned)
        try begun?.publishFiles()
        let targets = prepared.set.targets
        for target in targets { try goLive(target) }
        try workspace.storage.makeDirectory(workspace.liveMetadata)
        for file in prepared.set.files {
            if file.name == PublicationSet.timestampName { try begun?.complete() }
            if file.name == PublicationSet.firstRootName { try writeOnce(file.bytes, to: workspace.anchor) }
            try writeOnce(file.bytes, to: workspace.liveMetadata.appending(file.name))
        }
        if let root = prepared.root { try workspace.writeMinisignKey(of: root) }
        try clearStaging(prepared.set, targets)
        return try begun?.log.report().with(prepared.answers)
    }

    /// Nil when root names no witness policy.
    private func log(
        _ set: PublicationSet, over published: PublishedMetadata, _ ports: LogPorts?
    ) throws -> LogsOfPublication? {
        guard
            let policies = try PoliciesInForce(
                set, over: published, in: workspace, now: now, isAbandoning: ports?.isAbandoning ?? false)
        else { return nil }
        return try LogsOfPublication(
            policies, LogContents(workspace: workspace, set: set, published: published), ports, now: now)
    }

    private func goLive(_ target: PublicationSet.Target) throws {
        let storage = workspace.storage
        let live = Workspace.file(target.stored, below: workspace.liveTargets)
        let staged = Workspace.file(target.stored, below: workspace.stagedTargets)
        let isStaged = try storage.info(staged) != nil
        if let info = try storage.info(live), info.kind == .file, info.size == target.file.length {
            // One that was staged is not taken for live by its length: whatever stands there was not checked.
            if !isStaged { return }
            if (try? StagedFile(path: live, target: target).forEachChunk { _ in }) != nil { return }
        }
        guard isStaged else { throw PublishingFault(.stagedFileMissing, at: staged.string) }
        try storage.makeDirectory(live.folder)
        try storage.write(to: live) { sink in try StagedFile(path: staged, target: target).forEachChunk(sink) }
    }

    /// A second run writes nothing again.
    private func writeOnce(_ bytes: [UInt8], to path: FilePath) throws {
        let present = try workspace.storage.readIfPresent(path, limit: MetadataLimits().targetsLength)
        if present != bytes { try workspace.storage.write(bytes, to: path) }
    }

    private func clearStaging(_ set: PublicationSet, _ targets: [PublicationSet.Target]) throws {
        let storage = workspace.storage
        for (role, version) in set.signedRoles { try workspace.unstage(role, version: version) }
        let folders = targets.map { Workspace.file($0.path, below: workspace.stagedTargets).folder }
        for folder in Set(folders.map(\.string)).sorted() { try storage.removeTree(FilePath(folder)) }
        if try workspace.loadStagedRoles().isEmpty {
            for folder in [workspace.stagedMetadata, workspace.stagedSignatures, workspace.stagedTargets] {
                try storage.removeTree(folder)
            }
        }
        // From here on there is nothing to finish.
        try storage.rename(workspace.publication, to: workspace.publicationDone)
        try storage.removeTree(workspace.publicationDone)
    }
}
