import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Updating

struct CheckConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check-config",
        abstract:
            "Look for what would fail: exit status 64 when the file is not valid, 1 when something would fail.",
        discussion: "Run it as the user that the agent runs as. It asks no server and changes nothing.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let findings = ConfigurationCheck(try options.configuration(), storage: DurableStorage()).findings()
        try options.json.print(
            ["findings": .array(findings.map { .object($0.json) })], orText: Self.lines(findings))
        if findings.contains(where: \.isFatal) { throw ExitCode(FaultFamily.local.exitStatus) }
    }

    private static func lines(_ findings: [ConfigurationFinding]) -> [String] {
        guard !findings.isEmpty else { return ["the configuration is good"] }
        return findings.map { "\($0.isFatal ? "problem" : "remark"): \($0.about): \($0.problem); \($0.advice)" }
    }
}
