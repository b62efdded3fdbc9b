import ArgumentParser
import CommandSupport
import Primitives
import Updating

struct GarbageCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "gc", abstract: "Remove what is not needed: releases beyond keep, partial downloads, old output.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let report = try options.withAgent { try $0.collectGarbage() }
        try options.print(report.json, orText: Self.lines(report))
    }

    private static func lines(_ report: GarbageReport) -> [String] {
        let versions = report.versions.map { "\($0)" }.joined(separator: ", ")
        return (versions.isEmpty ? [] : ["removed \(versions)"])
            + [report.bytes == 0 ? "nothing to remove" : "removed \(HumanFormat.bytes(report.bytes)) of files"]
    }
}
