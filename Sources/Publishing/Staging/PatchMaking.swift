import Archiving
import DurableStorage
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import Updating

/// What `release add` is busy with when it makes patches; bytes of files, done and in all.
package enum PatchWork: Hashable, Sendable {
    case unpacking(Version)
    case making(from: Version, done: Int, of: Int)
    case trying(from: Version, done: Int, of: Int)
}

/// A patch that was wished for and is not published, and why. A release is not held up by that: there is the archive.
package struct MissingPatch: Hashable, Sendable {
    package let from: Version
    /// Lower case.
    package let reason: String
}

/// Makes patches to a new release, from releases as they are published, and applies each as an agent will before it
/// counts.
struct PatchMaking {
    /// The new tree.
    struct Goal {
        let tree: FilePath
        let listing: TreeListing
        let version: Version
        let archiveBytes: Int
    }

    struct Made {
        let patch: ReleaseManifest.Patch
        let path: FilePath
    }

    /// A patch with more thousandths of the archive's bytes than this is not worth a place on every mirror.
    static let largestPerMille = 600

    let workspace: Workspace
    let paths: ReleasePaths
    let progress: @Sendable (PatchWork) -> Void

    private var storage: DurableStorage { workspace.storage }
    // Nothing in a release can have such a name.
    private var oldTree: FilePath { workspace.packing.appending(".old") }
    private var tryout: FilePath { workspace.packing.appending(".new") }

    /// Patches from `sources`, in the same order. Faults of one patch are said and left behind; only being cancelled ends it.
    func make(from sources: [ListedRelease], to goal: Goal) async throws -> (made: [Made], missing: [MissingPatch]) {
        var (made, missing): ([Made], [MissingPatch]) = ([], [])
        for source in sources {
            let version = source.facts.version
            do {
                made.append(try await patch(from: source, to: goal))
            } catch let fault as any ReportableFault {
                let reason = (fault as? PublishingFault)?.found ?? "[\(fault.codeText)] \(fault.message)"
                missing.append(MissingPatch(from: version, reason: reason))
            }
            for folder in [oldTree, tryout] { try storage.removeTree(folder) }
        }
        return (made, missing)
    }

    private func patch(from source: ListedRelease, to goal: Goal) async throws -> Made {
        let version = source.facts.version
        let name = try ReleaseFileName.patch(paths.product, from: version, to: goal.version)
        progress(.unpacking(version))
        let listing = try unpack(source)
        let bytes = try await encode(from: listing, version, to: goal)
        let patch = ReleaseManifest.Patch(
            fromVersion: version, fromTree: listing.digest, file: name, sha256: Digest.sha256(of: bytes),
            bytes: bytes.count)
        let share = patch.perMille(of: ReleaseManifest.Archive(sha256: patch.sha256, bytes: goal.archiveBytes))
        guard share <= Self.largestPerMille else {
            throw leftOut("it would have \((share + 9) / 10) % of the archive's bytes")
        }
        let path = workspace.packing.appending("\(name)")
        try storage.write(bytes, to: path)
        try tryOut(path, from: listing, version, to: goal)
        return Made(patch: patch, path: path)
    }

    /// Unpacks the published archive, checked against its listing, and returns that.
    private func unpack(_ source: ListedRelease) throws -> TreeListing {
        let version = source.facts.version
        let manifest = try workspace.loadManifest(source)
        guard let listingFile = try workspace.locate(paths.listing(version), manifest.tree.sha256),
            let archive = try workspace.locate(paths.archive(version), manifest.archive.sha256)
        else { throw leftOut("its archive is not here") }
        let listing = try TreeListing.decode(storage.read(listingFile, limit: TreeLimits().listingBytes))
        guard listing.digest == manifest.tree.sha256 else {
            throw leftOut("its listing is not the one that was signed")
        }
        try TreeExtractor().extract(
            archive, expectedDigest: manifest.archive.sha256, listing: listing, into: oldTree, storage: storage)
        return listing
    }

    private func encode(from listing: TreeListing, _ version: Version, to goal: Goal) async throws -> [UInt8] {
        let progress = progress
        let encoder = PatchEncoder(packer: PatchCompression())
        return try await encoder.encode(
            from: listing, TreeFiles(oldTree), to: goal.listing, TreeFiles(goal.tree)
        ) { progress(.making(from: version, done: $0.done, of: $0.total)) }.bytes
    }

    private func tryOut(_ patch: FilePath, from listing: TreeListing, _ version: Version, to goal: Goal) throws {
        let limits = PatchLimits(memory: ReleaseSizeLimits().patchMemory)
        let made = try TreePatcher(limits: limits).apply(
            patch, to: oldTree, listing: listing, expected: goal.listing.digest, into: tryout, storage: storage
        ) { progress(.trying(from: version, done: $0.done, of: $0.total)) }
        if let difference = try TreeVerifier().verify(tryout, against: made).first {
            throw leftOut("it did not make the new tree: \(difference.description)")
        }
    }

    private func leftOut(_ reason: String) -> PublishingFault { PublishingFault(.unusablePatch, found: reason) }
}

extension Staging {
    /// The newest published releases of a channel and its archive, withdrawn ones included: instances may run them.
    func newestPublished(_ count: Int, of channel: RoleName) -> [ListedRelease] {
        var seen: Set<Version> = []
        return roles(of: channel).compactMap { published.delegated[$0]?.content }
            .flatMap { ListedRelease.all(in: $0) }
            .sorted { $0.facts.version > $1.facts.version }
            .filter { seen.insert($0.facts.version).inserted }
            .prefix(max(0, count)).map(\.self)
    }
}
