import ArgumentParser
import CommandSupport
import Primitives
import Releases
import Updating

struct ApproveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "approve", abstract: "Say that a release may be installed, and install it.")

    @Argument(help: "The release.")
    var version: Version

    @Flag(help: "Leave it to the next run of the agent.")
    var later = false

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.approve(version, later: later) }
        if let update = report.update { options.warn(update.complaints) }
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: ApprovalReport) -> [String] {
        if let update = report.update { return UpdateCommand.lines(update) }
        return [
            "\(report.version) is approved",
            report.isAtWork
                ? "another agent is at work here: it uses the approval, or its next run does"
                : "the next run of the agent installs it",
        ]
    }
}
