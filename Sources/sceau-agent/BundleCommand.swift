import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Releases
import SystemPackage
import TUF
import Updating

struct BundleCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bundle", abstract: "Carry releases to instances without a network.",
        subcommands: [BundleCreate.self, BundleApply.self])
}

struct BundleCreate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "create", abstract: "Put a release and all that proves it into one file.",
        discussion: """
            Asks the instance's mirrors, or whatever --from-repository names, and verifies everything as an instance does. \
            Nothing is installed. An instance that already trusts something must accept the bundle itself, or none is \
            written.
            """)

    @Option(help: "The release (default: the newest of the channel).")
    var version: Version?

    @Option(help: ArgumentHelp("The file to write.", valueName: "file"))
    var out: FilePath

    @Option(
        name: .customLong("from"),
        help: ArgumentHelp("Put in the patch from this release; may be repeated.", valueName: "version"))
    var from: [Version] = []

    @Flag(help: "Leave the archive out: for instances that have a release of --from.")
    var patchOnly = false

    @Option(
        help: ArgumentHelp(
            "Published files, as a folder or an address, in the place of an instance's mirrors.", valueName: "source"))
    var fromRepository: String?

    @Option(
        help: ArgumentHelp("With --from-repository: the root to begin with, compared before.", valueName: "root.json"))
    var root: FilePath?

    @Option(help: "With --from-repository.")
    var product: String?

    @Option(help: "With --from-repository.")
    var channel: String?

    @OptionGroup var options: InstanceOptions

    func validate() throws {
        if patchOnly, from.isEmpty { throw ValidationError("--patch-only needs --from VERSION") }
        let others = [root?.string, product, channel]
        if fromRepository == nil {
            guard others.allSatisfy({ $0 == nil }) else {
                throw ValidationError("--root, --product and --channel go with --from-repository")
            }
        } else {
            guard others.allSatisfy({ $0 != nil }), options.file == nil else {
                throw ValidationError("--from-repository needs --root, --product and --channel, and no --config")
            }
        }
    }

    func run() throws {
        let request = BundleRequest(version: version, from: from, isPatchOnly: patchOnly)
        let made = try create(request)
        options.warn(made.complaints)
        try options.print(made.json, orText: lines(made))
    }

    private func create(_ request: BundleRequest) throws -> MadeBundle {
        guard let fromRepository, let root, let product, let channel else {
            return try options.withAgent { try $0.createBundle(request, to: out) }
        }
        let storage = DurableStorage()
        let paths = try typed {
            ReleasePaths(
                product: try ProductName(ByteString(product)), channel: try ChannelName(ByteString(channel)))
        }
        let pinned = try storage.read(root, limit: MetadataLimits().rootLength)
        return try showingProgress { progress in
            try Agent.createBundle(
                request, of: paths, from: fromRepository, root: pinned, to: out, storage: storage,
                now: SystemClock.now(), agentVersion: try Version(Tool.version), workers: .ownProgram,
                progress: progress)
        }
    }

    private func lines(_ made: MadeBundle) -> [String] {
        let patches = made.from.map { "a patch from \($0)" }
        let parts = (made.hasArchive ? ["the archive"] : []) + patches
        let log =
            made.logSize.map { "the log with \(Counted.text($0, "entry", "entries"))" } ?? "no log: the root names none"
        return [
            "\(out): \(made.version), \(HumanFormat.bytes(made.bytes))",
            "holds \(parts.joined(separator: ", ")); roots \(made.roots.lowerBound) to \(made.roots.upperBound); \(log)",
            "sha256 \(made.sha256)",
        ]
    }
}

struct BundleApply: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "apply", abstract: "Update from a bundle, without asking any server.",
        discussion: """
            The same verification as update; only that the publisher's timestamp or the witnesses' signatures are old is a \
            warning here and no refusal. Whoever gave the bundle may be keeping newer releases back: ask somebody else \
            whether there are any.
            """)

    @Argument(help: "The bundle.")
    var file: FilePath

    @Option(
        help: ArgumentHelp(
            "Install this release of it, though its metadata offers a newer one.",
            discussion: "To name it is to approve it, as with update --version."))
    var version: Version?

    @Flag(
        help: ArgumentHelp(
            "Do not wait for a window or for the rollout.",
            discussion: "An approval and hold-back are waited for all the same, and nothing is left unverified."))
    var now = false

    @OptionGroup var options: InstanceOptions

    func run() throws {
        let applied = try options.withAgent(asking: file) { agent in
            try agent.apply(version, now: now) { warning in
                // What cannot be said is lost; the report says it again.
                try? StandardError.print("sceau-agent: warning: \(warning)")
            }
        }
        let newer = ["this bundle is too old to show that nobody objected until then: bring a newer one"]
        try options.print(
            applied.json, orText: UpdateCommand.lines(applied.update) + (applied.isNewerNeeded ? newer : []))
    }
}
