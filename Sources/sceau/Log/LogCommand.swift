import ArgumentParser
import CanonicalJSON
import CommandSupport
import Primitives
import Publishing
import SystemPackage

/// `sceau log`
struct LogCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "log",
        abstract: "Show the transparency log; back up its key and state, and put them back.",
        subcommands: [LogShow.self, LogBackupCommand.self, LogRestore.self])
}

/// `sceau log backup`
struct LogBackupCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup",
        abstract: "Copy the log's key and what it has signed to a folder.",
        discussion: "Make one after each publication: an older one is refused by sceau log restore.")

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: ArgumentHelp("A folder that is empty or not there yet, outside the workspace.", valueName: "folder"))
    var out: FilePath

    @Option(help: ArgumentHelp("The log's key (default: the one remembered on this machine).", valueName: "file"))
    var logKey: FilePath?

    @OptionGroup var json: JSONOption

    func run() throws {
        let size = try stating("nothing was written") {
            let workspace = workspace.workspace
            try checkIsOutside(workspace)
            let backup = try LogBackup(workspace)
            return try backup.write(
                workspace.loadLogKeyFile(named: logKey.map { try .absolute($0) }, for: backup.publicKey), to: out)
        }
        try json.print(
            ["folder": .string(ByteString(out.string)), "size": .integer(Int64(size))],
            orText: [
                "copied the log's key and what it has signed, \(Counted.text(size, "entry", "entries")), to \(out)",
                "keep it where only you can read it; it is of use until the next publication",
            ])
    }

    private func checkIsOutside(_ workspace: Workspace) throws {
        let outer = try FilePath.absolute(workspace.root)
        guard try FilePath.absolute(out).starts(with: outer) else { return }
        throw PublishingFault(.backupInWorkspace, expected: "a folder outside \(outer)", at: out.string)
    }
}

/// `sceau log restore`
struct LogRestore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Put the log's key and what it has signed back.",
        discussion: """
            Refuses whatever is older than what is here or live. Without a backup, --from-published takes what is live for \
            the newest tree there is; then run sceau refresh before anything else, and witnesses who know more say so.
            """)

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: ArgumentHelp("The folder that sceau log backup wrote.", valueName: "folder"))
    var from: FilePath?

    @Flag(help: "There is no backup: go on from the log that is live.")
    var fromPublished = false

    @Option(
        help: ArgumentHelp(
            "Where the log's key is, or is to be (default: the one remembered on this machine).", valueName: "file"))
    var logKey: FilePath?

    @OptionGroup var json: JSONOption

    func validate() throws {
        guard (from == nil) == fromPublished else {
            throw ValidationError("one of --from FOLDER and --from-published is needed")
        }
    }

    func run() throws {
        let workspace = workspace.workspace
        let size = try stating("nothing was restored") {
            let backup = try LogBackup(workspace)
            guard let from else {
                return try backup.restoreFromPublished(
                    workspace.loadLogKeyFile(named: logKey.map { try .absolute($0) }, for: backup.publicKey))
            }
            return try backup.restore(from: from, to: logKey.map { try .absolute($0) })
        }
        if let logKey { try workspace.rememberLogKey(.absolute(logKey)) }
        try json.print(
            ["size": .integer(Int64(size))],
            orText: [
                "the log goes on from \(Counted.text(size, "entry", "entries"))",
                "next: sceau refresh, before anything else: a witness who knows more says so",
            ])
    }
}
