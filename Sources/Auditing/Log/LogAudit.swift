import FoundationEssentials
import Primitives
import Signatures
import TUF
import TransparencyLog

/// Judges a log from its checkpoint to its last proof: the checkpoint under the policy of the newest root, every entry by
/// the rules of the log, every tile and bundle byte for byte, every proof.
///
/// Which policy a proof must satisfy: that of a root is what an instance walks to it by, so the policy of the root before.
/// Any other entry's must satisfy the policy of the newest root that was logged before it, or of a later one. A proof
/// under a policy that names another log is that log's, kept from the time before this one.
///
/// How old the newest cosignatures are is reported and judged by nobody: an old copy can be audited.
final class LogAudit {
    /// One thing that was logged, by its name.
    struct Logged: Hashable {
        let kind: LogEntry.Kind
        let role: ByteString
        let version: ByteString

        init(kind: LogEntry.Kind, role: ByteString, version: ByteString) {
            (self.kind, self.role, self.version) = (kind, role, version)
        }

        init(_ entry: LogEntry) { self.init(kind: entry.kind, role: entry.role, version: entry.version) }
    }

    let files: LogFiles
    let policies: RootPolicies
    private let limits: AuditLimits
    private let findings: FindingList
    private(set) var facts: LogFacts?
    /// Every entry that was read, with the digest of its content. Later ones of one name do not count: they are findings.
    private(set) var logged: [Logged: Digest] = [:]
    /// Contents of the logged releases.
    private(set) var releases: [(entry: LogEntry, index: Int)] = []
    /// Whether every entry that the checkpoint promises was there.
    private(set) var hasReadAll = false
    /// Whether they make the tree that it promises, so that what is not among them was not logged.
    private(set) var isWhole = false
    /// Every file that the log has to have.
    private(set) var named: Set<PublishedPath> = []
    /// When roots became public, by their proofs.
    private(set) var publicRoots: [Int: Date] = [:]

    /// Logged in a log that follows this one as well: the proof that is there is judged with that.
    private let known: [Logged: Digest]
    private var edge = RightEdge()
    private(set) var ledger = LogLedger()
    private var watch = TileWatch()
    private var proofs: ProofAudit
    /// Narrower files of former sizes, by the path of the full one.
    private let narrower: NarrowerFiles

    init(
        _ files: LogFiles, policies: RootPolicies, entries: [PublishedEntry]?, limits: AuditLimits,
        findings: FindingList, known: [Logged: Digest] = [:]
    ) {
        self.known = known
        self.policies = policies
        self.limits = limits
        self.findings = findings
        self.files = files
        narrower = NarrowerFiles(entries ?? [], in: files.folder)
        proofs = ProofAudit(policies: policies)
    }

    /// Throws only what reading does.
    func run() throws {
        guard let (_, policy) = policies.newest, let head = try auditCheckpoint(policy) else { return }
        guard head.size <= limits.logEntries else {
            findings.add(
                .limitReached, found: "\(head.size) log entries", expected: "at most \(limits.logEntries)",
                at: files.checkpoint)
            return
        }
        hasReadAll = try auditEntries(head)
        guard hasReadAll else { return }
        for tile in logChecked({ () throws(LogFault) in try watch.ends() }) ?? [] { try audit(tile) }
        isWhole = edge.head == head
        guard isWhole else {
            // Not the log's fork, as long as the entries may just be damaged.
            return findings.add(
                .logRootDiffers, found: "root \(edge.head.root) of \(edge.size) entries",
                expected: "root \(head.root)", at: files.checkpoint)
        }
        for place in proofs.contradicted { findings.add(.logForked, at: place) }
    }

    // MARK: the checkpoint

    private func auditCheckpoint(_ policy: WitnessPolicy) throws -> TreeHead? {
        named.insert(files.checkpoint)
        guard let note = try files.read(files.checkpoint, SignedNote.byteLimit) else {
            files.addMissing(.logMissing, nil, files.checkpoint)
            return nil
        }
        do {
            let checkpoint = try policy.verify(note)
            facts = LogFacts(checkpoint, policy)
            return checkpoint.checkpoint.head
        } catch {
            findings.add(.checkpointInvalid, found: error.message, at: files.checkpoint)
        }
        // Without a quorum it is still the log's own word, and everything in it can be looked at.
        guard let signed = try? VerifiedCheckpoint.verify(note, log: policy.log) else { return nil }
        facts = LogFacts(signed, policy)
        return signed.checkpoint.head
    }

    // MARK: entries

    /// False when they could not all be read.
    private func auditEntries(_ head: TreeHead) throws -> Bool {
        guard let bundles = logChecked({ () throws(LogFault) in try BundleID.needed(size: head.size) }) else {
            return false
        }
        for id in bundles {
            if findings.isFull { throw AuditEnded() }
            let path = files.path(id.path)
            named.insert(path)
            guard let entries = try readBundle(id, at: path) else { return false }
            facts?.bundles += 1
            try auditNarrower(id.full.path, entries) { try? EntryBundle.encode(Array(entries.prefix($0))) }
            for (offset, bytes) in entries.enumerated() {
                guard try audit(bytes, at: id.firstEntry + offset) else { return false }
            }
        }
        return true
    }

    private func readBundle(_ id: BundleID, at path: PublishedPath) throws -> [[UInt8]]? {
        do {
            if let entries = try files.entries(of: id) { return entries }
            files.addMissing(.missing, "as the checkpoint promises", path)
        } catch let fault as LogFault {
            findings.add(.logMalformed, found: fault.message, at: path)
        }
        return nil
    }

    private func audit(_ bytes: [UInt8], at index: Int) throws -> Bool {
        let leaf = MerkleHash.leaf(bytes)
        let appended: Void? = logChecked { () throws(LogFault) in try edge.append(leaf: leaf) }
        guard appended != nil else { return false }
        facts?.entries += 1
        for tile in logChecked({ () throws(LogFault) in try watch.append(leaf) }) ?? [] { try audit(tile) }
        proofs.compare(edge.head)
        let entry: LogEntry
        do { entry = try LogEntry(decoding: bytes) } catch {
            findings.add(AuditFinding(.logMalformed, found: error.message, at: "log entry \(index)"))
            return true
        }
        record(entry, at: index)
        try auditProof(of: entry, bytes: bytes, leaf: leaf, at: index)
        return true
    }

    private func record(_ entry: LogEntry, at index: Int) {
        let name = Logged(entry)
        // One broken rule is one finding; what follows is judged by what was recorded.
        do { try ledger.record(entry, at: ledger.size) } catch {
            findings.add(AuditFinding(.logRuleBroken, found: error.message, at: "log entry \(index)"))
        }
        guard logged[name] == nil else { return }
        logged[name] = entry.digest
        if entry.kind == .release { releases.append((entry, index)) }
        if entry.kind == .root, let version = entry.number { proofs.newestRoot = version }
    }

    // MARK: proofs

    private func auditProof(of entry: LogEntry, bytes: [UInt8], leaf: Digest, at index: Int) throws {
        let path = PublishedPath.log(TlogProof.path(of: entry.digest))
        named.insert(path)
        let name = Logged(entry)
        guard known[name] != entry.digest || entry.kind == .notice else { return }
        guard let file = try files.read(path, TlogProof.byteLimit) else {
            files.addMissing(.missing, "the proof of log entry \(index)", path)
            return
        }
        do {
            let verified = try proofs.verify(file, of: entry, leaf: leaf, at: index, path: path, edge: edge)
            facts?.proofs += 1
            if entry.kind == .root, let version = entry.number { publicRoots[version] = verified.publicAt }
        } catch {
            findings.add(.proofInvalid, found: error.message, at: path)
        }
    }

    // MARK: tiles

    private func audit(_ tile: TileWatch.Expected) throws {
        let path = files.path(tile.id.path)
        named.insert(path)
        do {
            if let found = try files.tile(tile.id) {
                if found == tile.bytes { facts?.tiles += 1 } else { findings.add(.tileDiffers, at: path) }
            } else {
                files.addMissing(.missing, "as the checkpoint promises", path)
            }
        } catch let fault as LogFault {
            findings.add(.tileDiffers, found: fault.message, at: path)
        }
        try auditNarrower(tile.id.full.path, tile.hashes) { Array(tile.bytes.prefix($0 * Digest.byteCount)) }
    }

    /// What former checkpoints needed may stay, if it is the beginning of what it grew into.
    private func auditNarrower<Item>(
        _ full: ByteString, _ items: [Item], _ beginning: (Int) -> [UInt8]?
    ) throws {
        for (width, path) in narrower.of(full) where width <= items.count && !named.contains(path) {
            named.insert(path)
            guard let expected = beginning(width) else { continue }
            // One byte more than expected, so that a longer file is seen to be longer.
            guard let found = try files.read(path, expected.count + 1) else { continue }
            if found != expected { findings.add(.tileDiffers, at: path) }
        }
    }

    private func logChecked<Result>(_ body: () throws(LogFault) -> Result) -> Result? {
        do { return try body() } catch {
            findings.add(.logMalformed, found: error.message, at: files.checkpoint)
            return nil
        }
    }
}
