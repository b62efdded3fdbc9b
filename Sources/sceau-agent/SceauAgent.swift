import ArgumentParser
import CommandSupport

@main enum Main {
    static func main() async {
        workIfAsked()
        await Tool("sceau-agent").run(SceauAgent.self)
    }
}

struct SceauAgent: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sceau-agent", abstract: "Install signed releases on this instance, and keep them current.",
        discussion: """
            Exit status: 0 done, or nothing to do; 1 a failure that a retry may mend; 2, of check alone, an update is \
            available; 3 a security refusal; 64 wrong usage or configuration.
            """,
        version: Tool.versionLine("sceau-agent"),
        subcommands: [
            InitCommand.self, CheckCommand.self, UpdateCommand.self, StatusCommand.self, VerifyCommand.self,
            RevertCommand.self, ApproveCommand.self, HoldCommand.self, UnholdCommand.self, HistoryCommand.self,
            GarbageCommand.self, BundleCommand.self, ConfigCommand.self, CheckConfigCommand.self,
            RunCommand.self, BuildWorkerCommand.self, FetchWorkerCommand.self,
        ])
}
