import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// The metadata files of one publication, in the order in which they go live: `timestamp.json` is the last.
struct PublicationSet: Sendable {
    struct File: Sendable {
        let name: String
        let bytes: [UInt8]
    }

    /// A target that the files list, and where it has to stand below `targets/`.
    struct Target: Sendable {
        let role: RoleName
        let path: ByteString
        let file: TargetFile
        let digest: Digest
        var stored: ByteString { ReleasePaths.stored(path, sha256: digest) }
    }

    static let timestampName = RoleName.timestamp.fileName
    static let firstRootName = RoleName.root.fileName(version: 1)

    let files: [File]
    /// Targets metadata among them, top-level and delegated.
    let targetsMetadata: [UnverifiedMetadata<Targets>]
    /// All that this metadata lists, whether new or live already.
    let targets: [Target]

    /// Throws when targets metadata does not decode, or lists a target without its SHA-256.
    init(_ files: [File]) throws {
        self.files = files.sorted { Self.rank($0.name) < Self.rank($1.name) }
        targetsMetadata = try self.files.compactMap { file in
            guard let role = StagedRole.role(ofFileName: file.name), role != .root else { return nil }
            return try UnverifiedMetadata<Targets>(decoding: file.bytes, role: role, limits: MetadataLimits())
        }
        targets = try targetsMetadata.flatMap { try Self.targets(of: $0) }
    }

    private static func targets(of metadata: UnverifiedMetadata<Targets>) throws -> [Target] {
        try metadata.content.targets.sorted { $0.key < $1.key }.map { path, file in
            let place = "\(path) in \(metadata.role)"
            guard let digest = file.facts.sha256 else {
                throw PublishingFault(.wouldBeRefused, found: "no sha256", expected: "one", at: place)
            }
            guard Workspace.isSafe(path) else {
                throw PublishingFault(.wouldBeRefused, found: "an unsafe path", at: place)
            }
            return Target(role: metadata.role, path: path, file: file, digest: digest)
        }
    }

    /// Roots first, since a client asks for them first; then what snapshot names, snapshot, and timestamp.
    private static func rank(_ name: String) -> (Int, String) {
        if name == timestampName { return (3, name) }
        switch StagedRole.role(ofFileName: name) {
        case .root?: return (0, name)
        case nil: return (2, name)
        default: return (1, name)
        }
    }

    func bytes(of name: String) -> [UInt8]? { files.first { $0.name == name }?.bytes }

    /// Roles that keyholders signed, with their versions.
    var signedRoles: [(role: RoleName, version: Int)] {
        files.compactMap { file in
            guard let role = StagedRole.role(ofFileName: file.name),
                let version = file.name.split(separator: ".").first.flatMap({ Int($0) })
            else { return nil }
            return (role, version)
        }
    }

    func timestamp() throws -> UnverifiedMetadata<Timestamp> {
        guard let bytes = bytes(of: Self.timestampName) else {
            throw PublishingFault(.malformedStaging, expected: Self.timestampName, at: "publication")
        }
        return try UnverifiedMetadata(decoding: bytes, role: .timestamp, limits: MetadataLimits())
    }

    /// Throws unless every file is one that the timestamp here leads to, or the newest root, and none rewrites what is
    /// live. A publication that is found may have been put there by somebody else; clients ask for what they need only.
    func checkBelongsTogether(over published: PublishedMetadata, in workspace: Workspace) throws {
        let reference = try timestamp().content.snapshot
        let snapshotName = RoleName.snapshot.fileName(version: reference.version)
        let snapshot = try bytes(of: snapshotName).map {
            try UnverifiedMetadata<Snapshot>(decoding: $0, role: .snapshot, limits: MetadataLimits()).content
        }
        let root = published.version(of: .root)
        for file in files where file.name != Self.timestampName {
            let role = StagedRole.role(ofFileName: file.name)
            let place = workspace.publication.appending(file.name).string
            switch role {
            case nil where file.name == snapshotName: try reference.facts.check(file.bytes, at: place)
            case .root? where [root, root + 1].contains { file.name == RoleName.root.fileName(version: $0) }: break
            case let role?:
                guard let meta = snapshot?.meta[role.metaName], file.name == role.fileName(version: meta.version) else {
                    throw Self.foreign(place)
                }
                try meta.facts.check(file.bytes, at: place)
            default: throw Self.foreign(place)
            }
            let live = workspace.liveMetadata.appending(file.name)
            if let present = try workspace.storage.readIfPresent(live, limit: MetadataLimits().targetsLength),
                present != file.bytes
            {
                throw Self.foreign(place)
            }
        }
    }

    private static func foreign(_ place: String) -> PublishingFault {
        PublishingFault(
            .malformedStaging, found: "a file that is no part of this publication", at: place,
            hint: "find out who put it there; then remove it, or all of Staged/publication if nobody here began one")
    }

    // MARK: storage

    func save(in folder: FilePath, storage: DurableStorage) throws {
        try storage.makeDirectory(folder)
        for file in files { try storage.write(file.bytes, to: folder.appending(file.name)) }
    }

    static func load(from folder: FilePath, storage: DurableStorage) throws -> PublicationSet {
        let limit = MetadataLimits().targetsLength
        return try PublicationSet(
            try storage.list(folder).filter { !$0.hasPrefix(".") }.map { name in
                File(name: name, bytes: try storage.read(folder.appending(name), limit: limit))
            })
    }
}
