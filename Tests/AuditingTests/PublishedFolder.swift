import Archiving
import CanonicalJSON
import Compression
import DurableStorage
import Foundation
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport

/// A small published folder, made as a publisher makes it, one state after the other, and then damaged by a test.
///
/// Two keyholders of three sign root, targets and the channel role; one online key signs snapshot and timestamp.
/// A test bends the model between states, or a file afterwards (`replace`, `remove`).
final class PublishedFolder {
    static let now = Date(timeIntervalSince1970: 1_893_456_000)
    static let channelRole = RoleName("suite-stable")
    static let paths = try? ReleasePaths(product: ProductName("suite"), channel: ChannelName("stable"))

    let folder: TemporaryFolder
    let keyholders = ["alice", "bob", "carol"].map(TestKey.init)
    var online = TestKey("online")
    var root: Root
    var targets: Targets
    var channel: Targets
    var snapshot: Snapshot
    var timestamp: Timestamp
    /// Who signs the next root, targets and channel metadata.
    var signers: [TestKey]
    /// Who signs the next channel metadata, when they are others.
    var channelSigners: [TestKey]?
    /// Who signed the root before, and has to sign the next one too.
    var previousSigners: [TestKey] = []

    /// Small trees need no large window.
    private static var quick: ZstdSettings {
        var settings = ZstdSettings()
        settings.level = 1
        settings.windowLog = 17
        return settings
    }

    static func expires(_ days: Double) -> Date { now + days * 86_400 }

    init() throws {
        folder = try TemporaryFolder()
        signers = [keyholders[0], keyholders[1]]
        let header = PayloadHeader(version: 1, expires: Self.expires(30))
        root = Root(header: header, keys: [:], roles: [:], extra: JSONObject())
        let unset = MetaFile(version: 1, facts: FileFacts(length: nil, hashes: [:]))
        snapshot = Snapshot(header: PayloadHeader(version: 0, expires: Self.expires(30)), meta: [:])
        timestamp = Timestamp(header: PayloadHeader(version: 0, expires: Self.expires(30)), snapshot: unset)
        targets = Targets(header: header, targets: [:], delegations: nil)
        channel = Targets(header: header, targets: [:], delegations: nil)
        setKeys(of: .root, to: keyholders, threshold: 2)
        setKeys(of: .targets, to: keyholders, threshold: 2)
        setKeys(of: .snapshot, to: [online], threshold: 1)
        setKeys(of: .timestamp, to: [online], threshold: 1)
        delegate(threshold: 2)
        try publishRoot()
    }

    func setKeys(of role: RoleName, to keys: [TestKey], threshold: Int) {
        for key in keys { root.keys[key.keyID] = key.publicKey }
        root.roles[role] = RoleKeys(keyIDs: keys.map(\.keyID), threshold: threshold)
    }

    func delegate(to keyholders: [TestKey]? = nil, threshold: Int, pattern: ByteString = "suite/stable/*/*") {
        let keyholders = keyholders ?? self.keyholders
        let keys = Dictionary(uniqueKeysWithValues: keyholders.map { ($0.keyID, $0.publicKey) })
        let role = DelegatedRole(
            name: Self.channelRole, keys: RoleKeys(keyIDs: keyholders.map(\.keyID), threshold: threshold),
            terminating: true, scope: .patterns([PathPattern(pattern)]))
        targets.delegations = Delegations(keys: keys, roles: [role])
    }

    // MARK: releases

    /// Packs a tree of a few files and lists it in the channel; `bend` changes the manifest before it is written.
    func addRelease(
        _ text: String, bend: (inout ReleaseManifest) throws -> Void = { _ in },
        tree: [String: String]? = nil, listing other: TreeListing? = nil
    ) throws {
        let version = try Version(text)
        guard let paths = Self.paths else { return }
        for (name, content) in tree ?? ["bin/run": "run \(text)\n", "README": "This is \(text).\n"] {
            try put(Array(content.utf8), at: "tree-\(text)/\(name)")
        }
        let archive = folder.path("packed")
        let packed = try TreePacker(settings: Self.quick).pack(
            folder.path("tree-\(text)"), to: archive, storage: DurableStorage())
        let listing = other ?? packed.listing
        var manifest = ReleaseManifest(
            product: paths.product, channel: paths.channel, version: version, time: Self.now, severity: .important,
            tree: ReleaseManifest.Tree(listing),
            archive: ReleaseManifest.Archive(sha256: packed.sha256, bytes: packed.bytes))
        let facts = manifest.facts
        try bend(&manifest)
        let bytes = try DurableStorage().read(archive, limit: 1 << 20)
        try addTarget(paths.archive(version), bytes)
        try addTarget(paths.listing(version), listing.encoding)
        guard case .object(let custom) = facts.encode() else { return }
        try addTarget(paths.manifest(version), manifest.encode(), custom: custom)
    }

    func addTarget(_ path: ByteString, _ bytes: [UInt8], custom: JSONObject? = nil) throws {
        let digest = Digest.sha256(of: bytes)
        channel.targets[path] = TargetFile(
            length: bytes.count, hashes: ["sha256": ByteString(digest.hex)], custom: custom)
        try put(bytes, at: "published/targets/\(ReleasePaths.stored(path, sha256: digest))")
    }

    /// Where a file of a release stands, from the published folder.
    func stored(_ version: String, _ file: String) -> String {
        let path = ByteString("suite/stable/\(version)/\(file)")
        guard let sha256 = channel.targets[path]?.facts.sha256 else { return "nowhere" }
        return "targets/\(ReleasePaths.stored(path, sha256: sha256))"
    }

    // MARK: states

    func publishRoot() throws {
        try write(root, .root, signers: signers + previousSigners.filter { !signers.contains($0) })
        previousSigners = signers
    }

    /// The next root, after `bend`.
    func nextRoot(_ bend: () throws -> Void = {}) throws {
        root.header.version += 1
        try bend()
        try publishRoot()
    }

    /// Signs and writes targets and channel as they are, then a snapshot and a timestamp that list them.
    func publish(bendSnapshot: (inout Snapshot) -> Void = { _ in }) throws {
        snapshot.meta[RoleName.targets.metaName] = try write(targets, .targets, signers: signers)
        snapshot.meta[Self.channelRole.metaName] = try write(
            channel, Self.channelRole, signers: channelSigners ?? signers)
        snapshot.header.version += 1
        bendSnapshot(&snapshot)
        try publishTimestamp(of: try write(snapshot, .snapshot, signers: [online]))
    }

    func publishTimestamp(of meta: MetaFile) throws {
        timestamp.snapshot = meta
        timestamp.header.version += 1
        try write(timestamp, .timestamp, signers: [online], name: "timestamp.json")
    }

    @discardableResult
    func write(
        _ payload: some Payload, _ role: RoleName, signers: [TestKey], name: String? = nil
    ) throws -> MetaFile {
        var file = SignedFile(payload)
        for key in signers { file.signatures[key.keyID] = key.sign(file.signedBytes) }
        let name = name ?? role.fileName(version: payload.header.version)
        try put(file.bytes, at: "published/metadata/\(name)")
        return MetaFile(version: payload.header.version, facts: FileFacts(of: file.bytes))
    }

    /// Writes a file without waiting for the disk: a test makes thousands.
    private func put(_ bytes: [UInt8], at name: String) throws {
        let file = URL(fileURLWithPath: folder.path(name).string)
        try FileManager.default.createDirectory(
            at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: file)
    }

    // MARK: damage

    func read(_ name: String) throws -> [UInt8] { try folder.read("published/\(name)") ?? [] }

    func replace(_ name: String, with bytes: [UInt8]) throws { try put(bytes, at: "published/\(name)") }

    func replace(_ name: String, text: String, with other: String) throws {
        let old = String(decoding: try read(name), as: UTF8.self)
        precondition(old.contains(text), "\(name) does not hold \(text)")
        try replace(name, with: Array(old.replacingOccurrences(of: text, with: other).utf8))
    }

    func remove(_ name: String) throws { try DurableStorage().remove(published(name)) }

    func published(_ name: String = "") -> FilePath { folder.path("published/\(name)") }

    /// Three states: an empty channel, a release, and a second one under a second root.
    static func threeStates(_ bend: (PublishedFolder, Int) throws -> Void = { _, _ in }) throws -> PublishedFolder {
        let made = try PublishedFolder()
        try bend(made, 1)
        try made.publish()
        made.channel.header.version = 2
        try made.addRelease("1.0")
        try bend(made, 2)
        try made.publish()
        try made.nextRoot()
        made.channel.header.version = 3
        made.targets.header.version = 2
        try made.addRelease("1.1")
        try bend(made, 3)
        try made.publish()
        return made
    }
}
