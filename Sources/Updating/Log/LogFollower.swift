import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// What the log said about refreshed metadata, as far as the rest of a run needs it.
struct LogVerdict {
    /// Until when releases are held back, by version. None of them: they may be installed now.
    var holds: [Version: Date] = [:]
    /// What the administrator accepted without the log; nil when the log is in order, or none is asked for.
    var accepted: Digest?
    /// When a quorum of every policy saw the log last; set where freshness is only warned of.
    var cosignedAt: Date?
}

/// Holds every refresh against the transparency log before anything of it is stored: metadata waits in memory, is checked,
/// and is stored after what was read of the log.
///
/// The order of storing matters. The log's state goes first, for it holds the policies that remain in force when a new root
/// is stored; stopped in between, the next run checks the same metadata once more.
struct LogFollower {
    let settings: LogSettings
    let instance: Instance
    let role: ByteString
    let now: Date
    /// Whether cosignatures may be old.
    var freshness = Freshness.required
    /// Fingerprint of what the administrator wants to install though the log does not vouch for it.
    let accepted: Digest?
    /// The releases for which it matters how long they have been public.
    let candidates: (Channel) throws -> [ReleaseFacts]
    let progress: (AgentProgress) -> Void

    /// How long the log may be ahead of what is offered, in seconds: uploads take their time.
    static let grace: TimeInterval = 3600

    typealias Refreshing = (any MetadataStore) throws -> RefreshedMetadata

    /// Refreshes, looks, and looks once more at everything when a publication may have been under way.
    func follow(
        _ mirror: any RepositoryMirror, over store: any MetadataStore, isAccepting: Bool, _ refresh: Refreshing
    ) throws -> (RefreshedMetadata, LogVerdict) {
        let remembered = try instance.rememberedLog()
        // Before anybody is asked: with a wrong clock nothing that follows is worth anything.
        try CheckpointRules.checkClock(now, latest: remembered?.memory.latestTime)
        let first = try look(mirror, store, remembered, refresh)
        let last = first.outcome.mayBeUnderWay ? try look(mirror, store, remembered, refresh) : first
        return (last.refreshed, try judge(last, mirror, remembered, isAccepting: isAccepting))
    }

    // MARK: looking

    /// Metadata that is not stored yet, and what the log says of it.
    private struct Look {
        let staged: StagedMetadataStore
        let refreshed: RefreshedMetadata
        var outcome: LogLook.Outcome
    }

    private func look(
        _ mirror: any RepositoryMirror, _ store: any MetadataStore, _ remembered: RememberedLog?, _ refresh: Refreshing
    ) throws -> Look {
        // Roots that no log was asked about, or of which that is not known any more, are walked anew.
        let stored = try store.loadMetadata(RoleName.root.fileName, limit: MetadataLimits().rootLength)
        let isWalkedAnew = remembered?.memory.root == nil || stored.map(Digest.sha256) != remembered?.memory.root
        let staged = StagedMetadataStore(store, hidesRoot: isWalkedAnew)
        let refreshed = try refresh(staged)
        if isWalkedAnew, let stored { try checkWay(of: refreshed, staged.newRoots, to: stored) }
        let look = LogLook(
            mirror: mirror, settings: settings, now: now, freshness: freshness, role: role, progress: progress)
        do {
            let outcome = try look.run(
                refreshed, newRoots: staged.newRoots, remembered: remembered ?? RememberedLog())
            return Look(staged: staged, refreshed: refreshed, outcome: outcome)
        } catch let fork as LogFork {
            throw fork.fault(evidence: keepEvidence(fork))
        }
    }

    /// In words. A full disk must not hide a fork.
    private func keepEvidence(_ fork: LogFork) -> String {
        do { return "evidence in \(try instance.keepEvidence(fork.old, fork.new))" } catch {
            return "the evidence could not be written: \((error as? any ReportableFault)?.message ?? "\(error)")"
        }
    }

    /// The way from the pinned root has to lead over the root that is stored: not to an older one, and not past another
    /// of the same version.
    private func checkWay(of refreshed: RefreshedMetadata, _ newRoots: [[UInt8]], to bytes: [UInt8]) throws {
        guard let stored = try? TrustedMetadataSet(trustedRoot: bytes, referenceTime: now).root.version else { return }
        let found = refreshed.trusted.root.version
        guard found >= stored else {
            throw MetadataFault(.rollback, found: "version \(found)", expected: "at least \(stored)", at: "root")
        }
        let place = stored - refreshed.formerRoot.version - 1
        guard newRoots.indices.contains(place), newRoots[place] != bytes else { return }
        throw LogFault(
            .secondContent, found: Digest.sha256(of: newRoots[place]).hex, expected: Digest.sha256(of: bytes).hex,
            at: "root version \(stored)",
            hint: "two roots of one version were signed: keep a copy of both, and ask the keyholders; to go on with "
                + "the public one, move \(instance.folders.metadata.appending(RoleName.root.fileName)) away")
    }

    // MARK: judging

    private func judge(
        _ look: Look, _ mirror: any RepositoryMirror, _ remembered: RememberedLog?, isAccepting: Bool
    ) throws -> LogVerdict {
        var log = look.outcome.log
        if look.outcome.doubts.isEmpty, look.outcome.behind == nil, let check = look.outcome.check {
            let holds = try holds(look.refreshed.channel, check, mirror, &log.memory)
            log.memory.aheadSince = nil
            // By the witnesses' time: this machine's clock may be far ahead, and a bundle old.
            log.memory.older.removeAll { $0.until <= check.cosignatures.freshAt ?? .distantPast }
            log.memory.root = look.refreshed.rootDigest
            try remember(log, remembered, seenAt: check.cosignatures.freshAt)
            try look.staged.commit()
            return LogVerdict(holds: holds, cosignedAt: freshness == .warned ? check.cosignatures.freshAt : nil)
        }
        let fault = try refuse(look, &log, remembered)
        // What the log says is out of date, by its own newer entries, nobody can vouch for.
        guard fault.isExcusable, look.outcome.behind == nil, let fingerprint = look.refreshed.fingerprint else {
            throw fault
        }
        if let evidence = try instance.forkEvidence().first { throw fault.afterFork(evidence, accepted != nil) }
        guard isAccepting else { throw fault.naming(fingerprint) }
        guard fingerprint == accepted else {
            throw AgentFault(.otherFingerprint, found: accepted?.hex, expected: fingerprint.hex)
        }
        return try accept(fingerprint, look, fault, remembered)
    }

    /// Remembers what could be read, and says why nothing may be installed.
    private func refuse(_ look: Look, _ log: inout RememberedLog, _ remembered: RememberedLog?) throws -> LogFault {
        let since = log.memory.aheadSince ?? now
        if look.outcome.behind != nil { log.memory.aheadSince = since }
        if look.outcome.isTrustworthy, look.outcome.check != nil { try remember(log, remembered, seenAt: nil) }
        if let doubt = look.outcome.doubts.first { return doubt }
        guard let behind = look.outcome.behind, now.timeIntervalSince(since) > Self.grace else {
            return look.outcome.behind ?? LogFault(.unreachable)
        }
        return LogFault(
            .withheld, found: behind.found, expected: behind.expected, at: "since \(UTCTime.encode(since))")
    }

    private func accept(
        _ fingerprint: Digest, _ look: Look, _ fault: LogFault, _ remembered: RememberedLog?
    ) throws -> LogVerdict {
        try instance.addToHistory(HistoryEntry(accepting: fingerprint, despite: fault.codeText, at: now))
        // From now on the roots count as walked. Policies that the new root weakened stay in force all the same.
        var log = remembered ?? RememberedLog()
        log.memory.older = look.outcome.log.memory.older
        log.memory.root = look.refreshed.rootDigest
        try instance.remember(log)
        try look.staged.commit()
        return LogVerdict(accepted: fingerprint)
    }

    /// Written only when it says something new; the time alone does, once in a while.
    ///
    /// `time` is that of a quorum. What this machine's clock says is not remembered: one that was ahead in a single run would
    /// keep the instance from all updates until that time has come.
    private func remember(_ log: RememberedLog, _ remembered: RememberedLog?, seenAt time: Date?) throws {
        var log = log
        let former = remembered?.memory.latestTime
        let isDue = time.map { $0.timeIntervalSince(former ?? .distantPast) >= CheckpointRules.clockTolerance } ?? false
        if isDue { log.memory.latestTime = time }
        guard isDue || remembered?.state != log.state || remembered?.memory != log.memory else { return }
        try instance.remember(log)
    }
}
