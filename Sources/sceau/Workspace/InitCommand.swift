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

    @OptionGroup var json: JSONOption

    func run() throws {
        let now = SystemClock.now()
        let target = workspace.workspace
        let initialisation = try stating("no workspace was made") {
            let keys = KeyStorage(DurableStorage())
            let initialisation = try WorkspaceInitialisation(
                workspace: target, product: try typed { try ProductName(ByteString(product)) },
                channels: try typed { try channel.map { try ChannelName(ByteString($0)) } },
                keyholders: try keyholder.map { try keys.loadPublicKeyFile($0) }, threshold: threshold,
                onlineKey: PublicKeyFile(try keys.loadKeyFile(onlineKey)), onlineKeyPath: try .absolute(onlineKey),
                releaseKey: try releaseKey.map {
                    try MachineKey(PublicKeyFile(keys.loadKeyFile($0)), at: .absolute($0))
                })
            try initialisation.run(now: now)
            return initialisation
        }
        for warning in initialisation.warnings { try StandardError.print("sceau: warning: \(warning)") }
        let staging = try Staging.load(target)
        let review = Review(staging, workspace: target, now: now)
        let minisignKey = try staging.root?.releaseKey().flatMap { MinisignKey($0) }
        try json.print(review.report, orText: text(review, minisignKey))
    }

    private func text(_ review: Review, _ minisignKey: MinisignKey?) -> [String] {
        let folder = workspace.path.string
        let handedOut = minisignKey.map { ["for everyone without Sceau: minisign -P \($0.line) (Keys/minisign.pub)"] }
        return ["made Keys/, Releases/ and Staged/ in \(folder)"] + review.text() + (handedOut ?? []) + [
            "next: sceau release add TREE --workspace \(folder) --channel \(channel.first ?? "stable") --version V, then "
                + "sceau sign by \(threshold) keyholder\(threshold == 1 ? "" : "s"), then sceau publish"
        ]
    }
}
