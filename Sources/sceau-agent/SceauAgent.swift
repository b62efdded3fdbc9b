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
        version: Tool.versionLine("sceau-agent"),
        subcommands: [
            InitCommand.self, CheckCommand.self, UpdateCommand.self, StatusCommand.self, VerifyCommand.self,
            RevertCommand.self, ApproveCommand.self, HoldCommand.self, UnholdCommand.self, HistoryCommand.self,
            GarbageCommand.self, BundleCommand.self, ConfigCommand.self, CheckConfigCommand.self,
            RunCommand.self, BuildWorkerCommand.self, FetchWorkerCommand.self,
        ])
}
