import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TransparencyLog
import Transport
import UpdatePlan

/// What this instance knows, without asking anybody.
package struct StatusReport: Sendable {
    package struct Metadata: Sendable {
        package let root: Int
        package let timestamp: Int?
        package let snapshot: Int?
        package let targets: Int?
        package let channel: Int?
        /// The earliest time at which some of it expires.
        package let expires: Date
        package let isExpired: Bool
    }

    /// What is remembered of the transparency log.
    package struct Log: Sendable {
        package let origin: String
        /// Entries read.
        package let size: Int
        /// When a quorum of every policy in force saw it last; nil when what is stored does not show it.
        package let lastCosigned: Date?
        /// Since when the log has been ahead of what mirrors offer; nil when it is not.
        package let aheadSince: Date?
        /// The trusted root's, as it was signed.
        package let policy: ByteString?
        /// The same in few words: how many of which witnesses.
        package let quorum: String?
        /// Of earlier roots, still asked for.
        package let older: [PolicyInForce]
    }

    package let product: ProductName
    package let channel: ChannelName
    package let installed: Installation?
    /// What was installed, where it is gone.
    package let lost: Version?
    /// What the last refresh offers; nil when nothing, or when there was no refresh yet.
    package let available: ReleaseFacts?
    /// A newer release that was left, when that is why none is available.
    package let left: LeftRelease?
    /// As far as the last refresh says: the installed release and releases that would be updates, oldest first.
    package let withdrawn: [WithdrawalNotice]
    /// Nil before the first refresh.
    package let metadata: Metadata?
    /// Nil when no log is asked for, or before its first check.
    package let log: Log?
    /// Files that show a log which contradicts itself. While there is one, nothing is accepted without the log.
    package let forkEvidence: [String]
    /// The newest release, when it is known to have to wait, and why.
    package let held: HeldRelease?
    /// The administrator's word against updates, whether or not there is one.
    package let hold: Hold?
    /// What the administrator said may be installed, and is not yet.
    package let approved: Version?
    /// A change of the installed release that has begun and not ended.
    package let underWay: UnderWay?
    /// How the installed release came to be that, or why another one did not.
    package let lastStep: HistoryEntry?
    package let lastError: LastError?
    /// When the last check or update was, and the last one in which nothing went wrong; known where somebody is told or
    /// there are metrics.
    package let lastRun: Date?
    package let lastSuccess: Date?
    /// Notices that have not got everywhere yet.
    package let undelivered: Int
    /// Configured mirrors that gave something wrong, and are asked only when no other one serves.
    package let mirrorsAside: [MirrorMemory.Aside]
}

/// A change of the installed release that the journal tells of.
package struct UnderWay: Hashable, Sendable {
    package let state: StateName
    package let step: UpdateStep
    /// Nobody is at work on it: the next run goes on with it, or drops it.
    package let isInterrupted: Bool
}

extension UpdateState {
    /// For who holds the lock: nobody is at work on it.
    var interrupted: UnderWay? {
        guard name.isResumed else { return nil }
        return step.map { UnderWay(state: name, step: $0, isInterrupted: true) }
    }
}

extension Agent {
    /// Reads only; may run beside an update.
    ///
    /// - Parameter mayLock: false where the lock must not be asked for, not even for a moment; what is under way then counts
    ///   as worked on.
    package func status(mayLock: Bool = true) throws -> StatusReport {
        let pinnedRoot = try pinnedRoot()
        let installed = try instance.installation()
        let stored = storedChannel(pinnedRoot)
        let (choice, offered) = (try choice(installed), stored?.channel.releases ?? [])
        let log = configuration.log.isRequired ? try instance.rememberedLog() : nil
        let memory = try instance.noticeMemory()
        return StatusReport(
            product: configuration.product, channel: configuration.channel, installed: installed,
            lost: try instance.lostInstallation()?.version,
            available: choice.newest(of: offered),
            left: try choice.newest(of: offered) == nil ? goneBackFrom(installed, offered) : nil, withdrawn: choice.withdrawals(among: offered),
            metadata: stored.map { metadata($0.channel, $0.trusted) },
            log: log.flatMap { logReport($0, stored?.trusted) },
            forkEvidence: try instance.forkEvidence().map(\.string),
            held: try held(choice, offered, log?.memory), hold: try instance.hold(), approved: try instance.approved(),
            underWay: try underWay(mayLock: mayLock), lastStep: try instance.history().last { $0.event.isStep },
            lastError: try instance.lastError(), lastRun: memory.lastRun, lastSuccess: memory.lastSuccess,
            undelivered: memory.outgoing.count, mirrorsAside: try mirrorsAside())
    }

    private func mirrorsAside() throws -> [MirrorMemory.Aside] {
        let names = Set(configuration.mirrors.map { HTTPAddress.displayed($0) })
        // Of a single mirror nothing is remembered: it is asked whatever it did.
        guard names.count > 1 else { return [] }
        let memory = try instance.mirrorStore.load()
        return names.sorted().compactMap { memory.standsAside($0, at: ports.now) }
    }

    private func underWay(mayLock: Bool) throws -> UnderWay? {
        let state = try instance.journalledState()
        return state.step.map { UnderWay(state: state.name, step: $0, isInterrupted: mayLock && !isAtWork) }
    }

    /// Whether an agent is at work on this instance. For a moment it keeps one that is just beginning from doing so: to
    /// be asked only when there is a reason.
    var isAtWork: Bool {
        // Taking the lock makes its file, and whoever only looks makes none.
        guard ((try? storage.info(folders.lock)) ?? nil) != nil else { return false }
        do {
            _ = try storage.lock(folders.lock)
            return false
        } catch { return error.code == .locked }
    }

    private func logReport(_ log: RememberedLog, _ trusted: TrustedMetadataSet?) -> StatusReport.Log? {
        guard let note = try? SignedNote(decoding: log.state.checkpoint),
            let checkpoint = try? Checkpoint(decoding: note.text)
        else { return nil }
        let policy = (try? trusted?.root.content.policy()).flatMap(\.self)
        let older = log.memory.older.filter { $0.until > ports.now }
        return StatusReport.Log(
            origin: checkpoint.origin.description, size: log.state.size,
            lastCosigned: policy.flatMap { freshAt(note, $0, older) }, aheadSince: log.memory.aheadSince,
            policy: policy?.text, quorum: policy.map(quorum), older: older)
    }

    private func quorum(_ policy: WitnessPolicy) -> String {
        let names = policy.witnesses.map(\.name.description).joined(separator: ", ")
        guard let quorum = policy.quorum else { return "asks no witness" }
        let group = policy.groups.first { $0.name == quorum }
        let wanted = group.map { "\($0.threshold) of \($0.members.count)" } ?? "\(quorum)"
        return "\(wanted) (witnesses \(names))"
    }

    private func freshAt(_ note: SignedNote, _ policy: WitnessPolicy, _ older: [PolicyInForce]) -> Date? {
        let rules = CheckpointRules(policy: policy, older: older, freshness: nil, now: ports.now)
        guard let checkpoint = try? VerifiedCheckpoint.verify(note, log: policy.log) else { return nil }
        return (try? rules.check(checkpoint))?.freshAt
    }

    /// As far as is known without refreshing: what stands against the newest release, or what the last run found.
    private func held(_ choice: ReleaseChoice, _ offered: [ReleaseFacts], _ memory: LogMemory?) throws -> HeldRelease? {
        guard let newest = choice.newest(of: offered), newest.version != choice.installed else { return nil }
        let until = memory?.hold(newest, of: configuration.paths.role, configuration.log.holdBack, now: ports.now)
        let waiting =
            try rules(isLooking: true).waiting(before: newest, heldBackUntil: until)
            ?? stillWaiting(instance.journalledState().waiting, for: newest, isLooking: true)
        return try waiting.map { try knowingPlace(HeldRelease(release: newest, waiting: $0)) }
    }

    private func metadata(_ channel: Channel, _ trusted: TrustedMetadataSet) -> StatusReport.Metadata {
        let times = [
            trusted.root.content.header.expires, trusted.timestamp?.content.header.expires,
            trusted.snapshot?.content.header.expires, trusted.targets?.content.header.expires,
            channel.metadata.content.header.expires,
        ]
        let expires = times.compactMap(\.self).reduce(trusted.root.content.header.expires, min)
        return StatusReport.Metadata(
            root: trusted.root.version, timestamp: trusted.timestamp?.version, snapshot: trusted.snapshot?.version,
            targets: trusted.targets?.version, channel: channel.metadata.version, expires: expires,
            isExpired: expires <= ports.now)
    }
}
