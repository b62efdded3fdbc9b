import Auditing
import CanonicalJSON
import CommandSupport
import Primitives
import TransparencyLog

/// An audit's report for people and, with the time it took, for programs.
struct ReportText {
    let report: AuditReport
    let duration: Duration

    var json: JSONObject {
        var object = report.json
        let (seconds, attoseconds) = duration.components
        object["milliseconds"] = .integer(seconds * 1000 + attoseconds / 1_000_000_000_000_000)
        return object
    }

    var lines: [String] {
        checked + log + report.notChecked.map { "not checked: \($0)" } + findings + notes + [verdict]
    }

    private var checked: [String] {
        let counts = report.counts
        let targets =
            report.full
            ? "\(Counted.text(counts.targets, "target")), \(counts.targetsHashed) read and hashed"
            : "\(Counted.text(counts.targets, "target")), \(counts.targetsHashed) read (release.json)"
        let time = HumanFormat.duration(duration)
        return [
            "checked \(report.source)",
            "metadata: \(Counted.text(counts.roots, "root")), \(Counted.text(counts.snapshots, "snapshot")), "
                + "\(Counted.text(counts.metadataFiles, "file")), "
                + "\(Counted.text(counts.signatures, "needed signature")) valid",
            "releases: \(counts.releases); \(targets)",
            "read \(HumanFormat.bytes(counts.bytes)) in \(time)",
        ]
    }

    private var log: [String] {
        guard let log = report.log else { return [] }
        let fresh = log.freshAt.map { "fresh at \(UTCTime.encode($0))" } ?? "without a quorum"
        return [
            "log: \(log.head.size) entries, \(log.entries) read; \(Counted.text(log.tiles, "tile")), "
                + "\(Counted.text(log.bundles, "bundle")) and \(Counted.text(log.proofs, "proof")) as they must be",
            "checkpoint: cosigned by \(log.cosignedBy.count) of \(log.witnesses) witnesses, \(fresh)",
        ]
    }

    private var notes: [String] { report.notes.map { "note: [\($0.codeText)] \($0.message)" } }

    /// Each finding, then each piece of advice once.
    private var findings: [String] {
        var hints: [String] = []
        for case let hint? in report.findings.map(\.hint) where !hints.contains(hint) { hints.append(hint) }
        return report.findings.map { "finding: [\($0.codeText)] \($0.message)" } + hints.map { "hint: \($0)" }
    }

    private var verdict: String {
        let count = Counted.text(report.findings.count, "finding")
        let early = report.endedEarly ? "; the audit ended early, there may be more" : ""
        switch report.verdict {
        case .clean: return "verdict: nothing is wrong with what was checked"
        case .refused: return "verdict: refused, \(count)\(early)"
        case .incomplete: return "verdict: not everything could be checked, \(count)\(early)"
        }
    }
}
