import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Updating

struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history", abstract: "Say what was installed, taken back and given up, oldest first.",
        discussion: "With --json it prints one object for each entry, on a line of its own.")

    @Option(help: ArgumentHelp("At most so many of the newest entries.", valueName: "number"))
    var limit: Int?

    @OptionGroup var options: InstanceOptions

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit must be 1 or more") }
    }

    func run() throws {
        let entries = try options.withAgent { try $0.history(limit: limit ?? Int.max) }
        guard options.json.isWanted else { return try StandardOutput.print(Self.lines(entries)) }
        for entry in entries { try StandardOutput.print(.object(entry.json)) }
    }

    private static func lines(_ entries: [HistoryEntry]) -> [String] {
        guard !entries.isEmpty else { return ["nothing yet"] }
        var table = TextTable(header: ["time", "event", "from", "to", ""])
        for entry in entries {
            let to = (entry.to ?? entry.release).map { "\($0)" } ?? ""
            table.append([
                UTCTime.encode(entry.time), entry.event.rawValue, entry.from.map { "\($0)" } ?? "", to,
                remarks(entry).joined(separator: "; "),
            ])
        }
        return table.lines
    }

    private static func remarks(_ entry: HistoryEntry) -> [String] {
        [
            entry.delivery?.text, entry.reason?.description, entry.fingerprint.map { "fingerprint \($0)" },
            entry.despite.map { "despite \($0)" },
        ].compactMap(\.self)
    }
}
