import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog
import UpdatePlan

/// Trusted metadata as one mirror gave it; that mirror is the first of which files are asked.
struct RefreshedChannel {
    let channel: Channel
    let updater: MetadataUpdater
    let mirrors: Mirrors
    let log: LogVerdict

    /// What mirrors did wrong so far.
    var complaints: [MirrorComplaint] { mirrors.complaints }
    var trusted: TrustedMetadataSet { updater.trusted }

    /// How old this is, where that is only warned of.
    var age: RepositoryAge { RepositoryAge(expiredSince: trusted.expiredSince, cosignedAt: log.cosignedAt) }

    /// The first of `candidates` that may be fetched now, and the newest one if that has to wait.
    func choose(_ candidates: [ReleaseFacts], _ rules: UpdateRules) -> (release: ReleaseFacts?, held: HeldRelease?) {
        func waiting(_ facts: ReleaseFacts) -> Waiting? {
            rules.waiting(before: facts, heldBackUntil: log.holds[facts.version])
        }
        let held = candidates.first.flatMap { facts in
            waiting(facts).map { HeldRelease(release: facts, waiting: $0) }
        }
        return (candidates.first { waiting($0) == nil }, held)
    }

    /// A release counts only if the search through delegations finds it with the channel's own role (TUF 5.6.7).
    func checkDelegation(of version: Version) throws {
        let path = channel.paths.manifest(version)
        guard try updater.target(at: path) == channel.metadata.content.targets[path] else {
            throw AgentFault(
                .contradictoryRelease, found: "\(path) in role \(channel.metadata.role)",
                expected: "another role, by the order of delegations")
        }
    }
}

/// Trusted metadata as one refresh made it, before the log was asked.
struct RefreshedMetadata {
    let channel: Channel
    let updater: MetadataUpdater
    /// The root that was trusted before it.
    let formerRoot: Verified<Root>

    var trusted: TrustedMetadataSet { updater.trusted }
}

/// Brings the trusted metadata up to date, from one mirror alone: two halves of two mirrors' metadata are no repository.
struct Refresh {
    let pinnedRoot: [UInt8]
    let store: any MetadataStore
    let paths: ReleasePaths
    let time: Date
    var freshness = Freshness.required
    /// Nil where no log is asked for: then what was verified is stored at once.
    var log: LogFollower?

    /// Asks the mirrors in order until one gives a whole, current repository. When none does, throws the worst fault:
    /// that somebody served something wrong must not hide behind a mirror that was merely away.
    ///
    /// What an administrator accepts without its log is taken only when no mirror can do better.
    func run(_ mirrors: Mirrors) throws -> RefreshedChannel {
        do { return try run(mirrors, isAccepting: false) } catch let fault as any ReportableFault {
            guard fault.isMirrors, !fault.isProvenFork, log?.accepted != nil else { throw fault }
            return try run(mirrors, isAccepting: true)
        }
    }

    private func run(_ mirrors: Mirrors, isAccepting: Bool) throws -> RefreshedChannel {
        // A fork that shows only now ends the override, as it would have before.
        let (mirror, (refreshed, log)) = try mirrors.ask(isFinal: { isAccepting && $0.isProvenFork }) {
            ($0, try use($0, isAccepting: isAccepting))
        }
        try mirrors.served(mirror)
        return RefreshedChannel(
            channel: refreshed.channel, updater: refreshed.updater, mirrors: mirrors, log: log)
    }

    private func use(
        _ mirror: any RepositoryMirror, isAccepting: Bool
    ) throws -> (RefreshedMetadata, LogVerdict) {
        guard let log else { return (try refresh(from: mirror, into: store), LogVerdict()) }
        return try log.follow(mirror, over: store, isAccepting: isAccepting) { try refresh(from: mirror, into: $0) }
    }

    func refresh(from fetcher: any MetadataFetcher, into store: any MetadataStore) throws -> RefreshedMetadata {
        var updater: MetadataUpdater
        do {
            updater = try MetadataUpdater(
                pinnedRoot: pinnedRoot, store: store, fetcher: fetcher, referenceTime: time, freshness: freshness)
        } catch let fault as MetadataFault {
            throw AgentFault(.damagedRoot, found: fault.message)
        }
        let formerRoot = updater.trusted.root
        try updater.refresh()
        let role = RoleName(paths.role)
        guard let top = updater.trusted.targets, top.content.delegations?.signers(of: role) != nil else {
            throw AgentFault(.noSuchChannel, found: "no role \(paths.role)", at: "targets")
        }
        return RefreshedMetadata(
            channel: try Channel(try updater.delegated(role, by: top), paths: paths), updater: updater,
            formerRoot: formerRoot)
    }
}

/// Stands in for a mirror when there must be no network: what is stored counts as newest.
struct NoMirror: MetadataFetcher {
    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        held == nil ? .absent : .notModified
    }
}
