import Archiving
import CanonicalJSON
import Compression
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport

/// An association at work in a folder of its own: three keyholders, two of whom must agree, and an online key.
struct Association {
    static let now = Date(timeIntervalSince1970: 1_790_000_000)
    static let keyholderNames = ["alice", "bob", "carol"]

    let folder: TemporaryFolder
    var keys: [String: SecretKey]
    /// The name of the key that signs snapshot and timestamp.
    var online = "online"
    var now = Association.now
    /// Witnesses that do not answer.
    var absentWitnesses: Set<String> = []
    /// The log key's file, below `folder`.
    var logKeyFile = "suite-log.key"
    /// Of the log that follows it.
    var nextLogKeyFile: String?
    /// New roots are published without the witnesses and the log of the root before.
    var abandonsFormerWitnesses = false
    let shownToWitnesses = WitnessesAtWork.Shown()

    var workspace: Workspace { Workspace(at: folder.path("w"), storage: DurableStorage()) }
    func workspace(_ storage: DurableStorage) -> Workspace { Workspace(at: folder.path("w"), storage: storage) }

    init(folder: TemporaryFolder, keys: [String: SecretKey]) {
        self.folder = folder
        self.keys = keys
    }

    /// After `init`; nothing is signed. With the key `releases` root names it as the release key.
    init(channels: [String] = ["stable"], machineKeys: [String] = ["online"]) throws {
        folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        keys = try Dictionary(
            uniqueKeysWithValues: (Self.keyholderNames + machineKeys).map { ($0, try Self.key($0)) })
        try initialisation(channels: channels).run(now: now)
    }

    static func key(_ name: String) throws -> SecretKey { try .generate(name: KeyName(ByteString(name))) }
    static func publicFile(_ key: SecretKey) -> PublicKeyFile { PublicKeyFile(KeyFile(unencrypted: key)) }

    func key(_ name: String) throws -> SecretKey {
        guard let key = keys[name] else { throw StorageFault(.notFound, at: name) }
        return key
    }

    func initialisation(
        channels: [String] = ["stable"], keyholders: [SecretKey]? = nil, threshold: Int = 2
    ) throws -> WorkspaceInitialisation {
        try WorkspaceInitialisation(
            workspace: workspace, product: ProductName("suite"),
            channels: channels.map { try ChannelName(ByteString($0)) },
            keyholders: (keyholders ?? Self.keyholderNames.map { try key($0) }).map { Self.publicFile($0) },
            threshold: threshold, onlineKey: Self.publicFile(key("online")), onlineKeyPath: folder.path("online.key"),
            releaseKey: keys["releases"].map { MachineKey(Self.publicFile($0), at: folder.path("releases.key")) })
    }

    /// Small trees need no large window.
    static var quick: ZstdSettings {
        var settings = ZstdSettings()
        settings.level = 1
        settings.windowLog = 17
        return settings
    }

    /// A small tree whose content tells its version.
    func tree(_ version: String) throws -> FilePath {
        try folder.write("suite \(version)\n", to: "trees/\(version)/bin/suite")
        try folder.write("same in all versions\n", to: "trees/\(version)/README")
        return folder.path("trees/\(version)")
    }

    @discardableResult
    func add(
        _ version: String, channel: String = "stable", releaseKey: SecretKey? = nil,
        metadataLimit: Int = Staging.longestMetadata
    ) throws -> ReleaseStaging.Result {
        var request = ReleaseStaging.Request(
            tree: try tree(version), channel: try ChannelName(ByteString(channel)), version: try Version(version),
            severity: .important, summary: "a release")
        request.releaseKey = releaseKey ?? keys["releases"]
        return try ReleaseStaging(
            workspace: workspace, now: now, metadataLimit: metadataLimit, packer: TreePacker(settings: Self.quick)
        ).add(request)
    }

    func sign(_ names: String..., only: [RoleName] = []) throws {
        for name in names {
            let key = try key(name)
            let ceremony = try Ceremony(
                Staging.load(workspace), workspace: workspace, key: key.publicKey, only: only, now: now)
            try ceremony.sign(with: key)
        }
    }

    /// As `sceau publish` does it. True when something went live.
    @discardableResult
    func publish(storage: DurableStorage = DurableStorage(), readByPeer: Bool = true) throws -> Bool {
        let publication = try Publication(workspace: workspace(storage), now: now)
        var didPublish = false
        if let unfinished = try publication.unfinished() {
            try publication.complete(unfinished, log: logPorts(storage: storage))
            didPublish = true
        }
        let staging = try publication.checkStaging()
        guard !staging.roles.isEmpty else { return didPublish }
        let ports = logPorts(storage: storage)
        try publication.complete(publication.prepare(staging, signer: key(online), log: ports), log: ports)
        if readByPeer { try checkWithPythonTUF() }
        return true
    }

    /// What is published, in the eyes of another implementation.
    @discardableResult
    func checkWithPythonTUF() throws -> PythonTUF.Reading {
        try PythonTUF.read(workspace.releases.string, root: workspace.anchor.string, at: now)
    }

    @discardableResult
    func refresh() throws -> Publication.Prepared {
        let publication = try Publication(workspace: workspace, now: now)
        let ports = logPorts()
        let prepared = try publication.prepareRefresh(signer: key(online), log: ports)
        try publication.complete(prepared, log: ports)
        try checkWithPythonTUF()
        return prepared
    }

    func release(_ version: String) throws {
        try add(version)
        try sign("alice", "bob")
        try publish()
    }

    // MARK: looking

    /// Every file below `Releases/`, by path.
    func published() throws -> [String: [UInt8]] { try files(below: "w/Releases") }

    func files(below name: String) throws -> [String: [UInt8]] {
        // Not with `FilePath`, whose own checks in a debug build would take most of the time of these tests.
        let base = folder.path(name).string
        var result: [String: [UInt8]] = [:]
        for path in try FileManager.default.subpathsOfDirectory(atPath: base) {
            var isFolder: ObjCBool = false
            let full = "\(base)/\(path)"
            guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder), !isFolder.boolValue else {
                continue
            }
            result["\(name)/\(path)"] = [UInt8](try Data(contentsOf: URL(fileURLWithPath: full)))
        }
        return result
    }

    /// The one staged file whose path ends so.
    func staged(_ ending: String) throws -> String {
        let found = try files(below: "w/Staged").keys.filter { $0.hasSuffix(ending) }
        guard let path = found.first, found.count == 1 else { throw StorageFault(.notFound, at: ending) }
        return path
    }

    /// The same association in another folder, file by file.
    func copied(to other: TemporaryFolder) throws -> Association {
        for name in try DurableStorage().list(folder.path) {
            try FileManager.default.copyItem(atPath: folder.path(name).string, toPath: other.path(name).string)
        }
        var copy = Association(folder: other, keys: keys)
        copy.now = now
        copy.online = online
        copy.logKeyFile = logKeyFile
        copy.nextLogKeyFile = nextLogKeyFile
        return copy
    }
}
