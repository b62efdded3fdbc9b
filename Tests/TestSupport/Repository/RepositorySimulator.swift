import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF
import Updating

/// A TUF repository in memory that a test can bend: change one field, publish, refresh, and look at what happened.
///
/// Timestamp, snapshot and targets are signed at the moment they are asked for, from the state as it then is; roots are
/// kept as they were published. `requests` holds every file asked for, in order.
package final class RepositorySimulator: MetadataFetcher {
    /// 2030-01-01T00:00:00Z: the time at which tests refresh, unless they say otherwise.
    package static let now = Date(timeIntervalSince1970: 1_893_456_000)
    package static let day: TimeInterval = 86_400

    package var root: Root
    package var timestamp: Timestamp
    package var snapshot: Snapshot
    package var targets: Targets
    package var delegated: [RoleName: Targets] = [:]
    /// Who signs each role now: at first one key a role, named after it.
    package var signers: [RoleName: [TestKey]] = [:]
    /// Every root published, version 1 first.
    package private(set) var roots: [[UInt8]] = []
    /// Contents of targets, by target path.
    package var contents: [ByteString: [UInt8]] = [:]
    /// Whether timestamp and snapshot state lengths and hashes.
    package var statesFacts = true

    /// What to do to the bytes of a file before they are served, by file name; nil withholds it.
    package var bend: [String: ([UInt8]) -> [UInt8]?] = [:]
    /// Thrown in place of an answer, by file name.
    package var failures: [String: any Error] = [:]
    package var requests: [String] = []

    package init(expiringIn days: Double = 30) {
        let expires = Self.now + days * Self.day
        for role in RoleName.topLevel { signers[role] = [TestKey(role.description)] }
        root = Root(header: PayloadHeader(version: 1, expires: expires), keys: [:], roles: [:], extra: JSONObject())
        targets = Targets(header: PayloadHeader(version: 1, expires: expires), targets: [:], delegations: nil)
        let unset = FileFacts(length: nil, hashes: [:])
        snapshot = Snapshot(
            header: PayloadHeader(version: 1, expires: expires),
            meta: [RoleName.targets.metaName: MetaFile(version: 1, facts: unset)])
        timestamp = Timestamp(
            header: PayloadHeader(version: 1, expires: expires), snapshot: MetaFile(version: 1, facts: unset))
        for role in RoleName.topLevel { setKeys(of: role, to: signers[role] ?? []) }
        publishRoot()
        publish()
    }

    // MARK: bending

    /// Names `keys` in root as the keys of `role`; they also sign it from now on. Publish root afterwards.
    package func setKeys(of role: RoleName, to keys: [TestKey], threshold: Int = 1) {
        for key in keys { root.keys[key.keyID] = key.publicKey }
        root.roles[role] = RoleKeys(keyIDs: keys.map(\.keyID), threshold: threshold)
        signers[role] = keys
    }

    /// Fixes the root as it stands, signed by its signers. The first is version 1.
    package func publishRoot() {
        roots.append(sign(root, as: .root))
    }

    /// Forgets all roots but the one as it stands, which becomes version 1.
    package func restartRoots() {
        roots = []
        root.header.version = 1
        publishRoot()
    }

    /// Puts the root as it stands in the place of the newest one, under the same version.
    package func replaceRoot() {
        roots.removeLast()
        publishRoot()
    }

    /// Publishes the root as the next version, signed by old and new keys.
    package func bumpRoot() {
        root.header.version += 1
        publishRoot()
    }

    /// Makes a new snapshot and timestamp of targets as they are.
    package func publish() {
        snapshot.meta[RoleName.targets.metaName] = metaFile(targets, .targets)
        for (name, role) in delegated { snapshot.meta[name.metaName] = metaFile(role, name) }
        publishSnapshot()
    }

    /// Makes a new timestamp, and the snapshot one version newer.
    package func publishSnapshot() {
        snapshot.header.version += 1
        publishTimestamp()
    }

    package func publishTimestamp() {
        timestamp.snapshot = metaFile(snapshot, .snapshot)
        timestamp.header.version += 1
    }

    /// Adds a target to the top-level targets, or to a delegated role.
    package func addTarget(
        _ path: ByteString, _ bytes: [UInt8], to role: RoleName = .targets, custom: JSONObject? = nil
    ) {
        contents[path] = bytes
        let file = TargetFile(
            length: bytes.count, hashes: ["sha256": ByteString(Digest.sha256(of: bytes).hex)], custom: custom)
        if role == .targets { targets.targets[path] = file } else { delegated[role]?.targets[path] = file }
    }

    /// Lets `delegator` delegate `patterns` to a new or present role, signed by `keys`.
    package func delegate(
        to name: RoleName, from delegator: RoleName = .targets, patterns: [ByteString], keys: [TestKey]? = nil,
        threshold: Int = 1, terminating: Bool = false
    ) {
        let keys = keys ?? [TestKey(name.description)]
        let role = DelegatedRole(
            name: name, keys: RoleKeys(keyIDs: keys.map(\.keyID), threshold: threshold), terminating: terminating,
            scope: .patterns(patterns.map(PathPattern.init)))
        var metadata = (delegator == .targets ? targets : delegated[delegator]) ?? targets
        var delegations = metadata.delegations ?? Delegations(keys: [:], roles: [])
        for key in keys { delegations.keys[key.keyID] = key.publicKey }
        if case .listed(let roles) = delegations.roles { delegations.roles = .listed(roles + [role]) }
        metadata.delegations = delegations
        if delegator == .targets { targets = metadata } else { delegated[delegator] = metadata }
        if delegated[name] == nil {
            delegated[name] = Targets(header: targets.header, targets: [:], delegations: nil)
            delegated[name]?.header.version = 1
            signers[name] = keys
        }
    }

    // MARK: serving

    package func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        requests.append(name)
        if let failure = failures[name] { throw failure }
        guard var bytes = file(named: name) else { return .absent }
        if let bend = bend[name] {
            guard let bent = bend(bytes) else { return .absent }
            bytes = bent
        }
        if held == Digest.sha256(of: bytes) { return .notModified }
        guard bytes.count <= limit else {
            throw MetadataFault(.tooLong, found: "more than \(limit) bytes", expected: "at most \(limit)", at: name)
        }
        return .bytes(bytes)
    }

    /// The file a server would hold under this name now, unbent.
    package func file(named name: String) -> [UInt8]? {
        if name == RoleName.timestamp.fileName { return sign(timestamp, as: .timestamp) }
        let parts = name.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let version = Int(parts[0]) else { return nil }
        if parts[1] == "root.json" { return roots.indices.contains(version - 1) ? roots[version - 1] : nil }
        if parts[1] == "snapshot.json" {
            return version == snapshot.header.version ? sign(snapshot, as: .snapshot) : nil
        }
        let all = delegated.merging([.targets: targets]) { first, _ in first }
        guard let (role, metadata) = all.first(where: { $0.key.fileName == parts[1] }),
            metadata.header.version == version
        else { return nil }
        return sign(metadata, as: role)
    }

    /// Every file that a server would hold now, bent, by name.
    package var files: [String: [UInt8]] {
        let roles = [(RoleName.targets, targets)] + delegated.map { ($0.key, $0.value) }
        var names = roles.map { role, metadata in role.fileName(version: metadata.header.version) }
        names += roots.indices.map { RoleName.root.fileName(version: $0 + 1) }
        names += [RoleName.snapshot.fileName(version: snapshot.header.version), RoleName.timestamp.fileName]
        var files: [String: [UInt8]] = [:]
        for name in names {
            guard let bytes = file(named: name) else { continue }
            if let bend = bend[name] { files[name] = bend(bytes) } else { files[name] = bytes }
        }
        return files
    }

    private func sign(_ payload: some Payload, as role: RoleName) -> [UInt8] {
        var file = SignedFile(payload)
        for key in signers[role] ?? [] { file.signatures[key.keyID] = key.sign(file.signedBytes) }
        return file.bytes
    }

    private func metaFile(_ payload: some Payload, _ role: RoleName) -> MetaFile {
        let facts = statesFacts ? FileFacts(of: sign(payload, as: role)) : FileFacts(length: nil, hashes: [:])
        return MetaFile(version: payload.header.version, facts: facts)
    }
}
