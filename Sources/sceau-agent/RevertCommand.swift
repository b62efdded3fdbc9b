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
        let (report, newer) = try options.withAgent { agent in
            let report = try agent.revert(to: to, keepingData: keepData)
            return (report, agent.offered(after: report.before.version))
        }
        try options.print(report.json, orText: Self.lines(report, newer))
    }

    /// - Parameter newer: what the next run would install.
    private static func lines(_ report: RevertReport, _ newer: Version?) -> [String] {
        guard report.isChange else { return ["\(report.installed.version) is installed already"] }
        let (left, now) = (report.before.version, report.installed.version)
        let trouble = report.troubles.map { "but not all is well: \($0.line)" }
        let next =
            newer.map { ["\($0) is offered, and may come with the next run; sceau-agent hold keeps it away"] } ?? []
        guard now < left else { return ["went from \(left) to \(now)"] + trouble + next }
        let promise =
            newer == nil
            ? "\(left) is not offered again until there is a newer release, or update --version asks for it"
            : "\(left) is not offered again unless update --version asks for it"
        return ["went back from \(left) to \(now)", promise] + trouble + next
    }
}
