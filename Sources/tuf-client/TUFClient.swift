import ArgumentParser
import CommandSupport
import DurableStorage
import FoundationEssentials
import SystemPackage

@main enum Main {
    static func main() async { await Tool("tuf-client", failureStatus: 1).run(TUFClient.self) }
}

/// A plain TUF client over the agent's own code, for conformance tests and measurements. Not installed.
///
/// The protocol is that of the TUF project's conformance suite: options may stand before or behind the command, and the
/// exit status is 0 or 1.
struct TUFClient: ParsableCommand {
    enum Task: String, ExpressibleByArgument, CaseIterable {
        case initialise = "init"
        case refresh
        case download
    }

    static let configuration = CommandConfiguration(
        commandName: "tuf-client", abstract: "Follow a TUF repository: a development tool.",
        usage: """
            tuf-client --metadata-dir <dir> init <root.json>
            tuf-client --metadata-dir <dir> --metadata-url <url> [--now <time>] refresh
            tuf-client --metadata-dir <dir> --metadata-url <url> [--now <time>] --target-name <path> ... \
            --target-base-url <url> --target-dir <dir> download
            """,
        version: Tool.versionLine("tuf-client"))

    @Argument(help: "init, refresh or download.")
    var task: Task

    @Argument(help: ArgumentHelp("The root to trust, for init.", valueName: "root.json"))
    var root: FilePath?

    @Option(help: ArgumentHelp("Where trusted metadata is kept.", valueName: "dir"))
    var metadataDir: FilePath

    @Option(help: ArgumentHelp("Where the repository's metadata is served.", valueName: "url"))
    var metadataUrl: String?

    @Option(
        parsing: .unconditionalSingleValue,
        help: ArgumentHelp("A target path to download; may be given again.", valueName: "path"))
    var targetName: [String] = []

    @Option(help: ArgumentHelp("Where the repository's targets are served.", valueName: "url"))
    var targetBaseUrl: String?

    @Option(help: ArgumentHelp("Where downloaded targets are put.", valueName: "dir"))
    var targetDir: FilePath?

    @Option(help: ArgumentHelp("The time to go by, RFC 3339 (default: this machine's).", valueName: "time"))
    var now: ReferenceTime?

    func run() throws {
        let folder = try ClientFolder(metadataDir, storage: DurableStorage())
        switch task {
        case .initialise:
            try folder.initialise(root: try given(root, "<root.json>"))
        case .refresh:
            _ = try folder.refresh(from: try repository(targets: nil), at: time)
        case .download:
            let targets = try given(targetBaseUrl, "--target-base-url")
            let destination = try given(targetDir, "--target-dir")
            guard !targetName.isEmpty else { throw ValidationError("download needs --target-name") }
            let repository = try repository(targets: targets)
            let updater = try folder.refresh(from: repository, at: time)
            let download = folder.download(from: repository, updater, into: destination)
            for name in targetName { try download.fetch(name) }
        }
    }

    private var time: Date { now?.date ?? SystemClock.now() }

    private func repository(targets: String?) throws -> Repository {
        try Repository(metadata: try given(metadataUrl, "--metadata-url"), targets: targets)
    }

    private func given<Value>(_ value: Value?, _ name: String) throws -> Value {
        guard let value else { throw ValidationError("\(task.rawValue) needs \(name)") }
        return value
    }
}
