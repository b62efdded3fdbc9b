import ArgumentParser
import CommandSupport
import Primitives
import SystemPackage
import TransparencyLog

struct AppendCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "append", abstract: "Work out what appending writes, from the files of a log that was filled.")

    @Argument(help: ArgumentHelp("The folder that `fill` wrote.", valueName: "dir"))
    var folder: FilePath

    @Option(help: "Entries to append.")
    var entries = 3

    @Option(help: "How often.")
    var rounds = 500

    func run() throws {
        let log = FilledLog(folder: folder)
        let head = try log.loadState().edge.head
        let new = try (0..<entries).map { try FilledLog.entry(head.size + $0, releases: 0) }
        var (loaded, written, bytes) = (0, 0, 0)
        let times = try Stopwatch.run(rounds) {
            loaded = 0
            let growth = try LogGrowth.append(new, to: head) { path in
                loaded += 1
                return try log.load(path)
            }
            written = growth.files.count
            bytes = growth.files.reduce(0) { $0 + $1.bytes.count }
        }
        let median = Stopwatch.median(times)
        print(#"{"microseconds":\#(median),"loaded":\#(loaded),"written":\#(written),"bytes":\#(bytes)}"#)
    }
}
