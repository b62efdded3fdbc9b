import ArgumentParser
import CommandSupport
import Primitives
import UpdatePlan
import Updating

struct HoldCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hold", abstract: "Install nothing for a while. Going back stays possible.")

    @Option(
        help: ArgumentHelp(
            "Until then (default: until sceau-agent unhold): \(HoldTime.expected).", valueName: "time"))
    var until: String?

    @Option(help: ArgumentHelp("Why, for whoever wonders later.", valueName: "text"))
    var reason = ""

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let time = try until.map { text in
            guard let time = HoldTime.decode(text, now: SystemClock.now()) else {
                throw CommandFault(.arguments, found: "--until \(text)", expected: HoldTime.expected)
            }
            return time
        }
        let report = try options.withAgent { try $0.hold(until: time, reason: ByteString(reason)) }
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: HoldReport) -> [String] {
        let held = report.hold.map { ["updates are on hold \($0.line)"] } ?? []
        return held
            + (report.isAtWork ? ["an agent is at work just now; what it has begun to switch it finishes"] : [])
    }
}

struct UnholdCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "unhold", abstract: "Let updates go on after a hold.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.unhold() }
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: HoldReport) -> [String] {
        guard let before = report.before else { return ["updates were not on hold"] }
        return ["updates go on; they were on hold \(before.line)"]
    }
}
