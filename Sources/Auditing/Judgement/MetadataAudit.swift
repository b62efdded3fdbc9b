import FoundationEssentials
import Primitives
import Signatures
import TUF

/// Judges every published state, oldest first. A state is one snapshot with the targets metadata it lists.
///
/// **Under which root a historic file must verify.** For every state there must be one root under which its snapshot
/// and its top-level targets both meet their thresholds, and these roots may never go back from one state to the next;
/// the newest state must verify under the newest root. That is: a client that refreshed at each publication would have
/// accepted every one, in this order. "Some root, any root" would be weaker: keys that were taken away because they
/// were stolen could then sign history anew. "The root of that day" cannot be asked for, since nothing published says
/// on which day a root came. A delegated role must verify as each delegator *of the same state* delegates to it.
///
/// Expiry counts for the newest of each only: old files are meant to have expired. A file whose signatures do not meet
/// the threshold is reported and nothing in it is believed; the next state is then compared with the one before.
package struct MetadataAudit {
    /// Hands over the published bytes of one version of a role, or nil when they are not there.
    package typealias Loader = (RoleName, Int) throws -> [UInt8]?

    let limits: AuditLimits
    private let roots: [Root]
    /// The root of the last state: none before it is looked at again.
    private var rootIndex = 0
    private var previous: Snapshot?
    /// Whether a snapshot since `previous` was missing or refused: it may have listed versions that no other lists.
    var hasHole = false
    private var newest: (snapshot: UnverifiedMetadata<Snapshot>, targets: UnverifiedMetadata<Targets>)?
    /// The newest version of each role that was loaded.
    var roles: [RoleName: LoadedRole] = [:]
    /// Roles that the state at hand reaches through delegations.
    var reached: Set<RoleName> = []
    let findings: FindingList
    package internal(set) var ledger: TargetLedger
    package internal(set) var signatures = 0
    /// Every file that any metadata names, refused metadata included: what is not here is an orphan.
    package internal(set) var named: Set<PublishedPath> = []
    /// The newest snapshot that lists each version of a role.
    private(set) var listedIn: [PublishedPath: Int] = [:]

    package init(roots: [Root], limits: AuditLimits, findings: FindingList) {
        self.roots = roots
        self.limits = limits
        self.findings = findings
        ledger = TargetLedger(limit: limits.targets)
    }

    // MARK: one state

    /// A snapshot version that is not there.
    package mutating func skipState() {
        hasHole = true
        newest = nil
    }

    /// Judges the state that `bytes`, published as snapshot `version`, describes.
    package mutating func judgeState(_ bytes: [UInt8], version: Int, load: Loader) throws {
        let path = PublishedPath.metadata(.snapshot, version: version)
        newest = nil
        guard let candidate: UnverifiedMetadata<Snapshot> = decode(bytes, .snapshot, version: version) else {
            hasHole = true
            return
        }
        for role in candidate.content.roleNames {
            guard let meta = candidate.content.meta[role.metaName] else { continue }
            let path = PublishedPath.metadata(role, version: meta.version)
            named.insert(path)
            listedIn[path] = version
        }
        guard let firstRoot = firstRoot(for: candidate, role: .snapshot, from: rootIndex, at: path) else {
            hasHole = true
            return
        }
        signatures += roots[firstRoot].signers(of: .snapshot).threshold
        compareWithPrevious(candidate.content, at: path)
        try judgeContent(candidate, firstRoot: firstRoot, at: path, load: load)
        previous = candidate.content
        hasHole = false
    }

    private mutating func judgeContent(
        _ candidate: UnverifiedMetadata<Snapshot>, firstRoot: Int, at path: PublishedPath, load: Loader
    ) throws {
        let snapshot = candidate.content
        guard snapshot.meta.count <= limits.rolesInSnapshot else {
            findings.add(
                .limitReached, found: "\(snapshot.meta.count) roles", expected: "at most \(limits.rolesInSnapshot)",
                at: path)
            return
        }
        rootIndex = firstRoot
        guard let targets = try loadRole(.targets, in: snapshot, at: path, load: load) else { return }
        // The first root under which both verify. Without one, the first that will do for the snapshot says what is
        // wrong.
        let joint = roots.indices.dropFirst(firstRoot).first { index in
            (index == firstRoot || isMet(candidate, by: roots[index], .snapshot))
                && (targets.delegators.contains(Self.delegator(roots[index]))
                    || isMet(targets.metadata, by: roots[index], .targets))
        }
        let root = roots[joint ?? firstRoot]
        guard let verified = verifyRole(.targets, by: root.signers(of: .targets), of: Self.delegator(root)) else {
            return
        }
        rootIndex = joint ?? firstRoot
        newest = (candidate, targets.metadata)
        if !targets.isAccepted { ledger.add(verified, covers: { _ in true }, findings: findings) }
        try judgeDelegations(of: verified, in: snapshot, at: path, load: load)
        ledger.endState(findings: findings)
    }

    private static func delegator(_ root: Root) -> Delegator { Delegator(role: .root, version: root.header.version) }

    private func isMet<Content>(_ metadata: UnverifiedMetadata<Content>, by root: Root, _ role: RoleName) -> Bool {
        root.signers(of: role).report(on: metadata).isMet
    }

    /// The first root from `start` on under which `metadata` verifies; none is a finding.
    private mutating func firstRoot<Content>(
        for metadata: UnverifiedMetadata<Content>, role: RoleName, from start: Int, at path: PublishedPath
    ) -> Int? {
        let candidates = roots.indices.dropFirst(start)
        if let index = candidates.first(where: { isMet(metadata, by: roots[$0], role) }) { return index }
        if let first = candidates.first {
            _ = verify(metadata, by: roots[first].signers(of: role), at: path)
        }
        return nil
    }

    private mutating func compareWithPrevious(_ snapshot: Snapshot, at path: PublishedPath) {
        guard let previous else { return }
        for (name, file) in previous.meta.sorted(by: { $0.key < $1.key }) {
            guard let present = snapshot.meta[name] else {
                findings.add(.roleRemoved, expected: "\(name)", at: path)
                continue
            }
            guard present.version < file.version else { continue }
            findings.add(
                .roleLowered, found: "\(name) version \(present.version)", expected: "at least \(file.version)",
                at: path)
        }
    }

    // MARK: the newest state

    /// What must hold now: the newest state under the newest root, and nothing expired. After the last state.
    package mutating func judgeNewest(at referenceTime: Date) {
        guard let root = roots.last else { return }
        judgeExpiry(root.header, .root, at: referenceTime)
        guard let newest else { return }
        let (snapshot, targets) = newest
        let version = snapshot.content.header.version
        let isCurrent = isMet(snapshot, by: root, .snapshot) && isMet(targets, by: root, .targets)
        if !isCurrent {
            _ = verify(
                snapshot, by: root.signers(of: .snapshot), at: .metadata(.snapshot, version: version))
            _ = verify(
                targets, by: root.signers(of: .targets),
                at: .metadata(.targets, version: targets.content.header.version))
        }
        judgeExpiry(snapshot.content.header, .snapshot, at: referenceTime)
        for (name, role) in roles.sorted(by: { $0.key < $1.key }) where name == .targets || reached.contains(name) {
            judgeExpiry(role.metadata.content.header, name, at: referenceTime)
        }
    }

    /// Judges the timestamp, of which only the newest is ever published; `newestSnapshot` is the newest that is there.
    package mutating func judgeTimestamp(
        _ bytes: [UInt8], newestSnapshot: (version: Int, bytes: [UInt8])?, at referenceTime: Date
    ) {
        let path = PublishedPath.metadata(RoleName.timestamp.fileName)
        guard let root = roots.last else { return }
        do {
            let candidate = try UnverifiedMetadata<Timestamp>(
                decoding: bytes, role: .timestamp, limits: limits.metadata)
            let signers = root.signers(of: .timestamp)
            let timestamp = try signers.verify(candidate).content
            signatures += signers.threshold
            judgeExpiry(timestamp.header, at: path, referenceTime)
            guard let newestSnapshot else { return }
            // A later one that it names and that is not there has been reported as a gap.
            guard timestamp.snapshot.version <= newestSnapshot.version else { return }
            guard timestamp.snapshot.version == newestSnapshot.version else {
                findings.add(
                    .timestampNotNewest, found: "snapshot version \(timestamp.snapshot.version)",
                    expected: "\(newestSnapshot.version)", at: path)
                return
            }
            let snapshotPath = PublishedPath.metadata(.snapshot, version: newestSnapshot.version)
            // A snapshot that was refused for itself need not be refused for its hash too.
            guard newest != nil else { return }
            do { try timestamp.snapshot.facts.check(newestSnapshot.bytes, at: "") } catch {
                findings.add(AuditFinding(error, at: snapshotPath))
            }
        } catch {
            findings.add(AuditFinding(error, at: path))
        }
    }

    private mutating func judgeExpiry(_ header: PayloadHeader, _ role: RoleName, at referenceTime: Date) {
        judgeExpiry(header, at: .metadata(role, version: header.version), referenceTime)
    }

    private mutating func judgeExpiry(_ header: PayloadHeader, at path: PublishedPath, _ referenceTime: Date) {
        guard header.expires <= referenceTime else { return }
        findings.add(
            .expired, found: UTCTime.encode(header.expires),
            expected: "later than \(UTCTime.encode(referenceTime))", at: path)
    }
}
