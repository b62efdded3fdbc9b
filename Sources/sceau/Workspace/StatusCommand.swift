import ArgumentParser
import CanonicalJSON
import CommandSupport
import FoundationEssentials
import Primitives
import Publishing
import Releases
import TUF

/// `sceau status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is published, what is staged, and what should be seen to.",
        discussion: """
            Exit status 1 when something published or staged has expired or will within its warning time (policy.yaml, \
            warn_days), when witnesses have not cosigned the log for two days, and when a publication was interrupted. For a timer and for monitoring.
            """)

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let now = SystemClock.now()
        let status = try WorkspaceStatus.load(workspace.workspace, now: now)
        try json.print(status.report, orText: status.text)
        if status.isUrgent { throw ExitCode(FaultFamily.local.exitStatus) }
    }
}

extension WorkspaceStatus {
    fileprivate var text: [String] {
        var lines = ["product \(product)"]
        if let rule = transparency.rule {
            let fresh = transparency.live?.freshAt.map { "; last cosigned \(UTCTime.encode($0))" } ?? ""
            lines.append("log \(rule.log), witnesses: \(rule.quorum)\(fresh)")
        }
        for warning in warnings {
            let remedy = warning.remedy.map { ": \($0)" } ?? ""
            lines.append("\(warning.isUrgent ? "WARNING" : "warning"): \(warning.text)\(remedy)")
        }
        if roles.isEmpty { lines.append("nothing is published yet") } else { lines.append("published:") }
        var table = TextTable()
        for role in roles {
            let expiry = "expires \(UTCTime.encode(role.expires))"
            table.append(["\(role.role)", "version \(role.version)", expiry, role.isExpiring ? "SOON" : ""])
        }
        lines += table.lines.map { "  " + $0 }
        let published = releases.filter(\.isPublished)
        if !published.isEmpty { lines.append("releases:") }
        lines += ReleaseTable.lines(published).map { "  " + $0 }
        return lines + (review?.text(withWarnings: false) ?? [])
    }

    fileprivate var report: JSONObject {
        [
            "product": .string(product.text), "interrupted": .bool(isInterrupted), "expiring": .bool(isExpiring),
            "urgent": .bool(isUrgent), "warnings": .array(warnings.map { .object($0.report) }),
            "published": .array(
                roles.map { role in
                    [
                        "role": .string(role.role.text), "version": .integer(Int64(role.version)),
                        "expires": .string(ByteString(UTCTime.encode(role.expires))),
                        "expiring": .bool(role.isExpiring),
                    ]
                }),
            "releases": .array(releases.map { .object(ReleaseTable.report($0)) }),
            "transparency": .object(transparency.report), "staged": review.map { .object($0.report) } ?? .null,
        ]
    }
}

extension StatusWarning {
    fileprivate var report: JSONObject {
        var object: JSONObject = [
            "kind": .string(ByteString(kind.rawValue)), "text": .string(ByteString(text)), "urgent": .bool(isUrgent),
        ]
        if let role { object["role"] = .string(role.text) }
        if let time { object["time"] = .string(ByteString(UTCTime.encode(time))) }
        if let remedy { object["remedy"] = .string(ByteString(remedy)) }
        return object
    }
}
