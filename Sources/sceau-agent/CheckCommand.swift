import ArgumentParser
import CommandSupport
import Releases
import Updating

struct CheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Say whether an update is available: exit status 0 when up to date, 2 when there is one.")

    /// Part of the command line's contract.
    private static let updateAvailable: Int32 = 2

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.check() }
        options.warn(report.complaints)
        try options.json.print(report.json, orText: Self.lines(report))
        if report.available != nil || report.held != nil || report.interrupted != nil { throw ExitCode(Self.updateAvailable) }
    }

    private static func lines(_ report: CheckReport) -> [String] {
        offer(report) + (report.interrupted.map { ["interrupted: \($0.line)"] } ?? [])
            + report.withdrawn.lines(installed: report.installed?.version)
    }

    private static func offer(_ report: CheckReport) -> [String] {
        let installed = report.installed.map { "installed: \($0.version)" } ?? "installed: nothing"
        let held = report.held.map { [$0.line] } ?? []
        if let available = report.available {
            let download = report.download.map { ["download: \($0.text)"] } ?? []
            return [installed, "available: \(available.version), severity \(available.severity)"] + download + held
        }
        if !held.isEmpty { return [installed] + held }
        if let left = report.notOffered { return [installed, "nothing is offered: \(left.line)"] }
        return [installed, "up to date"]
    }
}
