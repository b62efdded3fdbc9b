import ArgumentParser
internal import Glibc
import Primitives

/// One command-line tool: parses, runs, reports, exits. The whole of a tool's `@main` is
///
///     @main enum Main {
///         static func main() async { await Tool("sceau").run(Sceau.self) }
///     }
///
/// Faults are thrown from `run()`, not from `validate()`, which is for what ArgumentParser itself can judge.
package struct Tool: Sendable {
    /// The version of all tools: the one place.
    package static let version = "0.1.0"

    package let name: String
    /// In place of the exit statuses that faults have, for a tool whose users know only one.
    private let failureStatus: Int32?

    package init(_ name: String, failureStatus: Int32? = nil) {
        self.name = name
        self.failureStatus = failureStatus
    }

    /// What `--version` prints: `NAME VERSION`. For the root command's `CommandConfiguration(version:)`.
    package static func versionLine(_ name: String) -> String { "\(name) \(version)" }

    /// Runs the command that this process's arguments name and ends the process with its exit status.
    package func run<Root: ParsableCommand>(_ root: Root.Type) async -> Never {
        Self.keepClosedPipesFromKilling()
        let ending = CommandLine.arguments.isEmpty ? unreadableArguments : await ending(of: root, arguments: nil)
        // When even stderr or stdout is gone, the exit status is all that is left to say.
        for line in ending.errorLines { try? StandardError.print(line) }
        do { try StandardOutput.print(ending.output) } catch { exit(failureStatus ?? FaultFamily.local.exitStatus) }
        exit(ending.status == 0 ? 0 : failureStatus ?? ending.status)
    }

    /// The runtime reads this process's arguments with the help of /proc. Without it there are none, not even the name of
    /// the program: that is no wish for help, which would end with 0.
    private var unreadableArguments: Ending {
        Ending(
            tool: name,
            fault: CommandFault(
                .unexpected, found: "no arguments, not even this program's name", at: "/proc/self/maps",
                hint: "mount /proc, or find out why it cannot be read; nothing was done"))
    }

    /// Runs a command and says how it ended. `arguments` nil: those of this process.
    func ending<Root: ParsableCommand>(of root: Root.Type, arguments: [String]?) async -> Ending {
        do {
            var command = try root.parseAsRoot(arguments)
            do {
                if var asyncCommand = command as? any AsyncParsableCommand {
                    try await asyncCommand.run()
                } else {
                    try command.run()
                }
                return .done
            } catch {
                return Ending(tool: name, root: root, ranInto: error)
            }
        } catch {
            return Ending(tool: name, root: root, didNotParse: error)
        }
    }

    /// A reader that leaves (`… | head`) makes the next write fail, instead of ending the process at a random place.
    /// An empty handler, unlike "ignore", is not inherited by programs that this one starts.
    static func keepClosedPipesFromKilling() {
        signal(SIGPIPE) { _ in }
    }
}
