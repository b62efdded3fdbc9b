import CanonicalJSON
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF

/// What changes in the releases of one channel: in its role, its archive and the bins of that together, since a release
/// that moves from one to another stays what it is.
struct ReleaseComparison {
    /// One file of a release, and the role that lists it.
    private struct Place: Hashable {
        let role: RoleName
        let path: ByteString
        let file: TargetFile
    }

    private struct Side {
        var places: Set<Place> = []
        var roles: Set<RoleName> { Set(places.map(\.role)) }
        /// Nil when a path is listed twice: nothing sensible can be said then.
        var files: [ByteString: TargetFile]? {
            var result: [ByteString: TargetFile] = [:]
            for place in places where result.updateValue(place.file, forKey: place.path) != nil { return nil }
            return result
        }
    }

    private let paths: ReleasePaths
    private let channel: RoleName
    private let stagedRoles: [RoleName]
    private let workspace: Workspace
    private let staging: Staging
    private(set) var changes: [Change.Kind] = []
    /// What the sentences above account for in each staged role.
    private(set) var explained: [RoleName: [ByteString: TargetFile?]] = [:]
    private var moved: [Change.Release] = []
    private var broughtBack: [Change.Release] = []
    private var rearranged: [Change.Release] = []
    private var dropped: [Change.Release] = []

    init(_ paths: ReleasePaths, roles: [RoleName], _ staging: Staging, _ workspace: Workspace) {
        self.paths = paths
        self.workspace = workspace
        self.staging = staging
        channel = RoleName(paths.role)
        stagedRoles = roles.filter { staging.staged($0) != nil }
        let before = Self.sides(paths, roles) { staging.published.delegated[$0]?.content }
        let after = Self.sides(paths, roles) { staging.content(of: $0) }
        for version in Set(before.keys).union(after.keys).sorted() {
            compare(version, before[version] ?? Side(), after[version] ?? Side())
        }
        finish()
    }

    private static func sides(
        _ paths: ReleasePaths, _ roles: [RoleName], content: (RoleName) -> Targets?
    ) -> [Version: Side] {
        var result: [Version: Side] = [:]
        for role in roles {
            for (path, file) in content(role)?.targets ?? [:] {
                guard let version = paths.split(path)?.version else { continue }
                result[version, default: Side()].places.insert(Place(role: role, path: path, file: file))
            }
        }
        return result
    }

    private mutating func compare(_ version: Version, _ old: Side, _ new: Side) {
        guard old.places != new.places, let before = old.files, let after = new.files else { return }
        let release = Change.Release(channel: paths.channel, version: version)
        if before.isEmpty {
            // Where it is added to an archive, it was never in the channel: no sentence for that.
            guard new.roles == [channel] else { return }
            return add(release, after)
        }
        if after.isEmpty {
            dropped.append(release)
            return account(old, [:], in: [])
        }
        guard describeMove(release, old, new) else { return }
        account(old, describeContent(release, before, after), in: new.places.map { ($0.role, $0.path) })
    }

    /// False when the release is in part here and in part there, which is nothing that these tools do.
    private mutating func describeMove(_ release: Change.Release, _ old: Side, _ new: Side) -> Bool {
        let isBefore = old.roles == [channel]
        let isAfter = new.roles == [channel]
        guard isBefore || !old.roles.contains(channel), isAfter || !new.roles.contains(channel) else { return false }
        let homes = { (side: Side) in Set(side.places.map { [$0.role.text, $0.path] }) }
        switch (isBefore, isAfter) {
        case (true, false): moved.append(release)
        case (false, true): broughtBack.append(release)
        case (false, false):
            if homes(old) != homes(new), Set(old.places.map(\.path)) == Set(new.places.map(\.path)) {
                rearranged.append(release)
            }
        case (true, true): break
        }
        return true
    }

    /// What is expected in staged roles where the release was and where it will be.
    private mutating func account(
        _ old: Side, _ files: [ByteString: TargetFile], in places: [(role: RoleName, path: ByteString)]
    ) {
        for place in old.places where stagedRoles.contains(place.role) {
            explained[place.role, default: [:]].updateValue(nil, forKey: place.path)
        }
        for place in places where stagedRoles.contains(place.role) {
            explained[place.role, default: [:]].updateValue(files[place.path], forKey: place.path)
        }
    }

    // MARK: a release that was published

    /// The sentences on what changes in a published release, and its files as far as these describe them.
    private mutating func describeContent(
        _ release: Change.Release, _ before: [ByteString: TargetFile], _ after: [ByteString: TargetFile]
    ) -> [ByteString: TargetFile] {
        var files = before
        let manifest = paths.manifest(release.version)
        let changed = Set(before.keys).union(after.keys).filter { path in
            before[path]?.facts != after[path]?.facts
        }
        for path in changed { files[path] = after[path]?.described(custom: before[path]?.custom) }
        if !changed.isEmpty {
            changes.append(.changesFiles(release, changed.compactMap { paths.split($0)?.file.text }.sorted()))
        }
        if let old = before[manifest], let new = after[manifest], let custom = describeCustom(release, old, new) {
            files[manifest] = new.described(custom: custom)
        }
        return files
    }

    /// `custom` as the sentences describe it; nil when it is as before.
    private mutating func describeCustom(
        _ release: Change.Release, _ old: TargetFile, _ new: TargetFile
    ) -> JSONObject? {
        guard old.custom != new.custom else { return nil }
        var custom = old.custom ?? JSONObject()
        var fields = custom.sceau
        if let before = old.releaseFacts?.asReleased, let after = new.releaseFacts?.asReleased, before != after {
            changes.append(.changesFacts(release, from: before, to: after))
            for member in before.fields.members { fields[member.name] = nil }
            for member in after.fields.members { fields[member.name] = member.value }
        }
        switch (old.withdrawal, new.withdrawal) {
        case (nil, let after?):
            changes.append(.withdraws(release, reason: after.reason, time: after.time))
            fields[Withdrawal.field] = after.json
        case (.some, nil) where new.custom?.sceau[Withdrawal.field] == nil:
            changes.append(.reinstates(release))
            fields[Withdrawal.field] = nil
        case (let before?, let after?) where before != after:
            changes.append(.changesWithdrawal(release, from: before.reason, to: after.reason))
            fields[Withdrawal.field] = after.json
        default: break
        }
        custom["sceau"] = .object(fields)
        return custom
    }

    // MARK: a new release

    private mutating func add(_ release: Change.Release, _ files: [ByteString: TargetFile]) {
        let path = paths.manifest(release.version)
        guard let file = files[path], let facts = file.releaseFacts, facts.version == release.version else { return }
        let manifest = try? workspace.loadManifest(ListedRelease(path: path, file: file, facts: facts))
        let found = look(at: files)
        changes.append(
            .adds(
                Change.AddedRelease(
                    release: release, severity: facts.severity, manifest: manifest,
                    switching: manifest.map { staging.switchReview($0, workspace) },
                    problems: manifest.map { problems($0, facts, files) + found.problems } ?? [],
                    absent: found.absent)))
        for (each, file) in files {
            let isNamed = manifest?.files.contains { paths.target(release.version, $0) == each } ?? false
            guard each == path || isNamed else { continue }
            let custom: JSONObject? = each == path ? ["sceau": .object(facts.fields)] : nil
            explained[channel, default: [:]].updateValue(file.described(custom: custom), forKey: each)
        }
    }

    /// What an agent would refuse, and what no sentence speaks of.
    private func problems(
        _ manifest: ReleaseManifest, _ facts: ReleaseFacts, _ files: [ByteString: TargetFile]
    ) -> [String] {
        var result: [String] = []
        let (said, listed) = (manifest.facts, facts)
        if manifest.paths != paths || said.version != listed.version || said.severity != listed.severity
            || said.time != listed.time
        {
            result.append(
                "its release.json is of \(manifest.product) \(manifest.version) in \(manifest.channel), severity "
                    + "\(manifest.severity), made \(UTCTime.encode(manifest.time))")
        }
        if said.updateFrom != listed.updateFrom || said.rollout != listed.rollout {
            result.append("its release.json says otherwise which instances get it when")
        }
        for file in manifest.files where files[paths.target(facts.version, file)] == nil {
            result.append("\(file) is named in its release.json and not listed")
        }
        let archive = files[paths.archive(facts.version)]
        if let archive, archive.facts.sha256 != manifest.archive.sha256 || archive.length != manifest.archive.bytes {
            result.append("its release.json names another archive than is listed")
        }
        if let listing = files[paths.listing(facts.version)], listing.facts.sha256 != manifest.tree.sha256 {
            result.append("its release.json names another listing than is listed")
        }
        for patch in manifest.patches {
            let listed = files[paths.target(facts.version, patch.file)]
            if let listed, listed.facts.sha256 != patch.sha256 || listed.length != patch.bytes {
                result.append("its release.json names another patch from \(patch.fromVersion) than is listed")
            }
        }
        if !manifest.extensions.members.isEmpty {
            result.append("its extensions cannot be described by this version of sceau")
        }
        return result
    }

    /// Compares the files that are here with what is listed; an archive's digest is in `release.json`, and nobody waits
    /// for a gigabyte to be read before a review.
    private func look(at files: [ByteString: TargetFile]) -> (problems: [String], absent: [String]) {
        var problems: [String] = []
        var absent: [String] = []
        for (path, file) in files.sorted(by: { $0.key < $1.key }) {
            guard let (version, name) = paths.split(path), path != paths.archive(version),
                path != paths.manifest(version)
            else { continue }
            let digest = file.facts.sha256
            guard let digest, (try? workspace.locate(path, digest)) != nil, file.length <= Self.largestRead else {
                absent.append("\(name) (sha256 \(digest?.hex ?? "not given"), \(ByteSize.text(file.length)))")
                continue
            }
            if (try? workspace.loadTarget(path, file, limit: Self.largestRead)) == nil {
                problems.append("\(name) is not the file that is listed")
            }
        }
        return (problems, absent)
    }

    /// Bytes of a file that is read for a review.
    private static let largestRead = 64 << 20

    private mutating func finish() {
        func newestFirst(_ releases: [Change.Release]) -> [Change.Release] { releases.reversed() }
        let count = stagedRoles.count
        if !moved.isEmpty { changes.append(.moves(newestFirst(moved), files: count)) }
        if !broughtBack.isEmpty { changes.append(.bringsBack(newestFirst(broughtBack))) }
        if !rearranged.isEmpty { changes.append(.rearranges(newestFirst(rearranged))) }
        if !dropped.isEmpty { changes.append(.drops(newestFirst(dropped))) }
    }
}

extension TargetFile {
    fileprivate var releaseFacts: ReleaseFacts? { custom.flatMap { try? ReleaseFacts.decode(.object($0)) } }

    fileprivate var withdrawal: Withdrawal? { releaseFacts?.withdrawal }

    /// Length and SHA-256 with `custom`, and nothing else.
    fileprivate func described(custom: JSONObject?) -> TargetFile {
        TargetFile(
            length: length, hashes: facts.hashes["sha256"].map { ["sha256": $0] } ?? [:], custom: custom)
    }
}

extension ReleaseFacts {
    /// The fields that sentences speak of, in their one spelling.
    fileprivate var fields: JSONObject {
        if case .object(let custom) = asReleased.encode() { custom.sceau } else { JSONObject() }
    }
}

extension JSONObject {
    fileprivate var sceau: JSONObject { if case .object(let object)? = self["sceau"] { object } else { JSONObject() } }
}
