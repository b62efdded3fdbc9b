import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// Makes a workspace: `Keys/` with the public halves and the policy, empty `Releases/`, and the first version of root,
/// targets and every channel, staged for signing.
package struct WorkspaceInitialisation {
    private let workspace: Workspace
    private let policy: Policy
    private let keyholders: [PublicKeyFile]
    private let onlineKey: PublicKeyFile
    private let onlineKeyPath: FilePath
    private let releaseKey: MachineKey?
    private let log: NewLog?

    /// What should be said to the person, though nothing is wrong.
    package let warnings: [String]

    /// Throws a usage fault when keyholders, threshold and channels do not go together.
    ///
    /// - Parameters:
    ///   - onlineKeyPath: where the secret half is on this machine; an absolute path.
    ///   - releaseKey: what signs archives for everyone without these tools; nil: nothing does.
    ///   - log: what is published in, and who watches it; nil: nothing, and nobody.
    package init(
        workspace: Workspace, product: ProductName, channels: [ChannelName], keyholders: [PublicKeyFile],
        threshold: Int, onlineKey: PublicKeyFile, onlineKeyPath: FilePath, releaseKey: MachineKey? = nil,
        log: NewLog? = nil
    ) throws(PublishingFault) {
        try Self.check(
            keyholders, threshold,
            [onlineKey] + [releaseKey?.publicHalf, log?.key.publicHalf].compactMap(\.self))
        for (index, channel) in channels.enumerated() where channels[..<index].contains(channel) {
            throw PublishingFault(.unknownChannel, found: "\"\(channel)\" twice", expected: "each channel once")
        }
        for channel in channels { try channel.checkFree() }
        self.workspace = workspace
        self.keyholders = keyholders
        self.onlineKey = onlineKey
        self.onlineKeyPath = onlineKeyPath
        self.releaseKey = releaseKey
        self.log = log
        policy = Policy(
            product: product, channels: channels, keyholders: keyholders.map { "\($0.name)" }, threshold: threshold,
            onlineKey: "\(onlineKey.name)", releaseKey: releaseKey.map { "\($0.publicHalf.name)" }, log: log?.policy)
        let keys =
            keyholders.map(\.publicKey) + [onlineKey.publicKey, releaseKey?.publicHalf.publicKey].compactMap(\.self)
        warnings = KeyholderWarnings.about(policy.keyholderRules) + WitnessWarnings.about(try log?.check(besides: keys))
    }

    private static func check(
        _ keyholders: [PublicKeyFile], _ threshold: Int, _ machineKeys: [PublicKeyFile]
    ) throws(PublishingFault) {
        var names: Set<KeyName> = []
        var keys: [[UInt8]: KeyName] = [:]
        for file in keyholders + machineKeys {
            try KeyholderName.check("\(file.name)")
            guard names.insert(file.name).inserted else {
                throw PublishingFault(
                    .duplicateKeyholder, found: "two keys named \(file.name)", expected: "a name for each key")
            }
            if let other = keys.updateValue(file.name, forKey: file.publicKey.identity) {
                throw PublishingFault(
                    .duplicateKeyholder, found: "one key as \(other) and as \(file.name)",
                    expected: "a key of their own for each keyholder, and others for the publishing machine")
            }
        }
        guard (1...max(1, keyholders.count)).contains(threshold), !keyholders.isEmpty else {
            throw PublishingFault(
                .invalidThreshold, found: "a threshold of \(threshold)",
                expected: "1 to \(keyholders.count), as there are keyholders")
        }
    }

    /// Throws `.workspaceExists` when there is one already; then nothing was changed.
    package func run(now: Date) throws {
        try checkFree()
        try log?.key.checkIsNew(storage: workspace.storage)
        let storage = workspace.storage
        for folder in [workspace.keys, workspace.releases, workspace.staged] { try storage.makeDirectory(folder) }
        try workspace.checkHoldsNoSecretKey()
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        if let log, let wish = policy.log {
            try log.key.save(for: workspace)
            try workspace.writeWitnesses(log.witnesses, wish)
        }
        for file in keyholders + machineKeys {
            try storage.write(file.encoded, to: workspace.publicKey("\(file.name)"))
        }
        try writeIgnoreFiles()
        try workspace.rememberOnlineKey(onlineKeyPath)
        if let releaseKey { try workspace.rememberReleaseKey(releaseKey.path) }
        for staged in try firstMetadata(now: now) {
            if let root = staged.rootContent { try workspace.writeMinisignKey(of: root) }
            try workspace.stage(staged)
        }
        // Last: a folder without it is not a workspace, and init can be run again.
        try storage.write(Array(policy.text.utf8), to: workspace.policyFile)
    }

    private func checkFree() throws {
        for path in [workspace.policyFile, workspace.anchor] where try workspace.storage.info(path) != nil {
            throw PublishingFault(.workspaceExists, at: path.string)
        }
        guard try workspace.storage.info(workspace.liveMetadata)?.kind == .directory else { return }
        guard try workspace.storage.list(workspace.liveMetadata).isEmpty else {
            throw PublishingFault(.workspaceExists, found: "published metadata", at: workspace.liveMetadata.string)
        }
    }

    /// Keeps secrets and this machine's notes out of a git repository, unless somebody has decided already.
    private func writeIgnoreFiles() throws {
        let keys = "# Only public halves: a secret key stays out, whatever it is called.\n*\n!.gitignore\n!*.pub\n"
        let policies = "!policy.yaml\n\(WitnessPolicyFile.letsIn)\n!root.json\n"
        try writeIfAbsent(keys + policies, to: workspace.keys.appending(".gitignore"))
        let staged = "# What one run of one machine leaves here.\n/.lock\n/packing/\n"
        try writeIfAbsent(staged, to: workspace.staged.appending(".gitignore"))
    }

    private func writeIfAbsent(_ text: String, to path: FilePath) throws {
        guard try workspace.storage.info(path) == nil else { return }
        try workspace.storage.write(Array(text.utf8), to: path)
    }

    private var machineKeys: [PublicKeyFile] {
        [onlineKey] + [releaseKey?.publicHalf, log?.key.publicHalf].compactMap(\.self)
    }

    private func firstMetadata(now: Date) throws -> [StagedRole] {
        let keyring = try Keyring(policy, new: keyholders + machineKeys, workspace: workspace)
        let nothing = Staging(published: PublishedMetadata(), roles: [])
        return try ProposalPlan(
            policy, keyring: keyring, witnesses: log?.witnesses, staging: nothing, renewal: .none, now: now
        ).steps.map(\.staged)
    }
}
