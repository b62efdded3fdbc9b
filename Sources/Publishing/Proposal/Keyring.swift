import DurableStorage
import Primitives
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// The public keys that a policy names, each under its one name.
struct Keyring {
    private let policy: Policy
    private var files: [String: PublicKeyFile] = [:]

    /// Reads `Keys/NAME.pub` for every name in the policy; what is in `new` comes instead of what stands there.
    init(_ policy: Policy, new: [PublicKeyFile], workspace: Workspace) throws {
        self.policy = policy
        for file in new {
            try KeyholderName.check("\(file.name)")
            let former = files.updateValue(file, forKey: "\(file.name)")
            guard former == nil || former?.publicKey == file.publicKey else {
                throw PublishingFault(
                    .duplicateKeyholder, found: "two keys named \(file.name)", expected: "a name for each key")
            }
        }
        for name in Self.names(policy) where files[name] == nil { files[name] = try Self.load(name, workspace) }
    }

    private static func load(_ name: String, _ workspace: Workspace) throws -> PublicKeyFile {
        let path = workspace.publicKey(name)
        guard try workspace.storage.info(path) != nil else {
            throw PublishingFault(.missingPublicKey, found: name, expected: "its public half", at: path.string)
        }
        let file = try KeyStorage(workspace.storage).loadPublicKeyFile(path)
        guard "\(file.name)" == name else {
            throw PublishingFault(.missingPublicKey, found: "the key of \(file.name)", expected: name, at: path.string)
        }
        return file
    }

    /// What signs on a machine, by itself or for whoever works there.
    private static func machineKeys(_ policy: Policy) -> [(task: String, name: String)] {
        [("online key", policy.onlineKey), ("release key", policy.releaseKey), ("log key", policy.log?.key)]
            .compactMap { task, name in name.map { (task, $0) } }
    }

    /// Each once: online key, release key, log key, then keyholders.
    private static func names(_ policy: Policy) -> [String] {
        var names: [String] = []
        let others =
            machineKeys(policy).map(\.name) + policy.roles.flatMap { policy[keyPath: $0.signers].keyholders }
        for name in others where !names.contains(name) { names.append(name) }
        return names
    }

    func key(_ name: String) -> PublicKey? { files[name]?.publicKey }

    /// Throws when one key has two names or two tasks, or when a name is another key's in what is published.
    func check(against published: PublishedMetadata) throws(PublishingFault) {
        let keyholders = policy.roles.flatMap { policy[keyPath: $0.signers].keyholders }
        let machineKeys = Self.machineKeys(policy)
        for (_, name) in machineKeys where keyholders.contains(name) {
            throw PublishingFault(
                .duplicateKeyholder, found: "\(name) as a keyholder and as a machine's key",
                expected: "a key of its own for each task")
        }
        for (index, key) in machineKeys.enumerated() {
            guard let other = machineKeys[..<index].first(where: { $0.name == key.name }) else { continue }
            throw PublishingFault(
                .duplicateKeyholder, found: "\(key.name) as \(other.task) and as \(key.task)",
                expected: "a key of its own for each task")
        }
        var named: [[UInt8]: String] = [:]
        for name in Self.names(policy) {
            guard let key = key(name) else { continue }
            if let other = named.updateValue(name, forKey: key.identity) {
                throw PublishingFault(
                    .duplicateKeyholder, found: "one key as \(other) and as \(name)",
                    expected: "a key of their own for each keyholder, and another for each machine")
            }
            try check(name, key, against: published)
        }
        try checkNoOnlineKey(keyholders, published)
    }

    private func check(
        _ name: String, _ key: PublicKey, against published: PublishedMetadata
    ) throws(PublishingFault) {
        for other in published.keys where other.name?.description == name && other.identity != key.identity {
            throw PublishingFault(
                .keyNameTaken, found: "another key named \(name)",
                expected: "the key that is published under this name",
                hint: "names are what people see; give the new key a name of its own, such as \(name)-2 or \(name).card"
            )
        }
    }

    /// The online key in force lies on a machine that is always on: it must not become a keyholder's when it is replaced.
    private func checkNoOnlineKey(_ keyholders: [String], _ published: PublishedMetadata) throws(PublishingFault) {
        guard let root = published.root?.content else { return }
        let online = [RoleName.snapshot, .timestamp].map { root.signers(of: $0) }
            .flatMap { signers in signers.keyIDs.compactMap { signers.keys[$0]?.identity } }
        for name in keyholders {
            guard let key = key(name), online.contains(key.identity) else { continue }
            throw PublishingFault(
                .duplicateKeyholder, found: "\(name)'s key is the online key", expected: "a key of their own")
        }
    }
}

extension PublishedMetadata {
    /// Every key that is named in what is published.
    var keys: [PublicKey] {
        let delegators = [targets?.content].compactMap(\.self) + delegated.values.map(\.content)
        return Array(root?.content.keys.values.map(\.self) ?? [])
            + delegators.flatMap { $0.delegations?.keys.values.map(\.self) ?? [] }
    }
}
