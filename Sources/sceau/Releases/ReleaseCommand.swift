import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import Releases
import TUF

/// `sceau release …`
struct ReleaseCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "release",
        abstract: "Stage a release, list releases, show one, withdraw one, move one to the archive.",
        subcommands: [
            ReleaseAdd.self, ReleaseList.self, ReleaseShow.self, ReleaseWithdraw.self, ReleaseRetire.self,
        ])
}

/// Releases in the form that `release list` and `status` share.
enum ReleaseTable {
    static func lines(_ releases: [WorkspaceStatus.Release]) -> [String] {
        var table = TextTable()
        for release in releases {
            table.append([
                "\(release.facts.version)", "\(release.role)", "\(release.facts.severity)",
                UTCTime.encode(release.facts.time), state(release),
            ])
        }
        return table.lines
    }

    private static func state(_ release: WorkspaceStatus.Release) -> String {
        (release.isPublished ? "published" : "staged")
            + (release.isMoving ? ", moves to the archive" : release.isArchived ? ", archived" : "")
            + (release.facts.withdrawal.map { ", withdrawn: \($0.reason)" } ?? "")
    }

    static func report(_ release: WorkspaceStatus.Release) -> JSONObject {
        var report: JSONObject = [
            "role": .string(release.role.text), "version": .string(release.facts.version.text),
            "severity": .string(ByteString(release.facts.severity.rawValue)),
            "time": .string(ByteString(UTCTime.encode(release.facts.time))), "published": .bool(release.isPublished),
            "archived": .bool(release.isArchived),
        ]
        report["withdrawn"] = release.facts.withdrawal.map { .string($0.reason) } ?? .null
        return report
    }
}

/// `sceau release list`
struct ReleaseList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the releases of channels and their archives, published and staged.")

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let status = try WorkspaceStatus.load(workspace.workspace, now: SystemClock.now())
        let lines = status.releases.isEmpty ? ["no releases yet"] : ReleaseTable.lines(status.releases)
        try json.print(
            ["releases": .array(status.releases.map { .object(ReleaseTable.report($0)) })], orText: lines)
    }
}

/// `sceau release show V`
struct ReleaseShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show", abstract: "Show one release, published or staged.")

    @Argument(help: "The release's version.")
    var version: String

    @Option(help: "The channel, when several have this version.")
    var channel: String?

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var json: JSONOption

    func run() throws {
        let workspace = workspace.workspace
        try workspace.check()
        let wanted = try typed { try Version(version) }
        let place = try typed { try channel.map { try ChannelName(ByteString($0)) } }
        let manifest = try workspace.loadManifest(wanted, channel: place)
        let switching = try Staging.load(workspace).switchReview(manifest, workspace)
        guard case .object(var object) = try JSONValue.decode(manifest.encode()) else { return }
        object["sizes"] = [
            "tree": .integer(Int64(manifest.tree.bytes)), "archive": .integer(Int64(manifest.archive.bytes)),
            "patches": .array(manifest.patches.map { .object($0.sizes(manifest.archive)) }),
        ]
        object["switching"] = .object(switching.report(manifest))
        try json.print(object, orText: Self.text(manifest, switching))
    }

    private static func text(_ manifest: ReleaseManifest, _ switching: SwitchReview) -> [String] {
        var table = TextTable()
        table.append(["release", "\(manifest.product) \(manifest.version) in \(manifest.channel)"])
        table.append(["made", UTCTime.encode(manifest.time)])
        table.append(["severity", "\(manifest.severity)"])
        if !manifest.summary.isEmpty { table.append(["summary", "\(manifest.summary)"]) }
        let size = HumanFormat.bytes(manifest.tree.bytes)
        table.append(["tree", "\(Counted.text(manifest.tree.files, "file")), \(size), sha256 \(manifest.tree.sha256)"])
        table.append(["archive", "\(HumanFormat.bytes(manifest.archive.bytes)), sha256 \(manifest.archive.sha256)"])
        for (index, patch) in manifest.patches.enumerated() {
            let size = "\(HumanFormat.bytes(patch.bytes)), \(patch.share(manifest.archive)) of the archive"
            table.append([index == 0 ? "patches" : "", "from \(patch.fromVersion): \(size), sha256 \(patch.sha256)"])
        }
        for (index, line) in switching.text.enumerated() { table.append([index == 0 ? "switch" : "", line]) }
        table.append(["files", manifest.files.map { "\($0)" }.joined(separator: ", ")])
        return table.lines
    }
}
