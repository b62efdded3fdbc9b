import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Updating

struct ConfigCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Print the configuration in use, with what holds where nothing is set.")

    @Flag(help: "Explain every key, as a file to begin with.")
    var explain = false

    @OptionGroup var options: InstanceOptions

    func run() throws {
        if explain {
            let lines = try AgentConfiguration.explained()
            return try options.print(["text": .string(Self.text(lines))], orText: lines)
        }
        let lines = try options.configuration().settings.map { "\($0.name): \($0.value)" }
        try options.print(["text": .string(Self.text(lines))], orText: lines)
    }

    private static func text(_ lines: [String]) -> ByteString { ByteString(lines.map { $0 + "\n" }.joined()) }
}
