import FoundationEssentials
import Primitives
import TUF
import TransparencyLog

extension Auditor {
    /// The log, when a root names one, and everything published against everything logged. Gives back the files that
    /// the log has to have.
    func auditLog(roots: [Root], _ audit: MetadataAudit) throws -> Set<PublishedPath> {
        let policies = RootPolicies(roots: roots, findings: findings)
        guard let newest = policies.newest else {
            report.notes.append(AuditFinding(.noTransparency))
            return []
        }
        if !policies.isInForce, let last = roots.last {
            findings.add(
                .policyDropped, expected: "as in root version \(newest.version)",
                at: .metadata(.root, version: last.header.version))
        }
        let log = LogAudit(
            logFiles, policies: policies, entries: source.entries, limits: limits, findings: findings)
        // What was seen of the log is reported also when too many findings end the audit.
        defer { report.log = log.facts }
        try log.run()
        noteWeakening(policies, log)
        var formerLogs = FormerLogs(
            policies: policies, entries: source.entries, limits: limits, findings: findings)
        let former = try formerLogs.run(after: log)
        report.notes += formerLogs.abandoned.map { AuditFinding(.logAbandoned, at: $0.description) }
        let logs = [log] + former
        let named = logs.reduce(into: Set<PublishedPath>()) { $0.formUnion($1.named) }
        // Of a log that breaks off nobody knows which of its files are needed.
        guard logs.allSatisfy(\.hasReadAll) else { return named.union(logFilesThere) }
        guard logs.allSatisfy(\.isWhole) else { return named }
        var comparison = LogComparison(
            logs, files: logFiles, limits: limits, published: published, listedIn: audit.listedIn,
            current: audit.currentTargets, ledger: audit.ledger, findings: findings)
        try comparison.judgeLogged()
        comparison.judgePublished()
        if comparison.olderThanLog > 0 {
            report.notes.append(AuditFinding(.logBegunLate, found: Counted.text(comparison.olderThanLog, "file")))
        }
        return named
    }

    private var logFilesThere: [PublishedPath] {
        let folder = Array("log/".utf8)
        return (source.entries ?? []).filter { $0.path.bytes.starts(with: folder) }
            .map { .log(ByteString(Array($0.path.bytes.dropFirst(folder.count)))) }
    }

    private var logFiles: LogFiles {
        LogFiles { [self] path, limit in
            let source = source
            let bytes = try attempt(path) { try source.read(path, limit: limit) } ?? nil
            if let bytes { countBytes(bytes.count) }
            return bytes
        } addMissing: { [self] code, expected, path in
            addMissing(code, expected: expected, at: path)
        }
    }

    /// A weaker policy is the keyholders' right; whoever audits should know of it while it is not yet in force.
    private func noteWeakening(_ policies: RootPolicies, _ log: LogAudit) {
        for version in policies.weakened {
            let start = log.publicRoots[version].map { min($0, referenceTime) + PolicyInForce.notice }
            guard start.map({ $0 > referenceTime }) ?? true else { continue }
            let found = start.map { "in force from \(UTCTime.encode($0))" } ?? "not yet public"
            report.notes.append(
                AuditFinding(
                    .policyWeakened, found: found, at: PublishedPath.metadata(.root, version: version).description))
        }
    }
}
