import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

/// Holds what was published against what was logged, both ways.
///
/// The log may have begun later than the repository: its first publication logged all roots and what the newest snapshot
/// listed. So whatever a snapshot lists that is itself in the log has to be there, and what only older ones list has not.
struct LogComparison {
    /// What is logged, in the newest log and in those before it.
    let logged: [LogAudit.Logged: Digest]
    let releases: [(entry: LogEntry, index: Int)]
    let files: LogFiles
    let limits: AuditLimits
    /// Metadata that was read, with its digest.
    let published: [MetadataVersion: Digest]
    /// The newest snapshot that lists each version of a role.
    let listedIn: [PublishedPath: Int]
    /// Paths of the targets that the newest state lists.
    let current: Set<ByteString>
    let ledger: TargetLedger
    let findings: FindingList
    /// Published before the log began: said in a note, for nobody can be blamed for it.
    private(set) var olderThanLog = 0

    /// - Parameter logs: the newest first.
    init(
        _ logs: [LogAudit], files: LogFiles, limits: AuditLimits, published: [MetadataVersion: Digest],
        listedIn: [PublishedPath: Int], current: Set<ByteString>, ledger: TargetLedger, findings: FindingList
    ) {
        logged = logs.reduce(into: [:]) { $0.merge($1.logged) { newest, _ in newest } }
        var seen: Set<LogAudit.Logged> = []
        releases = logs.flatMap(\.releases).filter { entry, _ in seen.insert(LogAudit.Logged(entry)).inserted }
        (self.files, self.limits) = (files, limits)
        self.published = published
        self.listedIn = listedIn
        self.current = current
        self.ledger = ledger
        self.findings = findings
    }

    // MARK: everything logged is published

    func judgeLogged() throws {
        for (name, digest) in logged.sorted(by: { $0.key.order < $1.key.order }) {
            guard let file = name.metadata else { continue }
            let path = file.path
            guard let found = try self.digest(of: file) else {
                findings.add(.loggedNotPublished, expected: "sha256 \(digest)", at: path)
                continue
            }
            guard found != digest else { continue }
            findings.add(.loggedOtherContent, found: "sha256 \(found)", expected: "sha256 \(digest)", at: path)
        }
        let listed = Set(ledger.targets.map(\.stored))
        for (entry, index) in releases { judge(entry, index, listed) }
    }

    private func digest(of file: MetadataVersion) throws -> Digest? {
        if let known = published[file] { return known }
        return try files.read(file.path, limits.metadata.length(of: file.role)).map { Digest.sha256(of: $0) }
    }

    /// A logged release has to be listed, for else no instance that is not lied to can get it.
    private func judge(_ entry: LogEntry, _ index: Int, _ listed: Set<PublishedPath>) {
        let place = "log entry \(index)"
        guard let manifest = try? ReleaseManifest.decode(entry.content) else {
            findings.add(AuditFinding(.manifestMalformed, at: place))
            return
        }
        let paths = ReleasePaths(product: manifest.product, channel: manifest.channel)
        guard paths.role == entry.role, ByteString("\(manifest.version)") == entry.version else {
            let found = "\(paths.role) \(manifest.version)"
            findings.add(
                AuditFinding(.manifestDisagrees, found: found, expected: "\(entry.role) \(entry.version)", at: place))
            return
        }
        let stored = PublishedPath.target(
            ReleasePaths.stored(paths.manifest(manifest.version), sha256: entry.digest))
        if !listed.contains(stored) { findings.add(.loggedNotPublished, expected: "listed in metadata", at: stored) }
    }

    // MARK: everything published is logged

    mutating func judgePublished() {
        let metadata = Set(logged.keys.compactMap(\.metadata))
        let first = metadata.filter { $0.role == .snapshot }.map(\.version).min() ?? 0
        // Another content under a logged name has been reported.
        for (file, digest) in published.sorted(by: { $0.key < $1.key }) where !metadata.contains(file) {
            addUnlogged(digest, at: file.path, isDue: isDue(file, first))
        }
        for target in ledger.targets where isManifest(target) {
            guard let role = Self.channelRole(of: target.path), let version = Self.version(of: target.path) else {
                continue
            }
            let name = LogAudit.Logged(kind: .release, role: role, version: version)
            if let logged = logged[name] {
                guard logged != target.sha256 else { continue }
                findings.add(
                    .loggedOtherContent, found: "sha256 \(target.sha256)", expected: "sha256 \(logged)",
                    at: target.stored)
            } else {
                let isDue = current.contains(target.path) || listedIn[target.listedBy].map { $0 >= first } ?? true
                addUnlogged(target.sha256, at: target.stored, isDue: isDue)
            }
        }
    }

    private mutating func addUnlogged(_ digest: Digest, at path: PublishedPath, isDue: Bool) {
        guard isDue else {
            olderThanLog += 1
            return
        }
        findings.add(.unlogged, found: "sha256 \(digest)", at: path)
    }

    private func isDue(_ file: MetadataVersion, _ firstSnapshot: Int) -> Bool {
        switch file.role {
        case .root: true
        case .snapshot: file.version >= firstSnapshot
        default: listedIn[file.path].map { $0 >= firstSnapshot } ?? true
        }
    }

    private func isManifest(_ target: ListedTarget) -> Bool {
        target.path.bytes.split(separator: UInt8(ascii: "/")).last?.elementsEqual("release.json".utf8) ?? false
    }

    private static func channelRole(of path: ByteString) -> ByteString? {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        guard parts.count == 4, let product = try? ProductName(ByteString(Array(parts[0]))),
            let channel = try? ChannelName(ByteString(Array(parts[1])))
        else { return nil }
        return ReleasePaths(product: product, channel: channel).role
    }

    private static func version(of path: ByteString) -> ByteString? {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"))
        return parts.count == 4 ? ByteString(Array(parts[2])) : nil
    }
}

/// One version of one role's metadata.
struct MetadataVersion: Hashable, Comparable {
    let role: RoleName
    let version: Int

    var path: PublishedPath { .metadata(role, version: version) }

    static func < (left: MetadataVersion, right: MetadataVersion) -> Bool {
        (left.role, left.version) < (right.role, right.version)
    }
}

extension LogAudit.Logged {
    /// Nil for a release or a notice.
    fileprivate var metadata: MetadataVersion? {
        switch kind {
        case .root, .targets, .snapshot, .delegated:
            Int(version.description).map { MetadataVersion(role: RoleName(role), version: $0) }
        case .release, .notice: nil
        }
    }

    fileprivate var order: ByteString { ByteString(role.bytes + [0x20] + version.bytes) }
}
