import Archiving
import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF

/// Packs a tree into a release and stages the channel's next metadata with it.
package struct ReleaseStaging {
    /// What a maintainer says about a new release.
    package struct Request: Sendable {
        package var tree: FilePath
        package var channel: ChannelName
        package var version: Version
        package var severity: Severity
        package var summary: ByteString
        package var notes: FilePath?
        package var advisories: [FilePath] = []
        package var attachments: [FilePath] = []
        /// What is done around the switch: an `InstallFile`.
        package var install: FilePath?
        /// Signs the archive for everyone without these tools; required when root names a release key.
        package var releaseKey: (any Signer)?

        package init(
            tree: FilePath, channel: ChannelName, version: Version, severity: Severity, summary: ByteString
        ) {
            self.tree = tree
            self.channel = channel
            self.version = version
            self.severity = severity
            self.summary = summary
        }
    }

    package struct Result: Sendable {
        package let role: RoleName
        /// Of the channel's metadata.
        package let metadataVersion: Int
        package let manifest: ReleaseManifest
        /// What instances do around the switch to it, as a review will say it.
        package let switching: SwitchReview
        /// Older releases that make room for it: they move to the channel's archive.
        package let archived: [Version]
        /// Roles of the archive that were staged for that.
        package let archiveRoles: [RoleName]
        /// Names of those whose signatures over staged metadata were dropped, since it has changed.
        package let droppedSignatures: [String]
        /// Patches that were wished for and are not in the release.
        package let missingPatches: [MissingPatch]
    }

    private let workspace: Workspace
    private let now: Date
    private let metadataLimit: Int
    private let packer: TreePacker

    /// - Parameters:
    ///   - metadataLimit: bytes that one metadata file of the archive may have before it is split.
    ///   - packer: makes `P-V.tar.zst`; how hard it presses is all that may differ.
    package init(
        workspace: Workspace, now: Date, metadataLimit: Int = Staging.longestMetadata,
        packer: TreePacker = TreePacker()
    ) {
        self.workspace = workspace
        self.now = now
        self.metadataLimit = metadataLimit
        self.packer = packer
    }

    /// How many of the newest releases a new one has patches from, unless the maintainer says otherwise.
    package static let defaultPatchCount = 3

    /// Without patches. Refuses a version that is not newer than all others of the channel and its archive, published or
    /// staged.
    package func add(_ request: Request) throws -> Result {
        let begun = try begin(request)
        return try stage(request, begun, patches: ([], []))
    }

    /// Likewise, with patches from the newest `count` published releases, as far as each is worth it. Each was applied to
    /// the published tree here. `progress` is told from several tasks.
    package func add(
        _ request: Request, patchesFromNewest count: Int, progress: @escaping @Sendable (PatchWork) -> Void = { _ in }
    ) async throws -> Result {
        let begun = try begin(request)
        let making = PatchMaking(workspace: workspace, paths: begun.draft.paths, progress: progress)
        let goal = PatchMaking.Goal(
            tree: request.tree, listing: begun.packed.listing, version: request.version,
            archiveBytes: begun.packed.bytes)
        let sources = begun.draft.staging.newestPublished(
            min(count, ReleaseLimits.patches), of: begun.draft.role)
        return try stage(request, begun, patches: try await making.make(from: sources, to: goal))
    }

    /// A release whose archive is made; the workspace is locked.
    private struct Begun {
        let lock: StorageLock
        let draft: ChannelDraft
        let signing: ArchiveSigning?
        let packed: PackedTree
        let install: InstallFile
    }

    private func begin(_ request: Request) throws -> Begun {
        try workspace.check()
        let lock = try workspace.lock()
        try workspace.checkNothingInterrupted()
        let draft = try ChannelDraft(request.channel, in: workspace, now: now)
        try Self.check(request.version, isNewIn: draft)
        let signing = try ArchiveSigning(request.releaseKey, root: draft.staging.root)
        let install = try ReleaseInput.loadInstall(
            request.install, for: request.version, madeAt: wholeSeconds(now), workspace.storage)
        try workspace.storage.removeTree(workspace.packing)
        try workspace.storage.makeDirectory(workspace.packing)
        let archive = place(.archive(draft.paths.product, request.version))
        let packed = try packer.pack(request.tree, to: archive, storage: workspace.storage)
        try install.install.check(fits: packed.listing)
        try checkHoldsNoSecretKey(packed.listing, request)
        return Begun(lock: lock, draft: draft, signing: signing, packed: packed, install: install)
    }

    /// By what a file says it is. What was packed with one in it does not stay.
    private func checkHoldsNoSecretKey(_ listing: TreeListing, _ request: Request) throws {
        let keys = KeyStorage(workspace.storage)
        let files = listing.entries.compactMap { entry -> FilePath? in
            guard case .file(let size, _, _) = entry.kind, size <= Self.longestKeyFile else { return nil }
            return Workspace.file(entry.path, below: request.tree)
        }
        // A key file is one JSON object; a text that only speaks of key files is none.
        let key = try (files + request.attachments).first {
            try ReadableFile($0).read(atMost: 1) == Array("{".utf8) && keys.saysItIsSecret($0)
        }
        guard let key else { return }
        try workspace.storage.removeTree(workspace.packing)
        throw PublishingFault(.secretKeyInRelease, at: key.string)
    }

    /// Bytes; far more than any key file has.
    private static let longestKeyFile = 64 << 10

    private func stage(
        _ request: Request, _ begun: Begun, patches: (made: [PatchMaking.Made], missing: [MissingPatch])
    ) throws -> Result {
        defer { withExtendedLifetime(begun.lock) {} }
        var draft = begun.draft
        let files = try packFiles(request, begun, patches.made)
        for file in files.all { draft.content.targets[draft.paths.target(request.version, file.name)] = file.target }
        let (archive, archived) = try draft.archive(beyond: draft.channel.keep, limit: metadataLimit)
        _ = try draft.check()
        try moveIntoPlace(files, version: request.version, draft.paths)
        try archive.stage(in: workspace)
        try draft.stage()
        let dropped = draft.droppedSignatures
        let staged = Staging(published: draft.staging.published, roles: try workspace.loadStagedRoles())
        return Result(
            role: draft.role, metadataVersion: draft.version, manifest: files.manifest,
            switching: staged.switchReview(files.manifest, workspace), archived: archived,
            archiveRoles: archive.roles,
            droppedSignatures: dropped + archive.droppedSignatures.filter { !dropped.contains($0) },
            missingPatches: patches.missing)
    }

    private static func check(_ version: Version, isNewIn draft: ChannelDraft) throws(PublishingFault) {
        let archived = draft.staging.releases(of: draft.role).filter(\.isArchived)
        if archived.contains(where: { $0.listed.facts.version == version }) {
            throw PublishingFault(
                .versionExists, found: "\(version), in the archive", at: "\(draft.role)",
                hint: "choose the next version")
        }
        let listed = ListedRelease.all(in: draft.content).map(\.facts.version)
        guard !listed.contains(version) else {
            throw PublishingFault(.versionExists, found: "\(version)", at: "\(draft.role)")
        }
        if let newest = (listed + archived.map(\.listed.facts.version)).max(), version < newest {
            throw PublishingFault(
                .versionNotNewer, found: "\(version)", expected: "newer than \(newest)", at: "\(draft.role)")
        }
    }

    // MARK: files

    private struct PackedFile {
        let name: ReleaseFileName
        let digest: Digest
        let target: TargetFile
        let path: FilePath
    }

    private struct PackedFiles {
        let manifest: ReleaseManifest
        let all: [PackedFile]
    }

    /// Makes every other file of the release beside the archive; nothing of it is staged yet.
    private func packFiles(
        _ request: Request, _ begun: Begun, _ patches: [PatchMaking.Made]
    ) throws -> PackedFiles {
        let (storage, paths, packed) = (workspace.storage, begun.draft.paths, begun.packed)
        let archiveName = ReleaseFileName.archive(paths.product, request.version)
        let archivePath = place(archiveName)
        var files = [
            PackedFile(
                name: archiveName, digest: packed.sha256,
                target: Self.target(length: packed.bytes, packed.sha256, custom: nil), path: archivePath)
        ]
        files.append(try write(packed.listing.encoding, as: .listing))

        var manifest = ReleaseManifest(
            product: paths.product, channel: paths.channel, version: request.version, time: wholeSeconds(now),
            severity: request.severity, tree: ReleaseManifest.Tree(packed.listing),
            archive: ReleaseManifest.Archive(sha256: packed.sha256, bytes: packed.bytes))
        manifest.summary = request.summary
        manifest.install = begun.install.install
        manifest.updateFrom = begun.install.updateFrom
        manifest.rollout = begun.install.rollout
        if let notes = request.notes {
            let name = try ReleaseFileName("notes.md")
            manifest.notes = name
            files.append(try write(ReleaseInput.loadText(notes, storage), as: name))
        }
        for path in request.advisories {
            let (advisory, bytes) = try ReleaseInput.loadAdvisory(path, storage)
            manifest.advisories.append(advisory)
            files.append(try write(bytes, as: advisory.file))
        }
        for path in request.attachments {
            let name = try ReleaseInput.attachmentName(path)
            manifest.attachments.append(name)
            files.append(try copy(path, as: name))
        }
        manifest.patches = patches.map(\.patch)
        files += patches.map { made in
            PackedFile(
                name: made.patch.file, digest: made.patch.sha256,
                target: Self.target(length: made.patch.bytes, made.patch.sha256, custom: nil), path: made.path)
        }
        if let signing = begun.signing {
            manifest.hasMinisig = true
            files.append(try write(signing.sign(archivePath, of: manifest), as: manifest.minisigFile))
        }
        manifest.hasSums = true
        let custom = manifest.facts.encode()
        files.append(try write(try Self.encode(manifest), as: .manifest, custom: custom))
        files.append(try write(ReleaseSums.encode(files.map { ($0.name, $0.digest) }), as: .sums))
        return PackedFiles(manifest: manifest, all: files)
    }

    /// What a maintainer handed in twice is wrong usage; nobody gave us anything bad.
    private static func encode(_ manifest: ReleaseManifest) throws -> [UInt8] {
        do { return try manifest.encode() } catch {
            guard error.code == .duplicateFile else { throw error }
            throw PublishingFault(
                .unusableFile, found: "two files named \(error.found ?? "")", expected: "each name once",
                hint:
                    "rename or leave out one; the archive, its .minisig, release.json, tree.mtree, notes.md, SHA256SUMS "
                    + "and patches are the release's own")
        }
    }

    private func place(_ name: ReleaseFileName) -> FilePath { workspace.packing.appending("\(name)") }

    private func write(_ bytes: [UInt8], as name: ReleaseFileName, custom: JSONValue? = nil) throws -> PackedFile {
        try workspace.storage.write(bytes, to: place(name))
        let digest = Digest.sha256(of: bytes)
        let object: JSONObject? = if case .object(let object)? = custom { object } else { nil }
        return PackedFile(
            name: name, digest: digest, target: Self.target(length: bytes.count, digest, custom: object),
            path: place(name))
    }

    private func copy(_ source: FilePath, as name: ReleaseFileName) throws -> PackedFile {
        let hasher = SHA256Hasher()
        var length = 0
        let file = try ReadableFile(source)
        try workspace.storage.write(to: place(name)) { sink in
            try file.forEachChunk { chunk in
                length += chunk.count
                guard length <= Int(ReleaseLimits.fileBytes) else {
                    throw PublishingFault(
                        .unusableFile, expected: "at most \(ReleaseLimits.fileBytes) bytes", at: source.string)
                }
                hasher.update(chunk)
                try sink(chunk)
            }
        }
        let digest = hasher.finish()
        return PackedFile(
            name: name, digest: digest, target: Self.target(length: length, digest, custom: nil), path: place(name))
    }

    private static func target(length: Int, _ digest: Digest, custom: JSONObject?) -> TargetFile {
        TargetFile(length: length, hashes: ["sha256": ByteString(digest.hex)], custom: custom)
    }

    private func moveIntoPlace(_ files: PackedFiles, version: Version, _ paths: ReleasePaths) throws {
        for file in files.all {
            let stored = ReleasePaths.stored(paths.target(version, file.name), sha256: file.digest)
            let path = Workspace.file(stored, below: workspace.stagedTargets)
            try workspace.storage.makeDirectory(path.folder)
            try workspace.storage.rename(file.path, to: path)
        }
        try workspace.storage.removeTree(workspace.packing)
    }

    private func wholeSeconds(_ date: Date) -> Date {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down))
    }
}
