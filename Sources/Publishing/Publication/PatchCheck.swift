import Archiving
import Patching
import Primitives
import Releases
import Signatures
import TUF

/// Checks that the patches of a new release are what its `release.json` says of them. Whether they make the tree was tried
/// when they were made, and every instance finds out again; one that does not costs it a download.
struct PatchCheck {
    let workspace: Workspace
    let published: PublishedMetadata

    /// The files themselves have been checked against `targets` for length and hash.
    func run(_ manifest: ReleaseManifest, _ targets: Targets) throws {
        for patch in manifest.patches {
            let path = manifest.paths.target(manifest.version, patch.file)
            guard let file = targets.targets[path], file.facts.sha256 == patch.sha256, file.length == patch.bytes,
                let place = try workspace.locate(path, patch.sha256)
            else { throw refused(path, "another patch", "the patch that release.json names") }
            let header: PatchHeader
            do {
                header = try PatchDecoder(unpacker: PatchCompression()).header(of: PatchFile(place))
            } catch let fault as PatchFault {
                throw refused(path, "[\(fault.codeText)] \(fault.message)", "a patch")
            }
            guard header.before == patch.fromTree else {
                throw refused(
                    path, "a patch from tree \(header.before)", "from \(patch.fromTree), as release.json says")
            }
            guard header.after == manifest.tree.sha256 else {
                throw refused(path, "a patch to tree \(header.after)", "to \(manifest.tree.sha256)")
            }
            try checkSource(patch, manifest, path)
        }
    }

    private func checkSource(_ patch: ReleaseManifest.Patch, _ manifest: ReleaseManifest, _ path: ByteString) throws {
        guard patch.fromVersion < manifest.version else {
            throw refused(path, "a patch from \(patch.fromVersion)", "from a release before \(manifest.version)")
        }
        let source = manifest.paths.manifest(patch.fromVersion)
        let listed = published.delegated.values.flatMap { ListedRelease.all(in: $0.content) }
            .first { $0.path == source }
        guard let listed, let tree = try? workspace.loadManifest(listed).tree else { return }
        guard tree.sha256 == patch.fromTree else {
            throw refused(
                path, "a patch from tree \(patch.fromTree)", "from \(tree.sha256), which is \(patch.fromVersion)")
        }
    }

    private func refused(_ path: ByteString, _ found: String, _ expected: String) -> PublishingFault {
        PublishingFault(
            .wouldBeRefused, found: found, expected: expected, at: "\(path)",
            hint: "take the release back and add it again")
    }
}
