import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// What a keyholder needs on a machine without a network: a small workspace, in which `review` and `sign` work and say
/// the same. It holds no archives.
package struct SigningPayload {
    package struct Report: Sendable {
        package let roles: [StagedRole]
        package let files: Int
        /// Bytes of them all.
        package let bytes: Int
    }

    /// Bytes of a file that is taken along; `release.json`, listing, notes and advisories are smaller most of the time.
    static let largestFile = 1 << 20
    static let readme = """
        This is a small sceau workspace: what waits for your signature, without archives. No network is needed.
        1. sceau review --workspace .              says what would change and who has signed
        2. sceau sign --workspace . --key K.key    shows it again, asks, and signs what was shown
        3. Bring this folder back, or the new files below Staged/signatures/ only.
        4. There: sceau attach --workspace W FOLDER    checks each signature before it takes it

        """

    private let workspace: Workspace
    private let storage: DurableStorage
    private var contents: [(path: FilePath, bytes: [UInt8])] = []

    private init(_ workspace: Workspace) {
        self.workspace = workspace
        storage = workspace.storage
    }

    /// Writes what is staged to `folder`, which is empty or not there. When it throws, `folder` is as it was.
    @discardableResult
    package static func write(_ workspace: Workspace, to folder: FilePath) throws -> Report {
        try workspace.check()
        let storage = workspace.storage
        let isThere = try storage.info(folder) != nil
        if isThere {
            guard try storage.list(folder).isEmpty else { throw PublishingFault(.folderNotEmpty, at: folder.string) }
        }
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        let staging = try Staging.load(workspace)
        guard !staging.roles.isEmpty else { throw PublishingFault(.nothingToSign, at: workspace.staged.string) }
        var payload = SigningPayload(workspace)
        try payload.collect(staging, into: Workspace(at: folder, storage: storage))
        do { try payload.write() } catch {
            for name in (try? storage.list(folder)) ?? [] { try? storage.removeTree(folder.appending(name)) }
            if !isThere { try? storage.removeTree(folder) }
            throw error
        }
        return Report(
            roles: staging.roles, files: payload.contents.count,
            bytes: payload.contents.reduce(0) { $0 + $1.bytes.count })
    }

    private func write() throws {
        for file in contents {
            try storage.makeDirectory(file.path.folder)
            try storage.write(file.bytes, to: file.path)
        }
    }

    private mutating func collect(_ staging: Staging, into copy: Workspace) throws {
        for name in try storage.list(workspace.keys) where Self.isPublic(name) {
            let bytes = try storage.read(workspace.keys.appending(name), limit: MetadataLimits().rootLength)
            contents.append((copy.keys.appending(name), bytes))
        }
        for (name, bytes) in staging.published.files { contents.append((copy.liveMetadata.appending(name), bytes)) }
        for staged in staging.roles {
            contents.append((copy.stagedMetadata.appending(staged.fileName), staged.file(with: [:])))
            for entry in staged.entries {
                guard let signature = entry.signature, entry.problem == nil else { continue }
                contents.append((copy.signatures(of: staged).appending("\(entry.name).json"), signature.encoded))
            }
            let live = staging.published.delegated[staged.role]?.content
            for (path, file) in staged.targets?.targets ?? [:] where live?.targets[path] != file {
                try collect(path, file, into: copy)
            }
            try collectFormers(of: staged, staging, into: copy)
        }
        contents.append((copy.root.appending("README.txt"), Array(Self.readme.utf8)))
        contents.sort { $0.path.string < $1.path.string }
    }

    private static func isPublic(_ name: String) -> Bool {
        !name.hasPrefix(".")
            && (name.hasSuffix(".pub") || WitnessPolicyFile.isValid(name)
                || ["policy.yaml", "root.json"].contains(name))
    }

    /// The published `release.json` before each release that is added: a review compares with it.
    private mutating func collectFormers(of staged: StagedRole, _ staging: Staging, into copy: Workspace) throws {
        let releases = staging.releases(of: staged.role)
        let live = staging.published.delegated.values.map(\.content.targets)
        for added in staged.targets.map({ ListedRelease.all(in: $0) }) ?? []
        where !live.contains(where: { $0[added.path] != nil }) {
            let former = releases.last { $0.listed.facts.version < added.facts.version }?.listed
            guard let former, live.contains(where: { $0[former.path] != nil }), let digest = former.file.facts.sha256,
                try workspace.locate(former.path, digest) != nil
            else { continue }
            let stored = ReleasePaths.stored(former.path, sha256: digest)
            let bytes = try workspace.loadTarget(former.path, former.file, limit: ReleaseLimits.manifestBytes)
            contents.append((Workspace.file(stored, below: copy.liveTargets), bytes))
        }
    }

    /// A file of a staged release. Without its `release.json` nobody could tell what is signed.
    private mutating func collect(_ path: ByteString, _ file: TargetFile, into copy: Workspace) throws {
        guard file.length <= Self.largestFile, !path.bytes.reversed().starts(with: ".tar.zst".utf8.reversed()),
            let digest = file.facts.sha256
        else { return }
        let isManifest = path.bytes.reversed().starts(with: "/release.json".utf8.reversed())
        guard try isManifest || workspace.locate(path, digest) != nil else { return }
        let bytes = try workspace.loadTarget(path, file, limit: Self.largestFile)
        contents.append((Workspace.file(ReleasePaths.stored(path, sha256: digest), below: copy.stagedTargets), bytes))
    }
}

extension PublishedMetadata {
    /// Every root, and the newest of everything else, by file name.
    fileprivate var files: [(name: String, bytes: [UInt8])] {
        var files = roots.map { ($0.role.fileName(version: $0.content.header.version), $0.bytes) }
        if let timestamp { files.append((RoleName.timestamp.fileName, timestamp.bytes)) }
        if let snapshot {
            files.append((RoleName.snapshot.fileName(version: snapshot.content.header.version), snapshot.bytes))
        }
        for metadata in [targets].compactMap(\.self) + delegated.values.sorted(by: { $0.role < $1.role }) {
            files.append((metadata.role.fileName(version: metadata.content.header.version), metadata.bytes))
        }
        return files
    }
}
