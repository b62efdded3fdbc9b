import Archiving
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Reads archives without keeping what is in them.
package protocol ArchiveChecker {
    /// Throws a refusal unless the file `archive` has this digest and holds exactly the tree that `listing` describes.
    func check(_ archive: FilePath, expectedDigest: Digest, listing: TreeListing) throws
}

extension TreeExtractor: ArchiveChecker {}

/// Carries an audit out: asks the source for every file ever published and hands the bytes to the judges.
///
/// Decides nothing by itself but what to ask for next. Findings do not stop it; too many, or a server that is gone, do,
/// and the report says so.
package final class Auditor {
    let source: any AuditSource
    let archives: any ArchiveChecker
    let limits: AuditLimits
    let referenceTime: Date
    private let full: Bool
    private let onProgress: (AuditCounts) -> Void
    var report: AuditReport
    let findings: FindingList
    private var unreachable = 0
    /// Places that already stand in a finding because something irregular stands there.
    private var blocked: Set<ByteString> = []
    /// Metadata that was read.
    private(set) var published: [MetadataVersion: Digest] = [:]

    /// - Parameters:
    ///   - referenceTime: the time by which the newest metadata must not have expired.
    ///   - full: also read every archive, listing and other target.
    ///   - onProgress: told what has been done so far, after each file.
    package init(
        _ source: any AuditSource, archives: any ArchiveChecker, referenceTime: Date, full: Bool,
        limits: AuditLimits = AuditLimits(), onProgress: @escaping (AuditCounts) -> Void = { _ in }
    ) {
        self.source = source
        self.archives = archives
        self.limits = limits
        self.referenceTime = referenceTime
        self.full = full
        self.onProgress = onProgress
        report = AuditReport(source: source.name, full: full)
        findings = FindingList(limit: limits.findings)
    }

    /// The whole audit, starting from the auditor's own copy of a root.
    ///
    /// - Throws: when `givenRoot` is no root, or nothing can be had from the source at all.
    package func run(givenRoot: [UInt8]) throws -> AuditReport {
        let given = try TrustedMetadataSet(
            trustedRoot: givenRoot, referenceTime: referenceTime, limits: limits.metadata)
        judgeEntries()
        do { try audit(givenRoot: givenRoot, version: given.root.version) } catch is AuditEnded {
            report.endedEarly = true
        }
        report.endedEarly = report.endedEarly || findings.isFull
        sayWhatIsLeftOut()
        report.findings = findings.findings
        return report
    }

    private func audit(givenRoot: [UInt8], version: Int) throws {
        let roots = try auditRoots(givenRoot: givenRoot, givenVersion: version)
        var audit = MetadataAudit(roots: roots.roots, limits: limits, findings: findings)
        defer { report.counts.signatures = roots.signatures + audit.signatures }
        try auditStates(&audit)
        for version in 1...max(1, roots.lastVersion) { audit.named.insert(.metadata(.root, version: version)) }
        try auditTargets(
            of: audit.ledger, full: full, releaseKeys: ReleaseKeyAudit(roots: roots.roots, findings: findings))
        audit.named.formUnion(audit.ledger.targets.map(\.stored))
        if !findings.isFull { audit.named.formUnion(try auditLog(roots: roots.roots, audit)) }
        if !findings.isFull { judgeOrphans(named: audit.named) }
    }

    // MARK: roots

    private func auditRoots(
        givenRoot: [UInt8], givenVersion: Int
    ) throws -> (roots: [Root], signatures: Int, lastVersion: Int) {
        var history = RootHistory(limits: limits.metadata)
        let highest = highestVersion(of: .root)
        var version = 1
        var found = 0
        while true {
            let path = PublishedPath.metadata(.root, version: version)
            guard version <= limits.roots else {
                findings.add(.limitReached, expected: "at most \(limits.roots) roots", at: path)
                break
            }
            // The first answer decides whether there is anything to audit: its fault ends the audit.
            let bytes =
                version == 1
                ? try source.read(path, limit: limits.metadata.rootLength) : try read(.root, version: version)
            if let bytes {
                if version == 1 { count(bytes, .root, version: version) }
                if version == givenVersion { compare(bytes, with: givenRoot, at: path) }
                history.add(bytes, version: version, findings: findings)
                found += 1
            } else {
                guard version <= max(givenVersion, highest) else { break }
                history.addMissing()
                addMissing(.versionGap, at: path)
            }
            version += 1
        }
        guard found > 0 else { throw AuditFault(.nothingPublished, at: source.name) }
        report.counts.roots = found
        return (history.roots, history.signatures, version - 1)
    }

    private func compare(_ bytes: [UInt8], with givenRoot: [UInt8], at path: PublishedPath) {
        guard bytes != givenRoot else { return }
        findings.add(
            .wrongRoot, found: "sha256 \(Digest.sha256(of: bytes))", expected: "sha256 \(Digest.sha256(of: givenRoot))",
            at: path)
    }

    // MARK: states

    private func auditStates(_ audit: inout MetadataAudit) throws {
        let timestampPath = PublishedPath.metadata(RoleName.timestamp.fileName)
        audit.named.insert(timestampPath)
        let timestamp = try readFile(timestampPath, limit: limits.metadata.length(of: .timestamp))
        if timestamp == nil { addMissing(.missing, at: timestampPath) }
        let promised = timestamp.flatMap(promisedSnapshot) ?? 0
        let highest = max(highestVersion(of: .snapshot), promised)
        var newest: (version: Int, bytes: [UInt8])?
        var version = 1
        while true {
            let path = PublishedPath.metadata(.snapshot, version: version)
            guard version <= limits.snapshots else {
                findings.add(.limitReached, expected: "at most \(limits.snapshots) snapshots", at: path)
                break
            }
            // Beyond the promised one too: what follows it was made, and is not what clients are told.
            let bytes = try read(.snapshot, version: version)
            guard bytes != nil || version <= highest else { break }
            audit.named.insert(path)
            if let bytes {
                report.counts.snapshots += 1
                newest = (version, bytes)
                try audit.judgeState(bytes, version: version) { [self] role, version in
                    try read(role, version: version)
                }
            } else {
                addMissing(.versionGap, at: path)
                audit.skipState()
            }
            if findings.isFull { throw AuditEnded() }
            version += 1
        }
        audit.judgeNewest(at: referenceTime)
        if let timestamp { audit.judgeTimestamp(timestamp, newestSnapshot: newest, at: referenceTime) }
    }

    private func promisedSnapshot(_ timestamp: [UInt8]) -> Int? {
        let decoded = try? UnverifiedMetadata<Timestamp>(
            decoding: timestamp, role: .timestamp, limits: limits.metadata)
        return decoded?.content.snapshot.version
    }

    // MARK: reading

    /// A version of metadata, counted; nil when there is none. What cannot be had is a finding.
    private func read(_ role: RoleName, version: Int) throws -> [UInt8]? {
        let bytes = try readFile(.metadata(role, version: version), limit: limits.metadata.length(of: role))
        if let bytes { published[MetadataVersion(role: role, version: version)] = .sha256(of: bytes) }
        return bytes
    }

    private func count(_ bytes: [UInt8], _ role: RoleName, version: Int) {
        published[MetadataVersion(role: role, version: version)] = .sha256(of: bytes)
        count(bytes)
    }

    private func readFile(_ path: PublishedPath, limit: Int) throws -> [UInt8]? {
        let source = source
        let bytes = try attempt(path) { try source.read(path, limit: limit) } ?? nil
        if let bytes { count(bytes) }
        return bytes
    }

    private func count(_ bytes: [UInt8]) {
        report.counts.metadataFiles += 1
        countBytes(bytes.count)
    }

    func countBytes(_ count: Int) {
        report.counts.bytes += count
        onProgress(report.counts)
    }

    func countTarget(bytes: Int) {
        report.counts.targetsHashed += 1
        countBytes(bytes)
    }

    /// Runs `body`; a fault of the source is a finding at `path`. After too many the source counts as gone.
    func attempt<Result>(_ path: PublishedPath, _ body: () throws -> Result) throws -> Result? {
        do { return try body() } catch let fault as any ReportableFault {
            blocked.insert(path.text)
            switch fault.family {
            case .refusal: findings.add(.tooLong, found: fault.message, at: path)
            case .transport:
                findings.add(.unreachable, found: fault.message, at: path)
                unreachable += 1
            case .local, .usage: findings.add(.unreadable, found: fault.message, at: path)
            }
            if unreachable >= limits.unreachable || findings.isFull { throw AuditEnded() }
            return nil
        }
    }

    /// A file that ought to be there. When something irregular stands in its place, that has been reported.
    func addMissing(_ code: AuditFindingCode, expected: String? = nil, at path: PublishedPath) {
        var prefix: [UInt8] = []
        for part in path.text.bytes.split(separator: UInt8(ascii: "/")) {
            prefix += (prefix.isEmpty ? [] : [UInt8(ascii: "/")]) + part
            if blocked.contains(ByteString(prefix)) { return }
        }
        findings.add(code, expected: expected, at: path)
    }

    // MARK: what stands there

    private func highestVersion(of role: RoleName) -> Int {
        let suffix = ".\(role.fileName)"
        let versions = (source.entries ?? []).compactMap { entry -> Int? in
            let name = entry.path.description
            guard name.hasPrefix("metadata/"), name.hasSuffix(suffix) else { return nil }
            return Int(name.dropFirst("metadata/".count).dropLast(suffix.count))
        }
        return versions.max() ?? 0
    }

    /// Hidden files and what is neither a file nor a folder.
    private func judgeEntries() {
        for entry in source.entries ?? [] {
            let path = entry.path.description
            if case .irregular(let kind) = entry.kind {
                findings.add(AuditFinding(.notARegularFile, found: kind, at: path))
                blocked.insert(entry.path)
            } else if entry.isHidden {
                findings.add(AuditFinding(.hiddenFile, at: path))
            }
        }
    }

    private func judgeOrphans(named: Set<PublishedPath>) {
        guard let entries = source.entries else { return }
        let names = Set(named.map(\.text))
        for entry in entries where !names.contains(entry.path) && !entry.isHidden {
            guard case .file = entry.kind else { continue }
            findings.add(AuditFinding(.orphan, at: entry.path.description))
        }
    }

    private func sayWhatIsLeftOut() {
        if source.entries == nil {
            report.notChecked.append("files that no metadata names: a web server does not list them")
        }
        guard !full else { return }
        report.notChecked.append(
            source.entries == nil
                ? "presence and content of targets other than release.json (--full fetches them)"
                : "content of targets other than release.json (--full reads them)")
    }
}

/// The audit ends here; what has been found so far is what there is to report.
struct AuditEnded: Error {}

extension PublishedEntry {
    fileprivate var isHidden: Bool {
        path.bytes.split(separator: UInt8(ascii: "/")).contains { $0.first == UInt8(ascii: ".") }
    }
}
