import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// One look at the log of one mirror, for metadata that the same mirror has just given. Fetches; stores nothing but
/// evidence of a fork.
struct LogLook {
    let mirror: any RepositoryMirror
    let settings: LogSettings
    let now: Date
    let freshness: Freshness
    /// The role of the channel whose releases are of interest.
    let role: ByteString
    let progress: (AgentProgress) -> Void

    /// How it ended, unless it threw.
    struct Outcome {
        var log: RememberedLog
        /// Nil when the log could not be read to its end.
        var check: LogCheck?
        /// Why nothing may be acted on though nobody is proved to lie; the first one first.
        var doubts: [LogFault] = []
        /// The policy of every root on the way was satisfied, and so was the checkpoint's: what was read may be remembered.
        var isTrustworthy = false
        /// Policies of roots after which one came that is not proved: who holds the keyholders' keys named the next.
        var unproved: [WitnessPolicy] = []
        /// The log has newer metadata.
        var behind: LogFault?
        /// Something offered is not in the log.
        var unlogged: LogFault?

        /// Whether all may be different in a moment: the publisher replaces the log's checkpoint and the timestamp one
        /// after the other.
        var mayBeUnderWay: Bool { behind != nil || unlogged != nil }
    }

    private static let checkpointLimit = SignedNote.byteLimit

    func run(_ refreshed: RefreshedMetadata, newRoots: [[UInt8]], remembered: RememberedLog) throws -> Outcome {
        var outcome = Outcome(log: remembered)
        let gate = try walk(refreshed, newRoots, &outcome)
        guard let policy = try refreshed.trusted.root.content.policy() else {
            throw LogFault(.noPolicy, at: "root version \(refreshed.trusted.root.version)")
        }
        let rules = CheckpointRules(
            policy: policy, older: gate.older, floor: settings.floor,
            freshness: Double(settings.freshness) * 3600, now: now)
        // Also those that are over: our clock alone does not end one for good.
        outcome.log.memory.older = gate.older
        do { try read(rules, remembered, &outcome) } catch let fault as any ReportableFault {
            guard fault.family == .transport else { throw fault }
            outcome.doubts.append(LogFault(.unreachable, found: fault.message, at: mirror.name))
        }
        if let ledger = outcome.check?.state.ledger {
            try compare(refreshed, newRoots, ledger, &outcome)
        } else if remembered.isOf(policy.log) {
            // A mirror without a log cannot make excusable what contradicts, or is older than, what was logged already.
            // That something is not in what was read says nothing.
            var known = outcome
            try compare(refreshed, newRoots, remembered.state.ledger, &known)
            outcome.behind = known.behind
        }
        return outcome
    }

    // MARK: roots

    private func walk(
        _ refreshed: RefreshedMetadata, _ newRoots: [[UInt8]], _ outcome: inout Outcome
    ) throws -> RootGate {
        var gate = RootGate(
            from: try refreshed.formerRoot.content.policy(), older: outcome.log.memory.older, now: now)
        for bytes in newRoots {
            let root = try TrustedMetadataSet(trustedRoot: bytes, referenceTime: now).root
            let named = try root.content.policy()
            let asked = gate.asked
            let proof = asked == nil ? (bytes: nil, fault: nil) : try fetchProof(of: bytes)
            do throws(LogFault) {
                try gate.pass(bytes, version: root.version, naming: named, proof: proof.bytes)
            } catch {
                outcome.doubts.append(proof.fault ?? error)
                outcome.unproved += [asked].compactMap(\.self)
            }
        }
        return gate
    }

    /// A root's proof, and why it could not be fetched.
    private func fetchProof(of root: [UInt8]) throws -> (bytes: [UInt8]?, fault: LogFault?) {
        do { return (try mirror.fetchProof(of: .sha256(of: root)), nil) } catch let fault as any ReportableFault {
            guard fault.family == .transport else { throw fault }
            return (nil, LogFault(.unreachable, found: fault.message, at: mirror.name))
        }
    }

    // MARK: the checkpoint and its entries

    private func read(_ rules: CheckpointRules, _ remembered: RememberedLog, _ outcome: inout Outcome) throws {
        guard let note = try mirror.fetchLog("checkpoint", limit: Self.checkpointLimit) else {
            outcome.doubts.append(LogFault(.unreachable, expected: "log/checkpoint", at: mirror.name))
            return
        }
        var check = try begin(note, rules, remembered.state)
        let doubts = check.doubts.filter { !isExcused($0, check) }
        outcome.isTrustworthy = outcome.doubts.isEmpty && doubts.isEmpty
        outcome.doubts += doubts
        // What too few have seen is not worth reading: whoever has the log's key alone could make it gigabytes. That it is
        // another past than the one remembered, a few tiles show.
        guard try isSeenByEnough(check, outcome.unproved) else {
            guard isFork(check) else { return }
            throw try LogFork(remembered.state, check.checkpoint)
        }
        do {
            while let part = check.next { try read(part, &check, &outcome.log.memory) }
            try check.finish()
        } catch {
            // Of a log that was rewritten entries do not begin where they did. That is worse than a file that is damaged or
            // not there, and no reason to excuse it as such.
            guard isFork(check) else { throw error }
            throw try LogFork(remembered.state, check.checkpoint)
        }
        outcome.check = check
        outcome.log.state = check.state
    }

    /// Of files that were carried here the quorum may have signed at any time, which is said then. A policy that asks nobody
    /// has no time, and is refused here as everywhere.
    private func isExcused(_ doubt: LogFault, _ check: LogCheck) -> Bool {
        freshness == .warned && doubt.code == .stale && check.cosignatures.freshAt != nil
    }

    /// Whether the witnesses of every policy have seen it, lately or not, and the instance's own; also those of policies
    /// that a root which is not proved would do away with.
    private func isSeenByEnough(_ check: LogCheck, _ unproved: [WitnessPolicy]) throws -> Bool {
        guard check.doubts.allSatisfy({ $0.code == .stale }) else { return false }
        let rules = CheckpointRules(
            policy: check.rules.policy, older: unproved.map { PolicyInForce($0, until: .distantFuture) },
            freshness: nil, now: now)
        return try rules.check(check.checkpoint).doubts.isEmpty
    }

    private func begin(_ note: [UInt8], _ rules: CheckpointRules, _ state: LogState) throws -> LogCheck {
        do { return try LogCheck(note, rules: rules, remembered: state) } catch {
            guard error.code == .fork else { throw error }
            throw try LogFork(state, VerifiedCheckpoint.verify(note, log: rules.policy.log))
        }
    }

    private func read(_ part: LogCheck.Part, _ check: inout LogCheck, _ memory: inout LogMemory) throws {
        progress(.readingLog(check.state.size, of: check.checkpoint.head.size))
        var entries = EntryStream(count: part.count)
        // Of what may come also depends how long a mirror may take for it.
        let limit = part.count * EntryBundle.entryByteLimit
        let isThere = try mirror.fetchLog(part.bundle.path, from: part.offset, limit: limit) { bytes in
            try entries.feed(bytes) { entry in
                try check.read(entry)
                note(entry, &memory)
            }
        }
        guard isThere else { throw LogFault(.unreachable, expected: "log/\(part.bundle.path)", at: mirror.name) }
        try entries.finish()
    }

    /// Remembers when a release of this channel came into the log, and its entry's hash. The entry has been read as one.
    private func note(_ entry: [UInt8], _ memory: inout LogMemory) {
        let head = Array("sceau-log/1 release \(role) ".utf8)
        guard entry.starts(with: head), let end = entry.dropFirst(head.count).firstIndex(of: UInt8(ascii: " ")) else {
            return
        }
        let name = LogMemory.ReleaseName(role: role, version: ByteString(Array(entry[head.count..<end])))
        memory.seen[name] = LogMemory.SeenRelease(at: now, leaf: MerkleHash.leaf(entry))
    }

    /// Whether the log's own tiles, which make the new checkpoint's tree, show another beginning than what is remembered.
    /// Otherwise it is only this mirror that serves entries which are none.
    private func isFork(_ check: LogCheck) -> Bool {
        let head = check.checkpoint.head
        guard let before = check.before, before.size > 0, before.size < head.size else { return false }
        do {
            let hashes = try TileHashes(head: head) { id in
                guard let tile = try mirror.fetchLog(id.path, limit: Tile.byteLimit) else {
                    throw LogFault(.unreachable, expected: "log/\(id.path)")
                }
                return tile
            }
            let proof = try ProofBuilder.consistency(from: before.size, to: head.size) { try hashes.hash($0) }
            return (try? proof.check(from: before, to: head)) == nil
        } catch {
            return false
        }
    }

    // MARK: what is offered

    private func compare(
        _ refreshed: RefreshedMetadata, _ newRoots: [[UInt8]], _ ledger: LogLedger, _ outcome: inout Outcome
    ) throws {
        var verdicts = try refreshed.offered().map { try ledger.compare($0) }
        for release in refreshed.channel.releases {
            let path = refreshed.channel.paths.manifest(release.version)
            let digest = refreshed.channel.metadata.content.targets[path]?.facts.sha256
            verdicts.append(try ledger.compare(release: release.version.text, of: role, digest))
        }
        try compareRoots(refreshed, newRoots, ledger)
        for verdict in verdicts {
            switch verdict {
            case .current: break
            case .behind(let fault): outcome.behind = outcome.behind ?? fault
            case .unlogged(let fault): outcome.unlogged = outcome.unlogged ?? fault
            }
        }
        if let unlogged = outcome.unlogged { outcome.doubts.append(unlogged) }
    }

    /// The roots on the way, as far as this log knows them: the newest one is compared with all else.
    private func compareRoots(_ refreshed: RefreshedMetadata, _ newRoots: [[UInt8]], _ ledger: LogLedger) throws {
        let first = refreshed.formerRoot.version + 1
        for (place, bytes) in newRoots.enumerated() {
            let found = Digest.sha256(of: bytes)
            guard let logged = ledger.digest("root", version: first + place), logged != found else { continue }
            throw LogFault(
                .secondContent, found: found.hex, expected: logged.hex, at: "root version \(first + place)")
        }
    }
}

/// A log that contradicts itself: what is remembered, and what is shown now.
struct LogFork: Error {
    let old: VerifiedCheckpoint
    let new: VerifiedCheckpoint

    init(_ remembered: LogState, _ new: VerifiedCheckpoint) throws(LogFault) {
        old = try VerifiedCheckpoint.verify(remembered.checkpoint, log: new.log)
        self.new = new
    }

    /// - Parameter evidence: where both notes are kept, or why they are not.
    func fault(evidence: String) -> LogFault {
        LogFault(
            .fork, found: "a tree of \(new.head.size) entries, root \(new.head.root)",
            expected: "one that continues \(old.head.size) entries, root \(old.head.root)",
            at: evidence)
    }
}

extension RepositoryMirror {
    /// A whole small file below `log/`; nil when the mirror has none.
    func fetchLog(_ path: ByteString, limit: Int) throws -> [UInt8]? {
        var bytes: [UInt8] = []
        return try fetchLog(path, from: 0, limit: limit) { bytes.append(contentsOf: $0) } ? bytes : nil
    }

    /// The proof of the file with this digest; nil when the mirror has none.
    func fetchProof(of digest: Digest) throws -> [UInt8]? {
        try fetchLog(TlogProof.path(of: digest), limit: TlogProof.byteLimit)
    }
}

extension Root {
    /// Nil when it names none. Throws when what it names cannot be read.
    func policy() throws -> WitnessPolicy? {
        try witnessPolicy.map { try WitnessPolicy(decoding: $0) }
    }
}

extension RememberedLog {
    /// Whether it is of the log with this key.
    func isOf(_ log: NoteKey) -> Bool { (try? VerifiedCheckpoint.verify(state.checkpoint, log: log)) != nil }
}

extension RefreshedMetadata {
    var rootDigest: Digest { .sha256(of: trusted.root.bytes) }

    /// Everything that has to be logged, but for releases: files that are here by what they are, others by what the
    /// snapshot says.
    func offered() throws -> [OfferedVersion] {
        guard let snapshot = trusted.snapshot, let targets = trusted.targets else {
            throw MetadataFault(.misuse, expected: "a refresh first")
        }
        let here = [RoleName.targets.metaName: targets.bytes, channel.metadata.role.metaName: channel.metadata.bytes]
        let top = [
            ("root" as ByteString, trusted.root.version, trusted.root.bytes),
            ("snapshot", snapshot.version, snapshot.bytes),
        ]
        return top.map { OfferedVersion(role: $0, version: $1, digest: .sha256(of: $2)) }
            + snapshot.content.meta.sorted { $0.key < $1.key }.map { name, file in
                OfferedVersion(
                    role: ByteString(Array(name.bytes.dropLast(".json".utf8.count))), version: file.version,
                    digest: here[name].map { Digest.sha256(of: $0) } ?? file.facts.sha256)
            }
    }
}
