import ArgumentParser
import CommandSupport
import Primitives
import SystemPackage
import TransparencyLog

struct ProveCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prove",
        abstract: "Make an inclusion proof and a consistency proof from the tiles of a log that was filled.")

    @Argument(help: ArgumentHelp("The folder that `fill` wrote.", valueName: "dir"))
    var folder: FilePath

    @Option(help: "How often, each for another entry and another older size.")
    var rounds = 300

    func run() throws {
        let log = FilledLog(folder: folder)
        let head = try log.loadState().edge.head
        let inclusion = try measure(log, head) { index, tiles in
            _ = try ProofBuilder.inclusion(of: index, in: head.size, hash: tiles.hash)
        }
        let consistency = try measure(log, head) { index, tiles in
            _ = try ProofBuilder.consistency(from: index + 1, to: head.size, hash: tiles.hash)
        }
        print(#"{"levels":\#(levels(head.size)),"inclusion":\#(inclusion),"consistency":\#(consistency)}"#)
    }

    /// With nothing loaded before: the median time, and the most tiles that any proof needed.
    private func measure(
        _ log: FilledLog, _ head: TreeHead, prove: (Int, TileHashes) throws -> Void
    ) throws -> String {
        var (round, most) = (0, 0)
        let times = try Stopwatch.run(rounds) {
            let tiles = try TileHashes(size: head.size) { try log.load($0.path) }
            // Spread over the log in no pattern.
            try prove(round &* 7_368_787 % head.size, tiles)
            (round, most) = (round + 1, max(most, tiles.loaded))
        }
        return #"{"microseconds":\#(Stopwatch.median(times)),"most_tiles":\#(most)}"#
    }

    /// Levels of tiles that a tree of this size has.
    private func levels(_ size: Int) -> Int {
        var (level, rest) = (0, size)
        while rest > 0 { (level, rest) = (level + 1, rest >> 8) }
        return level
    }
}
