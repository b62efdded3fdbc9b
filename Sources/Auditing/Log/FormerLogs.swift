import FoundationEssentials
import Primitives
import Signatures
import TransparencyLog

/// The logs that roots named before the newest one. Each stands below `log/former/` as it was at its end, and is judged
/// like the one that followed it; its last entry says which that is, and the first of the next one where it ended.
struct FormerLogs {
    let policies: RootPolicies
    let entries: [PublishedEntry]?
    let limits: AuditLimits
    let findings: FindingList
    /// Logs that ended without a word about the next one: somebody could not, or would not, write it any more.
    private(set) var abandoned: [PublishedPath] = []

    init(policies: RootPolicies, entries: [PublishedEntry]?, limits: AuditLimits, findings: FindingList) {
        (self.policies, self.entries, self.limits, self.findings) = (policies, entries, limits, findings)
    }

    /// Audits them, the newest first, and gives them back. Throws only what reading does.
    mutating func run(after newest: LogAudit) throws -> [LogAudit] {
        guard var key = policies.newest?.policy.log else { return [] }
        var logs = [newest]
        for log in policies.formerLogs {
            let known = logs.reduce(into: [:]) { $0.merge($1.logged) { first, _ in first } }
            let former = LogAudit(
                newest.files.former(log.name), policies: policies.until(log), entries: entries, limits: limits,
                findings: findings, known: known)
            try former.run()
            compare(former, with: known)
            judgeSuccession(from: former, log, to: logs.last, key)
            logs.append(former)
            key = log
        }
        return Array(logs.dropFirst())
    }

    /// What two logs of one repository hold under one name has to be one thing.
    private func compare(_ former: LogAudit, with known: [LogAudit.Logged: Digest]) {
        for (name, digest) in former.logged where name.kind != .notice {
            guard let other = known[name], other != digest else { continue }
            findings.add(
                .twoContents, found: "\(name.kind.rawValue) \(name.role) \(name.version) sha256 \(digest)",
                expected: "sha256 \(other), as in the log that followed", at: former.files.checkpoint)
        }
    }

    private mutating func judgeSuccession(
        from former: LogAudit, _ old: NoteKey, to next: LogAudit?, _ new: NoteKey
    ) {
        guard former.isWhole, let next, next.isWhole, let head = former.facts?.head else { return }
        let last = former.ledger.notices.last.flatMap { try? LogNotice(decoding: $0.content) }
        if last != .successor(new) { abandoned.append(former.files.checkpoint) }
        let first = next.ledger.notices.first.flatMap { try? LogNotice(decoding: $0.content) }
        guard case .predecessor(let log, let ended)? = first, log == old, ended != head else { return }
        findings.add(
            .logRuleBroken, found: "\(head.size) entries, root \(head.root)",
            expected: "\(ended.size), root \(ended.root), as the log that followed says", at: former.files.checkpoint)
    }
}
