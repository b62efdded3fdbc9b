import ArgumentParser
import CommandSupport
import Primitives
import Releases
import UpdatePlan
import Updating

struct RevertCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "revert", abstract: "Go back to a release that was installed before.")

    @Option(help: ArgumentHelp("The release to go back to (default: the one before).", valueName: "version"))
    var to: Version?

    @Flag(help: "Go back also where what newer releases did to the data cannot be undone; nothing is undone then.")
    var keepData = false

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.revert(to: to, keepingData: keepData) }
        try options.json.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: RevertReport) -> [String] {
        guard report.isChange else { return ["\(report.installed.version) is installed already"] }
        let left = report.before.version
        return [
            "went back from \(left) to \(report.installed.version)",
            "\(left) is not offered again until there is a newer release, or update --version asks for it",
        ] + report.troubles.map { "but not all is well: \($0.line)" }
    }
}
