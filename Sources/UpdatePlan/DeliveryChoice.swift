import Primitives
import Releases
import Signatures

/// One patch on the way to a release, and the release and tree that it makes.
package struct PatchStep: Hashable, Sendable {
    package let version: Version
    package let tree: Digest
    package let patch: ReleaseManifest.Patch

    package init(_ patch: ReleaseManifest.Patch, to manifest: ReleaseManifest) {
        (version, tree) = (manifest.version, manifest.tree.sha256)
        self.patch = patch
    }
}

/// How a release is to come to an instance: by a patch from the very tree that is installed, by a chain of two patches
/// over a release in between, or, always possible, by its archive. The choice is made from signed facts alone.
package struct DeliveryChoice: Hashable, Sendable {
    /// What is installed, and its tree.
    private let installed: Version
    private let tree: Digest
    private let release: ReleaseManifest

    package init(from installed: Version, tree: Digest, to release: ReleaseManifest) {
        (self.installed, self.tree, self.release) = (installed, tree, release)
    }

    /// The patch from what is installed, if there is one that is smaller than the archive.
    package var direct: PatchStep? { step(from: installed, tree, to: release, below: release.archive.bytes) }

    /// Releases that a chain might go over, best first: newer than what is installed, offered and not withdrawn, and
    /// with a patch to the release that leaves something to gain.
    package func between(_ offered: [ReleaseFacts]) -> [Version] {
        let usable = offered.filter { $0.withdrawal == nil }.map(\.version)
            .filter { $0 > installed && $0 < release.version }
        let patches = release.patches.filter { usable.contains($0.fromVersion) && $0.bytes < release.archive.bytes }
        var seen: Set<Version> = []
        return patches.sorted { ($0.bytes, $1.fromVersion) < ($1.bytes, $0.fromVersion) }
            .map(\.fromVersion).filter { seen.insert($0).inserted }
    }

    /// The smallest chain over one of `manifests`, if it is smaller than the archive.
    package func chain(over manifests: [ReleaseManifest]) -> [PatchStep]? {
        let chains: [[PatchStep]] = manifests.compactMap { between in
            guard installed < between.version, between.version < release.version,
                let second = step(
                    from: between.version, between.tree.sha256, to: release, below: release.archive.bytes),
                let first = step(
                    from: installed, tree, to: between, below: release.archive.bytes - second.patch.bytes)
            else { return nil }
            return [first, second]
        }
        return chains.min { $0.bytes < $1.bytes }
    }

    private func step(
        from version: Version, _ tree: Digest, to manifest: ReleaseManifest, below limit: Int
    ) -> PatchStep? {
        manifest.patches.filter { $0.fromVersion == version && $0.fromTree == tree && $0.bytes < limit }
            .min { $0.bytes < $1.bytes }
            .map { PatchStep($0, to: manifest) }
    }
}

extension [PatchStep] {
    /// Of all patches together; each is smaller than an archive may be.
    package var bytes: Int { reduce(0) { $0 + $1.patch.bytes } }
}
