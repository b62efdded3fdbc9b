import ArgumentParser
import SystemPackage
import Updating

/// Not for people: the agent runs itself with it to ask servers out of reach of everything else.
struct FetchWorkerCommand: ParsableCommand {
    static let name = "fetch-worker"

    static let configuration = CommandConfiguration(
        commandName: name, abstract: "Ask servers as standard input, a channel, says.", shouldDisplay: false)

    func run() throws {
        try AskingWorker(.standardInput).run()
    }
}
