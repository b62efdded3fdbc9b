import ArgumentParser
import CommandSupport

@main
enum Main {
    static func main() async { await Tool("sceau-audit").run(SceauAudit.self) }
}

/// The auditors' tool. Each subcommand has a file of its own.
struct SceauAudit: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sceau-audit",
        abstract: "Check what an association has published, without trusting anybody.",
        discussion:
            "Exit status: 0 nothing is wrong, 1 not everything could be checked, 3 something is wrong, 64 wrong usage.",
        version: Tool.versionLine("sceau-audit"),
        subcommands: [Verify.self, FollowCommand.self, ProofCommand.self, WitnessCommand.self])
}
