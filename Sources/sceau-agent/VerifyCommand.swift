import ArgumentParser
import CommandSupport
import Primitives
import Releases
import Updating

struct VerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Compare the installed tree with what was signed: exit status 3 when it differs.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.verify() }
        try options.print(report.json, orText: Self.lines(report))
        if !report.differences.isEmpty { throw ExitCode(FaultFamily.refusal.exitStatus) }
    }

    private static func lines(_ report: VerifyReport) -> [String] {
        let listed = report.isListed ? [] : ["the metadata here does not list this release (any more)"]
        guard !report.differences.isEmpty else {
            return ["\(report.version) is exactly what was signed"] + listed
        }
        let count = report.differences.count == 1 ? "1 difference" : "\(report.differences.count) differences"
        let advice =
            "find out who or what changed it; the next release mends it, and sceau-agent revert goes to one that is whole"
        return report.differences.map(\.description) + ["\(report.version): \(count)"] + listed + [advice]
    }
}
