import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import TUF

/// `sceau release retire V`
struct ReleaseRetire: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "retire",
        abstract: "Stage the move of a release to its channel's archive.",
        discussion: """
            Instances are not offered it any more; its files stay published, and everybody can still find and verify \
            it. release add does the same with whatever is beyond the newest releases that Keys/policy.yaml lets a \
            channel keep.
            """)

    @Argument(help: "The release's version.")
    var version: String

    @Option(help: "The channel, when several have this version.")
    var channel: String?

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let result = try stating("nothing was staged") {
            let wanted = try typed { try Version(version) }
            let place = try typed { try channel.map { try ChannelName(ByteString($0)) } }
            let retirement = ReleaseRetirement(workspace: workspace.workspace, now: SystemClock.now())
            return try retirement.retire(wanted, channel: place)
        }
        try json.print(result.report, orText: Self.text(result))
    }

    private static func text(_ result: ReleaseRetirement.Result) -> [String] {
        guard result.isNew else { return ["\(result.version) is in the archive already; nothing was staged"] }
        var lines = [
            "staged \(result.role) version \(result.metadataVersion): \(result.version) moves to the archive",
            "instances will not be offered it; its files stay published",
        ]
        if !result.droppedSignatures.isEmpty {
            let names = result.droppedSignatures.joined(separator: ", ")
            lines.append("dropped the signatures of \(names): they covered what was staged before")
        }
        return lines + ["next: sceau review, then sceau sign"]
    }
}

extension ReleaseRetirement.Result {
    fileprivate var report: JSONObject {
        [
            "version": .string(version.text), "role": .string(role.text),
            "metadata_version": .integer(Int64(metadataVersion)), "changed": .bool(isNew),
            "archive_roles": .array(archiveRoles.map { .string($0.text) }),
            "dropped_signatures": .array(droppedSignatures.map { .string(ByteString($0)) }),
        ]
    }
}
