import ArgumentParser
import CommandSupport
import Primitives
import Releases
import TransparencyLog
import UpdatePlan
import Updating

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Say what is installed and known, without asking any server.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.status() }
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: StatusReport) -> [String] {
        var table = TextTable()
        table.append(["product", "\(report.product), channel \(report.channel)"])
        table.append([
            "installed", report.lost.map { "nothing; \($0) was, and is gone" } ?? installed(report.installed),
        ])
        table.append([
            "available",
            report.available.map { "\($0.version), severity \($0.severity)" } ?? report.left?.line ?? "nothing newer",
        ])
        if let held = report.held { table.append(["held", held.line]) }
        for row in standing(report) { table.append(row) }
        table.append(["metadata", metadata(report.metadata)])
        if let log = report.log { for row in rows(log) { table.append(row) } }
        for evidence in report.forkEvidence {
            table.append(["alarm", "the log contradicted itself; show this to others: \(evidence)"])
        }
        for aside in report.mirrorsAside {
            table.append([
                "mirror aside",
                "\(aside.mirror) until \(UTCTime.encode(aside.until)): [\(aside.code)], \(times(aside.times))",
            ])
        }
        if let error = report.lastError {
            table.append(["last error", "\(UTCTime.encode(error.time)) [\(error.code)] \(error.message)"])
        }
        if report.undelivered > 0 {
            let count = Counted.text(report.undelivered, "notice")
            table.append([
                "not told", "\(count) could not be delivered; output/notify.txt in the state folder says why",
            ])
        }
        return table.lines + report.withdrawn.lines(installed: report.installed?.version)
    }

    private static func times(_ count: Int) -> String { count == 1 ? "once" : "\(count) times in a row" }

    /// What people said, and what is or was under way.
    private static func standing(_ report: StatusReport) -> [[String]] {
        var rows: [[String]] = []
        if let hold = report.hold { rows.append(["hold", "updates are on hold \(hold.line)"]) }
        if let approved = report.approved { rows.append(["approved", "\(approved)"]) }
        if let underWay = report.underWay {
            rows.append([underWay.isInterrupted ? "interrupted" : "under way", underWay.line])
        }
        if let last = report.lastStep, let reason = last.reason {
            let release = (last.event == .failed ? last.release : last.to).map { "\($0)" } ?? ""
            rows.append(["last change", "\(UTCTime.encode(last.time)) \(last.event.rawValue) \(release): \(reason)"])
        }
        if let lastRun = report.lastRun {
            // A check that went well may have been in the same second.
            let isGood = report.lastSuccess == lastRun && report.lastError == nil
            let success = report.lastSuccess.map { isGood ? "" : ", last good one \(UTCTime.encode($0))" }
            rows.append(["last run", UTCTime.encode(lastRun) + (success ?? ", none was good yet")])
        }
        return rows
    }

    private static func installed(_ installation: Installation?) -> String {
        guard let installation else { return "nothing" }
        let since = installation.since.map { ", since \(UTCTime.encode($0))" } ?? ""
        let pin = installation.revertedFrom.map { ", gone back to from \($0)" } ?? ""
        return "\(installation.version)\(since)\(pin)"
    }

    private static func rows(_ log: StatusReport.Log) -> [[String]] {
        let cosigned = log.lastCosigned.map { "last cosigned \(UTCTime.encode($0))" } ?? "no quorum of cosignatures"
        let ahead = log.aheadSince.map { ", ahead of what mirrors offer since \(UTCTime.encode($0))" } ?? ""
        let policies = log.older.map { "an earlier policy counts until \(UTCTime.encode($0.until))" }
        return [
            ["log", "\(log.origin)"], ["", "\(log.size) \(log.size == 1 ? "entry" : "entries"), \(cosigned)\(ahead)"],
        ]
            + [["policy", log.quorum ?? "none"]] + policies.map { ["", $0] }
    }

    private static func metadata(_ metadata: StatusReport.Metadata?) -> String {
        guard let metadata else { return "none yet; run sceau-agent check" }
        let time = UTCTime.encode(metadata.expires)
        return "root \(metadata.root), timestamp \(metadata.timestamp.map(String.init) ?? "none"), "
            + (metadata.isExpired ? "expired \(time)" : "good until \(time)")
    }
}

extension LeftRelease {
    /// For people: why nothing is offered, and how it is all the same.
    var line: String {
        let how =
            cause.map { "\($0.event == .failed ? "was given up" : "was taken back") \(UTCTime.encode($0.time))" }
            ?? "is what you went back from"
        return
            "\(version) \(how), and is not tried again by itself; to try it again: sceau-agent update --version \(version)"
    }
}

extension UnderWay {
    /// For people.
    var line: String {
        let from = step.from.map { "from \($0) " } ?? ""
        let end = isInterrupted ? "; the next run goes on with it, or drops it" : ""
        return "\(step.kind.rawValue) \(from)to \(step.to), \(state.rawValue)\(end)"
    }
}
