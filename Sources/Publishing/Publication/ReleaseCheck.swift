import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Checks the files of new releases as an agent will: lengths and hashes, `release.json`, listing, and the archive by
/// reading it against the listing with the agent's own extractor, which writes nothing here.
struct ReleaseCheck {
    let workspace: Workspace
    let published: PublishedMetadata

    /// Every target must be staged or live; every release that is not live yet must be whole.
    func run(_ set: PublicationSet) throws {
        try checkNothingFell(set)
        for target in set.targets { try checkFile(target) }
        let keyCheck = ReleaseKeyCheck(workspace: workspace, key: try set.root(over: published)?.minisignKey())
        for metadata in set.targetsMetadata {
            let live = published.delegated[metadata.role]?.content
            for listed in ListedRelease.all(in: metadata.content) where live?.targets[listed.path] != listed.file {
                let manifest = try checkFacts(listed)
                // Else it is only withdrawn, or moved to another role. It was checked when it went live, and its
                // archive may have been signed by an earlier release key.
                if !isLive(listed) { try check(manifest, listed, in: metadata, keyCheck) }
            }
        }
    }

    /// What was listed before is taken by its length: it was checked when it went live, and the audit reads every byte.
    private func checkFile(_ target: PublicationSet.Target) throws {
        let staged = Workspace.file(target.stored, below: workspace.stagedTargets)
        if try workspace.storage.info(staged) != nil {
            return try StagedFile(path: staged, target: target).forEachChunk { _ in }
        }
        let live = Workspace.file(target.stored, below: workspace.liveTargets)
        guard let info = try workspace.storage.info(live), info.kind == .file, info.size == target.file.length else {
            throw PublishingFault(.stagedFileMissing, at: "\(target.stored)")
        }
        if isListed(target.path, target.file.facts, first: target.role) { return }
        try StagedFile(path: live, target: target).forEachChunk { _ in }
    }

    /// What a role listed stays listed: by the same role, or by another that it was moved to, as it was.
    private func checkNothingFell(_ set: PublicationSet) throws(PublishingFault) {
        var next = published.delegated.mapValues(\.content)
        for metadata in set.targetsMetadata { next[metadata.role] = metadata.content }
        for metadata in set.targetsMetadata {
            let former = published.delegated[metadata.role]?.content.targets ?? [:]
            for (path, file) in former.sorted(by: { $0.key < $1.key }) {
                if metadata.content.targets[path]?.facts == file.facts { continue }
                if next.values.contains(where: { $0.targets[path]?.facts == file.facts }) { continue }
                throw PublishingFault(
                    .wouldBeRefused, found: "\(path) in no role any more",
                    expected: "what was published, in the channel or its archive", at: "\(metadata.role)",
                    hint: "what is published stays so: sceau release withdraw or retire instead")
            }
        }
    }

    /// Whether any role lists this very `release.json`, with whatever custom facts.
    private func isLive(_ listed: ListedRelease) -> Bool { isListed(listed.path, listed.file.facts, first: nil) }

    /// Whether a published role lists the file: it was checked when it went live.
    private func isListed(_ path: ByteString, _ facts: FileFacts, first role: RoleName?) -> Bool {
        if let role, published.delegated[role]?.content.targets[path]?.facts == facts { return true }
        return published.delegated.values.contains { $0.content.targets[path]?.facts == facts }
    }

    private func checkFacts(_ listed: ListedRelease) throws -> ReleaseManifest {
        let place = "\(listed.path)"
        let manifest = try refusing(place) { try workspace.loadManifest(listed) }
        guard manifest.paths.manifest(manifest.version) == listed.path, manifest.facts == listed.facts.asReleased else {
            throw PublishingFault(
                .wouldBeRefused, found: "\(manifest.product) \(manifest.version) in \(manifest.channel)",
                expected: "what the path and custom facts say", at: place)
        }
        return manifest
    }

    private func check(
        _ manifest: ReleaseManifest, _ listed: ListedRelease, in metadata: UnverifiedMetadata<Targets>,
        _ keyCheck: ReleaseKeyCheck
    ) throws {
        let place = "\(listed.path)"
        let named = Set(manifest.files.map { manifest.paths.target(manifest.version, $0) })
        let present = Set(metadata.content.targets.keys.filter { manifest.owns($0) })
        if let other = named.symmetricDifference(present).min() {
            throw PublishingFault(
                .wouldBeRefused, found: "\(other) in one of release.json and \(metadata.role)", expected: "in both",
                at: place)
        }
        let archive = try checkTree(manifest, metadata, place)
        try PatchCheck(workspace: workspace, published: published).run(manifest, metadata.content)
        try keyCheck.run(manifest, metadata.content, archive: archive)
    }

    /// Returns the archive.
    private func checkTree(
        _ manifest: ReleaseManifest, _ metadata: UnverifiedMetadata<Targets>, _ place: String
    ) throws -> StagedFile {
        let targets = metadata.content
        let listingPath = manifest.paths.listing(manifest.version)
        let archivePath = manifest.paths.archive(manifest.version)
        guard let listingFile = targets.targets[listingPath], let archiveFile = targets.targets[archivePath],
            archiveFile.facts.sha256 == manifest.archive.sha256, archiveFile.length == manifest.archive.bytes,
            let archive = try workspace.locate(archivePath, manifest.archive.sha256)
        else {
            throw PublishingFault(.wouldBeRefused, expected: "the archive that release.json names", at: place)
        }
        let bytes = try workspace.loadTarget(listingPath, listingFile, limit: TreeLimits().listingBytes)
        let listing = try refusing("\(listingPath)") { try TreeListing.decode(bytes) }
        guard ReleaseManifest.Tree(listing) == manifest.tree else {
            throw PublishingFault(
                .wouldBeRefused, found: "listing \(listing.digest)", expected: "\(manifest.tree.sha256)", at: place)
        }
        try refusing(place) { try manifest.install.check(fits: listing) }
        try refusing("\(archivePath)") {
            try TreeExtractor().check(archive, expectedDigest: manifest.archive.sha256, listing: listing)
        }
        return StagedFile(
            path: archive,
            target: PublicationSet.Target(
                role: metadata.role, path: archivePath, file: archiveFile, digest: manifest.archive.sha256))
    }

    /// What an agent would refuse, said in the publisher's terms; this machine's own faults pass as they are.
    private func refusing<Result>(_ place: String, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch let fault as any ReportableFault {
            guard fault.family == .refusal, !(fault is PublishingFault) else { throw fault }
            throw PublishingFault(.wouldBeRefused, found: "[\(fault.codeText)] \(fault.message)", at: place)
        }
    }
}

extension ReleaseManifest {
    /// Whether a target path is in this release's folder.
    fileprivate func owns(_ path: ByteString) -> Bool {
        path.bytes.starts(with: "\(product)/\(channel)/\(version)/".utf8)
    }
}

/// A staged target, read to its end only if it is the one that was signed.
struct StagedFile {
    let path: FilePath
    let target: PublicationSet.Target

    /// Hands over every chunk, and throws at the end, or before, if length or digest are others.
    func forEachChunk(_ body: (UnsafeRawBufferPointer) throws -> Void) throws {
        let hasher = SHA256Hasher()
        var length = 0
        try ReadableFile(path).forEachChunk { chunk in
            length += chunk.count
            guard length <= target.file.length else { throw changed("more bytes", "\(target.file.length) bytes") }
            hasher.update(chunk)
            try body(chunk)
        }
        let found = hasher.finish()
        guard length == target.file.length else { throw changed("\(length) bytes", "\(target.file.length) bytes") }
        guard found == target.digest else { throw changed("sha256 \(found)", "\(target.digest)") }
    }

    private func changed(_ found: String, _ expected: String) -> PublishingFault {
        PublishingFault(.stagedFileChanged, found: found, expected: expected, at: path.string)
    }
}
