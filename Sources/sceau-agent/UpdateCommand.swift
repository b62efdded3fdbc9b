import ArgumentParser
import CommandSupport
import Primitives
import Releases
import Updating

struct UpdateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "update", abstract: "Install the newest release, if there is a newer one.")

    @Option(help: "Install this release, which must not be older than the installed one.")
    var version: Version?

    // Windows and rollout are to come; until then every update is one now.
    @Flag(help: "Do not wait for a window or for the rollout. Verification is never left out.")
    var now = false

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.update(to: version) }
        options.warn(report.complaints)
        try options.json.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: UpdateReport) -> [String] {
        outcome(report) + report.withdrawn.lines(installed: report.installed?.version)
    }

    private static func outcome(_ report: UpdateReport) -> [String] {
        guard let release = report.release else {
            return ["up to date: \(report.installed.map { "\($0.version)" } ?? "the channel has no release")"]
        }
        let before = report.before.map { "updated from \($0) to \(release.version)" } ?? "installed \(release.version)"
        let size = "\(Counted.text(release.tree.files, "file")), \(HumanFormat.bytes(release.tree.bytes))"
        let summary = release.summary.isEmpty ? [] : [release.summary.description]
        return ["\(before) (severity \(release.severity); \(size))"] + summary
    }
}
