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
        discussion: "It asks no server and changes nothing, and looks as the user to whom the state's folder belongs.")

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let (file, storage) = (try options.located(), DurableStorage())
        let configuration = try ConfigurationFile.load(file, storage)
        try configuration.becomeOwner(storage)
        let findings = ConfigurationCheck(
            configuration, from: file, storage: storage,
            obstacle: { MetricsListener.obstacle(to: $0, for: configuration) }
        ).findings()
        try options.print(
            ["findings": .array(findings.map { .object($0.json) })], orText: Self.lines(findings))
        if findings.contains(where: \.isFatal) { throw ExitCode(FaultFamily.local.exitStatus) }
    }

    private static func lines(_ findings: [ConfigurationFinding]) -> [String] {
        guard !findings.isEmpty else { return ["the configuration is good"] }
        return findings.map { "\($0.isFatal ? "problem" : "remark"): \($0.about): \($0.problem); \($0.advice)" }
    }
}
