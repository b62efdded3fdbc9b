import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import Signatures
import SystemPackage
import TUF

/// `sceau release add TREE`
struct ReleaseAdd: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "add", abstract: "Pack a folder and stage it as a release of a channel.")

    @Argument(help: "The folder to release, as instances are to have it.")
    var tree: FilePath

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: "The channel, such as stable.")
    var channel: String

    @Option(help: "The version, newer than all others of the channel.")
    var version: String

    @Option(help: "none, low, moderate, important or critical.")
    var severity = "none"

    @Option(help: "One line for people.")
    var summary = ""

    @Option(help: ArgumentHelp("Release notes, Markdown.", valueName: "file"))
    var notes: FilePath?

    @Option(help: ArgumentHelp("An advisory that this release answers (OSV). Can be repeated.", valueName: "file.json"))
    var advisory: [FilePath] = []

    @Option(help: ArgumentHelp("Another file to publish with it, such as an SBOM. Can be repeated.", valueName: "file"))
    var attach: [FilePath] = []

    @OptionGroup var releaseKey: ReleaseKeyOption

    @OptionGroup var json: JSONOption

    func run() throws {
        let clock = ContinuousClock.now
        let workspace = workspace.workspace
        let result = try stating("nothing was staged") {
            var request = try typed {
                ReleaseStaging.Request(
                    tree: tree, channel: try ChannelName(ByteString(channel)), version: try Version(version),
                    severity: try Severity(ByteString(severity)), summary: ByteString(summary))
            }
            request.notes = notes
            request.advisories = advisory
            request.attachments = attach
            try workspace.check()
            request.releaseKey = try releaseKey.load(workspace)
            return try ReleaseStaging(workspace: workspace, now: SystemClock.now()).add(request)
        }
        try stating("the release was staged") { try releaseKey.remember(workspace) }
        try json.print(result.report, orText: Self.text(result, took: clock.duration(to: .now)))
    }

    private static func text(_ result: ReleaseStaging.Result, took: Duration) -> [String] {
        let manifest = result.manifest
        var lines = [
            "packed \(manifest.product) \(manifest.version): \(Counted.text(manifest.tree.files, "file")), "
                + "\(HumanFormat.bytes(manifest.tree.bytes)), as \(HumanFormat.bytes(manifest.archive.bytes)) "
                + "in \(HumanFormat.duration(took))",
            manifest.hasMinisig
                ? "signed the archive for everyone without Sceau: \(manifest.minisigFile)"
                : "no .minisig for everyone without Sceau: root names no release key",
            "staged \(result.role) version \(result.metadataVersion)",
        ]
        if !result.archived.isEmpty {
            let versions = result.archived.map { "\($0)" }.joined(separator: ", ")
            lines.append("moved \(versions) to the archive, as the policy lets the channel keep fewer")
        }
        if !result.droppedSignatures.isEmpty {
            let names = result.droppedSignatures.joined(separator: ", ")
            lines.append("dropped the signatures of \(names): they covered \(result.role) without this release")
        }
        return lines + ["next: sceau review, then sceau sign"]
    }
}

extension ReleaseStaging.Result {
    fileprivate var report: JSONObject {
        [
            "product": .string(manifest.product.text), "channel": .string(manifest.channel.text),
            "version": .string(manifest.version.text), "role": .string(role.text),
            "metadata_version": .integer(Int64(metadataVersion)), "files": .integer(Int64(manifest.tree.files)),
            "bytes": .integer(Int64(manifest.tree.bytes)), "archive_bytes": .integer(Int64(manifest.archive.bytes)),
            "tree_sha256": .string(ByteString(manifest.tree.sha256.hex)),
            "archive_sha256": .string(ByteString(manifest.archive.sha256.hex)),
            "minisig": .bool(manifest.hasMinisig),
            "archived": .array(archived.map { .string($0.text) }),
            "dropped_signatures": .array(droppedSignatures.map { .string(ByteString($0)) }),
        ]
    }
}
