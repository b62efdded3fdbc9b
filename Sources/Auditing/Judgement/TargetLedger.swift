import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF

/// One target as signed metadata lists it.
package struct ListedTarget: Hashable, Sendable {
    /// As listed: `product/channel/version/file`.
    package let path: ByteString
    package let file: TargetFile
    package let sha256: Digest
    /// The metadata that listed it first.
    package let listedBy: PublishedPath

    package var stored: PublishedPath { .target(ReleasePaths.stored(path, sha256: sha256)) }
}

/// The files of one release as metadata lists them.
package struct ListedRelease: Sendable {
    package let paths: ReleasePaths
    package let version: Version
    package var files: [ReleaseFileName: ListedTarget] = [:]

    package var manifest: ListedTarget? { files[.manifest] }
    package var listing: ListedTarget? { files[.listing] }
    package var archive: ListedTarget? { files[.archive(paths.product, version)] }
}

/// Every target that any version of any role has ever listed. A name stands for one content for ever.
package struct TargetLedger: Sendable {
    private struct ReleaseKey: Hashable {
        let paths: ReleasePaths
        let version: Version
    }

    /// Every different content, in the order in which it was first listed.
    package private(set) var targets: [ListedTarget] = []
    private var contents: [ByteString: ListedTarget] = [:]
    private var files: [ReleaseKey: Set<ReleaseFileName>] = [:]
    private var order: [ReleaseKey] = []
    /// Which files of a release each role lists in the state at hand: a release in an archive is spread over bins.
    private var listings: [ReleaseKey: [RoleName: Set<ReleaseFileName>]] = [:]
    private var releasesOfRole: [RoleName: Set<ReleaseKey>] = [:]
    /// Releases whose listings have changed since the last state, and the metadata in which they did.
    private var changed: [ReleaseKey: PublishedPath] = [:]
    private let limit: Int

    package init(limit: Int) {
        self.limit = limit
    }

    /// Releases, in the order in which they were first listed.
    package var releases: [ListedRelease] {
        order.map { key in
            var release = ListedRelease(paths: key.paths, version: key.version)
            for file in files[key] ?? [] { release.files[file] = contents[key.paths.target(key.version, file)] }
            return release
        }
    }

    /// Takes in what one version of a role lists, in the place of what an earlier one did. `covers` says whether a path is
    /// delegated to it.
    package mutating func add(
        _ metadata: Verified<Targets>, covers: (ByteString) -> Bool, findings: FindingList
    ) {
        let source = PublishedPath.metadata(metadata.role, version: metadata.version)
        var releases: [ReleaseKey: Set<ReleaseFileName>] = [:]
        for (path, file) in metadata.content.targets.sorted(by: { $0.key < $1.key }) {
            if !covers(path) { findings.add(.outsideDelegation, found: "\"\(path)\"", at: source) }
            guard let sha256 = file.facts.sha256 else {
                findings.add(.unknownHash, found: "\"\(path)\"", at: source)
                continue
            }
            add(ListedTarget(path: path, file: file, sha256: sha256, listedBy: source), findings)
            if let (key, name) = Self.split(path) { releases[key, default: []].insert(name) }
        }
        replace(releases, of: metadata.role, source)
    }

    private mutating func replace(
        _ releases: [ReleaseKey: Set<ReleaseFileName>], of role: RoleName, _ source: PublishedPath
    ) {
        for key in (releasesOfRole[role] ?? []).union(releases.keys) where listings[key]?[role] != releases[key] {
            listings[key, default: [:]][role] = releases[key]
            changed[key] = source
        }
        releasesOfRole[role] = Set(releases.keys)
    }

    /// Once all roles of a state are taken in: a release has the files that it had in every state, whichever roles list
    /// them.
    package mutating func endState(findings: FindingList) {
        for (key, source) in changed.sorted(by: { $0.key.version < $1.key.version }) {
            let names = (listings[key] ?? [:]).values.reduce(into: Set()) { $0.formUnion($1) }
            if names.isEmpty { listings[key] = nil } else { add(key, names, source, findings) }
        }
        changed = [:]
    }

    private mutating func add(_ target: ListedTarget, _ findings: FindingList) {
        guard let first = contents[target.path] else {
            guard targets.count < limit else {
                findings.add(.limitReached, expected: "at most \(limit) targets", at: target.listedBy)
                return
            }
            contents[target.path] = target
            targets.append(target)
            return
        }
        guard first.file != target.file else { return }
        if first.file.isWithdrawn(by: target.file) {
            // From here on it is this that the name stands for.
            contents[target.path] = target
            return
        }
        // The digest decides where a file is stored; a second one is a second file, and is looked at too.
        let same = first.sha256 == target.sha256
        findings.add(
            .twoContents,
            found: "\(same ? "other facts" : target.sha256.hex) in \(target.listedBy)",
            expected: "\(same ? "those" : first.sha256.hex) in \(first.listedBy)",
            at: .target(target.path))
        if !same, !targets.contains(where: { $0.stored == target.stored }) { targets.append(target) }
    }

    private mutating func add(
        _ key: ReleaseKey, _ names: Set<ReleaseFileName>, _ source: PublishedPath, _ findings: FindingList
    ) {
        guard let known = files[key] else {
            files[key] = names
            order.append(key)
            return
        }
        for name in known.symmetricDifference(names).sorted() {
            findings.add(
                .twoContents, found: "\(known.contains(name) ? "no " : "")\(name) in \(source)",
                expected: "the files listed before", at: .target(key.paths.target(key.version, name)))
        }
        files[key] = known.union(names)
    }

    private static func split(_ path: ByteString) -> (ReleaseKey, ReleaseFileName)? {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"), maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, let product = try? ProductName(ByteString(Array(parts[0]))),
            let channel = try? ChannelName(ByteString(Array(parts[1])))
        else { return nil }
        let paths = ReleasePaths(product: product, channel: channel)
        return paths.split(path).map { (ReleaseKey(paths: paths, version: $0.version), $0.file) }
    }
}

extension TargetFile {
    /// Whether `newer` is this file with a first word that the release is withdrawn, and nothing else. That word is
    /// neither changed nor taken back later.
    fileprivate func isWithdrawn(by newer: TargetFile) -> Bool {
        guard facts == newer.facts, var expected = custom, case .object(var fields)? = expected["sceau"],
            fields[Withdrawal.field] == nil, let custom = newer.custom,
            let withdrawal = (try? ReleaseFacts.decode(.object(custom)))?.withdrawal
        else { return false }
        fields[Withdrawal.field] = withdrawal.json
        expected["sceau"] = .object(fields)
        return JSONValue.object(expected).canonicalEncoding == JSONValue.object(custom).canonicalEncoding
    }
}
