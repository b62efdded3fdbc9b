import ArgumentParser
import CanonicalJSON
import CommandSupport
import DurableStorage
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TransparencyLog

/// `sceau init`
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Make a workspace: Keys/, Releases/ and Staged/, with root, targets and channels staged for signing.")

    @OptionGroup var workspace: WorkspaceOption

    @Option(help: "The product's name: a-z, 0-9 and '-'.")
    var product: String

    @Option(help: ArgumentHelp("A channel, such as stable. Can be repeated.", valueName: "name"))
    var channel: [String]

    @Option(help: ArgumentHelp("A keyholder's public key. Can be repeated.", valueName: "file.pub"))
    var keyholder: [FilePath]

    @Option(help: "How many keyholders must sign.")
    var threshold: Int

    @Option(help: ArgumentHelp("The secret key of this machine, for snapshot and timestamp.", valueName: "file.key"))
    var onlineKey: FilePath

    @Option(
        help: ArgumentHelp(
            "The secret key that signs archives for everyone without Sceau (minisign), another than all others.",
            valueName: "file.key"))
    var releaseKey: FilePath?

    @Option(
        help: ArgumentHelp(
            "Begin a transparency log, watched by these witnesses: tlog-policy text without its log line.",
            valueName: "file"))
    var witnessPolicy: FilePath?

    @Option(help: ArgumentHelp("The log's name (default: one that no other log has).", valueName: "name"))
    var logOrigin: String?

    @Option(
        help: ArgumentHelp(
            "The secret key that signs the log; made when it is not there (default: PRODUCT-log.key beside the online key).",
            valueName: "file.key"))
    var logKey: FilePath?

    @OptionGroup var newLogKey: NewLogKeyOptions

    @OptionGroup var json: JSONOption

    func validate() throws {
        guard witnessPolicy != nil || (logOrigin == nil && logKey == nil) else {
            throw ValidationError("--log-origin and --log-key go with --witness-policy FILE")
        }
    }

    func run() throws {
        let now = SystemClock.now()
        let target = workspace.workspace
        var log: NewLog?
        let initialisation = try stating("no workspace was made") {
            let keys = KeyStorage(DurableStorage())
            let productName = try typed { try ProductName(ByteString(product)) }
            log = try newLog(productName)
            let initialisation = try WorkspaceInitialisation(
                workspace: target, product: productName,
                channels: try typed { try channel.map { try ChannelName(ByteString($0)) } },
                keyholders: try keyholder.map { try keys.loadPublicKeyFile($0) }, threshold: threshold,
                onlineKey: PublicKeyFile(try keys.loadKeyFile(onlineKey)), onlineKeyPath: try .absolute(onlineKey),
                releaseKey: try releaseKey.map {
                    try MachineKey(PublicKeyFile(keys.loadKeyFile($0)), at: .absolute($0))
                }, log: log)
            try initialisation.run(now: now)
            return initialisation
        }
        // All of them, which is why the review below leaves its own out.
        for warning in initialisation.warnings { try StandardError.print("sceau: warning: \(warning)") }
        let staging = try Staging.load(target)
        let review = Review(staging, workspace: target, now: now)
        let minisignKey = try staging.root?.releaseKey().flatMap { MinisignKey($0) }
        let begun = (log?.key.text ?? []) + (try staging.root?.readWitnessPolicy().map { Self.text($0) } ?? [])
        try json.print(review.report, orText: text(review, minisignKey, begun))
    }

    private func newLog(_ product: ProductName) throws -> NewLog? {
        guard let witnessPolicy else { return nil }
        let origin = try logOrigin.map { origin in try typed { try LogOrigin(ByteString(origin)) } }
        let witnesses = try Workspace.loadWitnesses(witnessPolicy)
        let path = try logKey ?? .logKey(product, besideOnlineKey: .absolute(onlineKey))
        let online = try KeyStorage(DurableStorage()).loadKeyFile(onlineKey).holding
        let key = try newLogKey.load(
            .absolute(path), name: { try NewLogKey.name(product) }, online: online)
        return NewLog(key: key, origin: origin, product: product, witnesses: witnesses)
    }

    private static func text(_ policy: WitnessPolicy) -> [String] {
        ["the witnesses have to know this log first: each of them is given the key", "  \(policy.log.vkey)"]
    }

    private func text(_ review: Review, _ minisignKey: MinisignKey?, _ log: [String]) -> [String] {
        let folder = workspace.path.string
        let handedOut = minisignKey.map { ["for everyone without Sceau: minisign -P \($0.line) (Keys/minisign.pub)"] }
        return ["made Keys/, Releases/ and Staged/ in \(folder)"] + review.text(withWarnings: false) + (handedOut ?? [])
            + log + [
                "next: sceau release add TREE --workspace \(folder) --channel \(channel.first ?? "stable") --version V, then "
                    + "sceau sign by \(threshold) keyholder\(threshold == 1 ? "" : "s"), then sceau publish"
            ]
    }
}
