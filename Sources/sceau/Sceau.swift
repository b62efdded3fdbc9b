import ArgumentParser
import CommandSupport
import SecretKeys

@main
enum Main {
    static func main() async {
        // This tool holds secret keys.
        forbidCoreFiles()
        await Tool("sceau").run(Sceau.self)
    }
}

/// The maintainers' tool. Each subcommand has a file of its own.
struct Sceau: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sceau",
        abstract: "Package, sign and publish releases.",
        discussion: "Exit status: 0 done, 1 a failure that a retry may mend, 3 a security refusal, 64 wrong usage.",
        version: Tool.versionLine("sceau"),
        subcommands: [
            KeyCommand.self, InitCommand.self, ReleaseCommand.self, ReviewCommand.self, SignCommand.self,
            PayloadCommand.self, AttachCommand.self,
            PublishCommand.self, RefreshCommand.self, StatusCommand.self, RootCommand.self,
            LogCommand.self, DiscardCommand.self,
        ])
}
