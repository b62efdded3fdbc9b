import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures

/// `release.json`, format `sceau-release/1`: everything an agent needs to know about one release before it fetches it.
///
/// There is one accepted text for each value: `decode` encodes again and compares. A field this version does not know
/// is refused, unless it stands inside `extensions`.
package struct ReleaseManifest: Hashable, Sendable {
    package static let format: ByteString = "sceau-release/1"

    /// The installed tree, bound by the digest of its listing.
    package struct Tree: Hashable, Sendable {
        /// Digest of the listing's bytes.
        package var sha256: Digest
        /// Number of regular files.
        package var files: Int
        /// Sum of their sizes in bytes.
        package var bytes: Int

        package init(sha256: Digest, files: Int, bytes: Int) {
            self.sha256 = sha256
            self.files = files
            self.bytes = bytes
        }

        package init(_ listing: TreeListing) {
            self.init(sha256: listing.digest, files: listing.fileCount, bytes: listing.totalBytes)
        }
    }

    /// The whole tree as `<product>-<version>.tar.zst`.
    package struct Archive: Hashable, Sendable {
        package var sha256: Digest
        package var bytes: Int

        package init(sha256: Digest, bytes: Int) {
            self.sha256 = sha256
            self.bytes = bytes
        }
    }

    /// A file that turns an earlier release's tree into this one.
    package struct Patch: Hashable, Sendable {
        package var fromVersion: Version
        package var fromTree: Digest
        package var file: ReleaseFileName
        package var sha256: Digest
        package var bytes: Int

        package init(fromVersion: Version, fromTree: Digest, file: ReleaseFileName, sha256: Digest, bytes: Int) {
            self.fromVersion = fromVersion
            self.fromTree = fromTree
            self.file = file
            self.sha256 = sha256
            self.bytes = bytes
        }

        /// Thousandths of the archive's bytes, rounded up; 0 when there is no archive to speak of.
        package func perMille(of archive: Archive) -> Int {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: 1000)
            guard archive.bytes > 0, !overflow else { return 0 }
            return product / archive.bytes + (product % archive.bytes == 0 ? 0 : 1)
        }
    }

    package var product: ProductName
    package var channel: ChannelName
    package var version: Version
    /// When the release was made, in whole seconds.
    package var time: Date
    package var severity: Severity
    package var tree: Tree
    package var archive: Archive
    /// One line for people; may be empty.
    package var summary: ByteString = ""
    package var advisories: [AdvisoryID] = []
    /// The file with the release notes.
    package var notes: ReleaseFileName?
    package var patches: [Patch] = []
    /// What is to be done around the switch.
    package var install = InstallSection()
    /// The oldest release from which an instance may go to this one at once; nil: any.
    package var updateFrom: Version?
    /// Which share of instances may install it when; nil: all at once.
    package var rollout: Rollout?
    package var minimumAgentVersion: Version?
    package var attachments: [ReleaseFileName] = []
    /// Whether the archive is signed for minisign too. An agent does not need it.
    package var hasMinisig = false
    /// Whether there is a `SHA256SUMS`. Likewise.
    package var hasSums = false
    /// Fields of others and of later versions; they never decide anything here.
    package var extensions = JSONObject()

    package init(
        product: ProductName, channel: ChannelName, version: Version, time: Date, severity: Severity, tree: Tree,
        archive: Archive
    ) {
        self.product = product
        self.channel = channel
        self.version = version
        self.time = time
        self.severity = severity
        self.tree = tree
        self.archive = archive
    }

    package var paths: ReleasePaths { ReleasePaths(product: product, channel: channel) }
    package var facts: ReleaseFacts {
        ReleaseFacts(version: version, severity: severity, time: time, updateFrom: updateFrom, rollout: rollout)
    }
    package var archiveFile: ReleaseFileName { .archive(product, version) }
    package var minisigFile: ReleaseFileName { .minisig(product, version) }

    /// Every file of this release, `release.json` first: all the channel's metadata may list for this version.
    package var files: [ReleaseFileName] {
        [.manifest, archiveFile, .listing] + (notes.map { [$0] } ?? []) + advisories.map(\.file)
            + patches.map(\.file) + attachments + (hasMinisig ? [minisigFile] : []) + (hasSums ? [.sums] : [])
    }

    /// Throws when a limit is broken or two files have one name: called by `encode` and `decode`.
    func check() throws(ReleaseFault) {
        try Self.check(summary.count, atMost: ReleaseLimits.summaryBytes, "bytes of summary")
        try Self.check(advisories.count, atMost: ReleaseLimits.advisories, "advisories")
        try Self.check(patches.count, atMost: ReleaseLimits.patches, "patches")
        try Self.check(attachments.count, atMost: ReleaseLimits.attachments, "attachments")
        try install.check()
        var seen: Set<ReleaseFileName> = []
        for file in files where !seen.insert(file).inserted {
            throw ReleaseFault(.duplicateFile, found: "\"\(file)\"")
        }
    }

    private static func check(_ count: Int, atMost limit: Int, _ what: String) throws(ReleaseFault) {
        guard count <= limit else {
            throw ReleaseFault(.tooLarge, found: "\(count) \(what)", expected: "at most \(limit)", at: "release.json")
        }
    }
}
