import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import TUF

/// `sceau status`
struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Say what is published, what is staged and what will expire soon.",
        discussion: "Exit status 1 when something expires within its warning time (policy.yaml, warn_days).")

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let now = SystemClock.now()
        let status = try WorkspaceStatus.load(workspace.workspace, now: now)
        try json.print(status.report, orText: status.text)
        if status.isExpiring { throw ExitCode(FaultFamily.local.exitStatus) }
    }
}

extension WorkspaceStatus {
    fileprivate var text: [String] {
        var lines = ["product \(product)"]
        if isInterrupted {
            lines.append("a publication was interrupted: run sceau publish, it goes on where it stopped")
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
        return lines + review.text()
    }

    fileprivate var report: JSONObject {
        [
            "product": .string(product.text), "interrupted": .bool(isInterrupted), "expiring": .bool(isExpiring),
            "published": .array(
                roles.map { role in
                    [
                        "role": .string(role.role.text), "version": .integer(Int64(role.version)),
                        "expires": .string(ByteString(UTCTime.encode(role.expires))),
                        "expiring": .bool(role.isExpiring),
                    ]
                }),
            "releases": .array(releases.map { .object(ReleaseTable.report($0)) }),
            "staged": .object(review.report),
        ]
    }
}
