import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import TUF

/// `sceau release withdraw V`
struct ReleaseWithdraw: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "withdraw",
        abstract: "Stage that a release is no longer to be installed, with the reason.",
        discussion: """
            Once it is signed and published, instances do not install it any more, say why, and name its successor. \
            Instances that run it are told so. Its files stay published.
            """)

    @Argument(help: "The release's version.")
    var version: String

    @Option(help: "One line for the administrators of instances.")
    var reason: String

    @Option(help: "The channel, when several have this version.")
    var channel: String?

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let now = SystemClock.now()
        let result = try stating("nothing was staged") {
            let wanted = try typed { try Version(version) }
            let place = try typed { try channel.map { try ChannelName(ByteString($0)) } }
            let withdrawal = try typed { try Withdrawal(reason: ByteString(reason), time: now) }
            return try ReleaseWithdrawal(workspace: workspace.workspace, now: now)
                .withdraw(wanted, withdrawal, channel: place)
        }
        try json.print(result.report, orText: Self.text(result))
    }

    private static func text(_ result: ReleaseWithdrawal.Result) -> [String] {
        let notice = result.notice
        guard result.isNew else { return ["\(notice.version) is \(notice.reasonText) already; nothing was staged"] }
        var lines = [
            "staged \(result.role) version \(result.metadataVersion): \(notice.version) is withdrawn",
            "instances will hear: \(notice.advice)",
        ]
        if !result.droppedSignatures.isEmpty {
            let names = result.droppedSignatures.joined(separator: ", ")
            lines.append("dropped the signatures of \(names): they covered \(result.role) without the withdrawal")
        }
        return lines + ["next: sceau review, then sceau sign"]
    }
}

extension ReleaseWithdrawal.Result {
    fileprivate var report: JSONObject {
        [
            "version": .string(notice.version.text), "role": .string(role.text),
            "metadata_version": .integer(Int64(metadataVersion)), "changed": .bool(isNew),
            "reason": .string(notice.withdrawal.reason),
            "successor": notice.successor.map { .string($0.text) } ?? .null,
            "dropped_signatures": .array(droppedSignatures.map { .string(ByteString($0)) }),
        ]
    }
}
