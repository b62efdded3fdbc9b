import ArgumentParser
import CommandSupport
import Primitives

@main enum Main {
    static func main() async { await Tool("patch-measure", failureStatus: 1).run(PatchMeasure.self) }
}

/// Makes, applies and shows patches between two folders, for `make bench`. Not installed.
///
/// Each command prints one line of JSON.
struct PatchMeasure: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "patch-measure", abstract: "Make and apply patches between folders: a development tool.",
        version: Tool.versionLine("patch-measure"),
        subcommands: [CreateCommand.self, ApplyCommand.self, ListCommand.self, ShowCommand.self])
}

/// Seconds since it was made.
struct Stopwatch {
    private let clock = ContinuousClock()
    private let start = ContinuousClock().now

    var seconds: Double {
        let (seconds, rest) = start.duration(to: clock.now).components
        return (Double(seconds) + Double(rest) / 1e18).rounded(toMilli: ())
    }
}

extension Double {
    fileprivate func rounded(toMilli _: Void) -> Double { (self * 1000).rounded() / 1000 }
}
