import Archiving
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// How the installed tree compares with what was signed.
package struct VerifyReport: Sendable {
    package let version: Version
    package let tree: Digest
    /// None: the tree is exactly the signed one.
    package let differences: [TreeDifference]
    /// The trusted metadata here lists this very release. False when it has left the channel, or metadata was lost:
    /// then the listing is the one that was checked when the release was installed.
    package let isListed: Bool
}

extension Agent {
    /// Compares the installed tree with its listing, byte for byte. Needs no network and changes nothing.
    package func verify() throws -> VerifyReport {
        let pinnedRoot = try pinnedRoot()
        try instance.checkNotLost()
        guard let installed = try instance.installation() else { throw AgentFault(.notInstalled) }
        let version = installed.version
        guard let kept = try instance.keptRelease(version, limits: configuration.limits.tree),
            installed.tree == kept.manifest.tree.sha256
        else { throw AgentFault(.unknownListing, at: folders.release(version).string) }
        let isListed = try checkListed(kept, pinnedRoot)
        ports.progress(.verifying(version))
        let links = try kept.manifest.sharedLinks(in: kept.listing)
        let differences = try verifier.verify(folders.tree(version), against: kept.listing, with: links)
        return VerifyReport(
            version: version, tree: kept.manifest.tree.sha256, differences: differences, isListed: isListed)
    }

    /// Whether the stored metadata lists the release as it was kept. When it lists another one, the kept one is false.
    private func checkListed(_ kept: Instance.KeptRelease, _ pinnedRoot: [UInt8]) throws -> Bool {
        guard let channel = storedChannel(pinnedRoot)?.channel,
            let target = try? channel.target(kept.manifest.version, .manifest)
        else { return false }
        let found = Digest.sha256(of: kept.manifestBytes)
        guard target.digest == found.hex else {
            throw AgentFault(
                .damagedTree, found: "release.json with sha256 \(found)", expected: target.digest,
                at: folders.release(kept.manifest.version).string)
        }
        return true
    }

    /// The channel as the stored metadata has it, signatures and all, but whether or not it has expired since: what was
    /// true of a release that is installed does not expire. Nil when the stored metadata is not whole.
    func storedChannel(_ pinnedRoot: [UInt8]) -> (channel: Channel, trusted: TrustedMetadataSet)? {
        let refresh = Refresh(
            pinnedRoot: pinnedRoot, store: ReadOnlyMetadataStore(base: metadataStore), paths: configuration.paths,
            time: Date(timeIntervalSince1970: 0))
        return (try? refresh.refresh(from: NoMirror(), into: refresh.store)).map { ($0.channel, $0.trusted) }
    }
}
