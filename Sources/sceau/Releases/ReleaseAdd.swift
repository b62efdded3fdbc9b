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
struct ReleaseAdd: AsyncParsableCommand {
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

    @Option(
        help: ArgumentHelp(
            "What instances do around the switch: hooks, migration, health check, services, shared paths, rollout.",
            valueName: "file.yaml"))
    var install: FilePath?

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp(
            "Make patches from so many of the newest published releases; 0 makes none.",
            discussion: "A patch larger than 60 % of the archive is left out.", valueName: "n"))
    var patchCount = ReleaseStaging.defaultPatchCount

    @OptionGroup var releaseKey: ReleaseKeyOption

    @OptionGroup var json: JSONOption

    func validate() throws {
        guard (0...ReleaseLimits.patches).contains(patchCount) else {
            throw ValidationError("--from must be 0 to \(ReleaseLimits.patches)")
        }
    }

    func run() async throws {
        let clock = ContinuousClock.now
        let workspace = workspace.workspace
        let display = PatchDisplay()
        defer { display.finish() }
        let result = try await stating("nothing was staged") {
            let staging = ReleaseStaging(workspace: workspace, now: SystemClock.now())
            return try await staging.add(request(workspace), patchesFromNewest: patchCount) { display.show($0) }
        }
        display.finish()
        if result.manifest.tree.files == 0 {
            try StandardError.print(
                "sceau: warning: \(tree) holds no file: an instance would have nothing left of the product")
        }
        try stating("the release was staged") { try releaseKey.remember(workspace) }
        try json.print(result.report, orText: Self.text(result, took: clock.duration(to: .now)))
    }

    private func request(_ workspace: Workspace) throws -> ReleaseStaging.Request {
        var request = try typed {
            ReleaseStaging.Request(
                tree: tree, channel: try ChannelName(ByteString(channel)), version: try Version(version),
                severity: try Severity(ByteString(severity)), summary: ByteString(summary))
        }
        request.notes = notes
        request.advisories = advisory
        request.attachments = attach
        request.install = install
        try workspace.check()
        request.releaseKey = try releaseKey.load(workspace)
        return request
    }

    private static func text(_ result: ReleaseStaging.Result, took: Duration) -> [String] {
        let manifest = result.manifest
        var lines = [
            "packed \(manifest.product) \(manifest.version): \(Counted.text(manifest.tree.files, "file")), "
                + "\(HumanFormat.bytes(manifest.tree.bytes)), as \(HumanFormat.bytes(manifest.archive.bytes)) "
                + "in \(HumanFormat.duration(took))"
        ]
        lines += result.switching.text.map { "  \($0)" }
        lines += manifest.patches.map { $0.line(manifest.archive) }
        lines += result.missingPatches.map { "no patch from \($0.from): \($0.reason)" }
        lines += [
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
            "minisig": .bool(manifest.hasMinisig), "switching": .object(switching.report(manifest)),
            "patches": .array(manifest.patches.map { .object($0.sizes(manifest.archive)) }),
            "missing_patches": .array(
                missingPatches.map { ["from": .string($0.from.text), "reason": .string(ByteString($0.reason))] }),
            "archived": .array(archived.map { .string($0.text) }),
            "dropped_signatures": .array(droppedSignatures.map { .string(ByteString($0)) }),
        ]
    }
}
