import ArgumentParser

/// `sceau root …`
struct RootCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "root", abstract: "Change who signs what.", subcommands: [RootPropose.self])
}
