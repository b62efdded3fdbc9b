import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Checks what a new release holds for people without these tools: its `.minisig` and its `SHA256SUMS`.
struct ReleaseKeyCheck {
    let workspace: Workspace
    /// The release key of the root that is published, or about to be; nil: there must be no `.minisig`.
    let key: MinisignKey?

    /// `archive` as `targets` lists it, which has to be checked for length and hash here, where it is hashed once more.
    func run(_ manifest: ReleaseManifest, _ targets: Targets, archive: StagedFile) throws {
        try checkSums(manifest, targets)
        let path = manifest.paths.target(manifest.version, manifest.minisigFile)
        guard manifest.hasMinisig == (key != nil) else {
            throw PublishingFault(
                .wouldBeRefused, found: key == nil ? "a .minisig" : "no .minisig",
                expected: key == nil ? "none, as root names no release key" : "one by the release key that root names",
                at: "\(path)", hint: Self.hint)
        }
        guard let key, let file = targets.targets[path] else { return }
        let bytes = try workspace.loadTarget(path, file, limit: MinisignSignature.byteLimit)
        let hasher = BLAKE2bHasher()
        try archive.forEachChunk { hasher.update($0) }
        let comment: ByteString
        do { comment = try MinisignSignature.decode(bytes).verify(digest: hasher.finish(), by: key) } catch {
            throw PublishingFault(
                .wouldBeRefused, found: "[\(error.codeText)] \(error.message)", at: "\(path)", hint: Self.hint)
        }
        guard comment == manifest.minisigComment else {
            throw PublishingFault(
                .wouldBeRefused, found: "\"\(comment)\"", expected: "\"\(manifest.minisigComment)\"", at: "\(path)",
                hint: Self.hint)
        }
    }

    private static let hint = "take the release back and add it again with the release key that root names"

    private func checkSums(_ manifest: ReleaseManifest, _ targets: Targets) throws {
        let path = manifest.paths.target(manifest.version, .sums)
        let others = manifest.files.filter { $0 != .sums }.compactMap { name in
            targets.targets[manifest.paths.target(manifest.version, name)]?.facts.sha256.map { (name, $0) }
        }
        let expected = ReleaseSums.encode(others)
        guard manifest.hasSums, let file = targets.targets[path] else {
            throw PublishingFault(.wouldBeRefused, found: "no \(ReleaseFileName.sums)", expected: "one", at: "\(path)")
        }
        guard file.length == expected.count,
            try workspace.loadTarget(path, file, limit: expected.count) == expected
        else {
            throw PublishingFault(
                .wouldBeRefused, found: "other digests or names", expected: "those of the release's files",
                at: "\(path)")
        }
    }
}

extension PublicationSet {
    /// The root that is in force once this is live; nil when there is none at all.
    func root(over published: PublishedMetadata) throws -> Root? {
        guard let file = files.last(where: { StagedRole.role(ofFileName: $0.name) == .root }) else {
            return published.root?.content
        }
        return try UnverifiedMetadata<Root>(decoding: file.bytes, role: .root, limits: MetadataLimits()).content
    }
}
