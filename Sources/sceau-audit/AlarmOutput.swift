import Auditing
import CanonicalJSON
import CommandSupport
import FoundationEssentials
import Primitives
import SystemPackage

/// What a monitor says of its rounds.
struct AlarmOutput {
    /// In a long run an alarm that goes on is said again after this time.
    private static let repetition: TimeInterval = 24 * 3600

    let json: Bool
    let evidence: FilePath
    private var said: [String: Date] = [:]

    init(json: Bool, evidence: FilePath) {
        self.json = json
        self.evidence = evidence
    }

    mutating func print(_ report: MonitorReport, at now: Date) throws {
        for alarm in report.alarms {
            if let last = said[alarm.id], now.timeIntervalSince(last) < Self.repetition { continue }
            said[alarm.id] = now
            try print(alarm, report)
        }
        let current = Set(report.alarms.map(\.id))
        said = said.filter { current.contains($0.key) }
        if json {
            var object = report.json
            object["type"] = "round"
            return try StandardOutput.print(.object(object))
        }
        let fresh = report.freshAt.map { ", fresh at \(UTCTime.encode($0))" } ?? ""
        try StandardOutput.print(
            report.notes.map { "note: \($0)" } + [
                "\(report.source): \(report.size) entries\(fresh); \(Counted.text(report.alarms.count, "alarm"))"
            ])
    }

    private func print(_ alarm: Alarm, _ report: MonitorReport) throws {
        try StandardError.print("sceau-audit: alarm: [\(alarm.code.rawValue)] \(alarm.message)")
        try StandardError.print("sceau-audit: hint: \(alarm.hint)")
        for file in alarm.evidence {
            try StandardError.print("sceau-audit: evidence: \(evidence.appending(file).string)")
        }
        try StandardError.print("sceau-audit: id: \(alarm.id)")
        guard json else { return }
        var object = alarm.json
        object["type"] = "alarm"
        object["source"] = .string(ByteString(report.source))
        object["time"] = .string(ByteString(UTCTime.encode(report.time)))
        try StandardOutput.print(.object(object))
    }

    /// It could not look.
    func print(_ fault: any ReportableFault) throws {
        try StandardError.print("sceau-audit: error: [\(fault.codeText)] \(fault.message)")
        if let hint = fault.hint { try StandardError.print("sceau-audit: hint: \(hint)") }
        guard json else { return }
        try StandardOutput.print(
            .object([
                "type": "error", "code": .string(ByteString(fault.codeText)),
                "message": .string(ByteString(fault.message)),
            ]))
    }
}
