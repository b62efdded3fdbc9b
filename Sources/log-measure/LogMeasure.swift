import ArgumentParser
import CommandSupport
import Primitives

@main enum Main {
    static func main() async { await Tool("log-measure", failureStatus: 1).run(LogMeasure.self) }
}

/// Loops over the transparency log's code, and logs of any length to loop over, for `make bench`. Not installed.
///
/// Each loop prints one line of JSON; times are medians.
struct LogMeasure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log-measure", abstract: "Measure the transparency log: a development tool.",
        version: Tool.versionLine("log-measure"),
        subcommands: [FillCommand.self, VerifyCommand.self, AppendCommand.self, ProveCommand.self])
}

/// How long something takes.
enum Stopwatch {
    /// Microseconds of each of `rounds` runs, sorted.
    static func run(_ rounds: Int, _ body: () throws -> Void) rethrows -> [Double] {
        let clock = ContinuousClock()
        return try (0..<max(1, rounds)).map { _ in
            let (seconds, rest) = try clock.measure(body).components
            return Double(seconds) * 1e6 + Double(rest) / 1e12
        }.sorted()
    }

    static func median(_ sorted: [Double]) -> Double { sorted[sorted.count / 2] }
}
