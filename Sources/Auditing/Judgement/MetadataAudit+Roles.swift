import Primitives
import Releases
import Signatures
import TUF

/// The newest version of a targets role that an audit has loaded.
struct LoadedRole: Sendable {
    let version: Int
    let metadata: UnverifiedMetadata<Targets>
    let facts: FileFacts
    /// Delegators (and their versions) under which it was verified, and the outcome.
    var delegators: Set<Delegator> = []
    var verified: Verified<Targets>?

    var isAccepted: Bool { verified != nil }
}

/// One version of the metadata that delegates to a role.
struct Delegator: Hashable, Sendable {
    let role: RoleName
    let version: Int
}

extension MetadataAudit {
    // MARK: loading

    /// The version of `role` that `snapshot` lists, checked against length and hashes; nil when there is none to judge.
    mutating func loadRole(
        _ role: RoleName, in snapshot: Snapshot, at path: PublishedPath, load: Loader
    ) throws -> LoadedRole? {
        guard let meta = snapshot.meta[role.metaName] else {
            findings.add(.roleNotInSnapshot, found: "\(role)", at: path)
            return nil
        }
        let place = PublishedPath.metadata(role, version: meta.version)
        let known = roles[role]
        if let known, known.version == meta.version {
            checkSameContent(known, meta, place, listedBy: path)
            return known
        }
        // A lowered version has been reported; what it held was judged when it was new.
        guard meta.version > known?.version ?? 0 else { return nil }
        try loadVersions(of: role, between: known?.version ?? 0, and: meta.version, load: load)
        named.insert(place)
        guard let bytes = try load(role, meta.version) else {
            findings.add(.versionGap, at: place)
            return nil
        }
        do { try meta.facts.check(bytes, at: "") } catch {
            findings.add(AuditFinding(error, at: place))
            return nil
        }
        guard let metadata: UnverifiedMetadata<Targets> = decode(bytes, role, version: meta.version) else { return nil }
        note(metadata.content)
        let loaded = LoadedRole(version: meta.version, metadata: metadata, facts: FileFacts(of: bytes))
        roles[role] = loaded
        return loaded
    }

    /// Versions that no believed snapshot lists: not there is a gap, there is an orphan, unless a snapshot that was
    /// refused or is missing lists it, or may have.
    private mutating func loadVersions(of role: RoleName, between low: Int, and high: Int, load: Loader) throws {
        var version = low + 1
        while version < high, !findings.isFull {
            let place = PublishedPath.metadata(role, version: version)
            let isExcused = !named.insert(place).inserted || hasHole
            if let bytes = try load(role, version) {
                if isExcused {
                    if let metadata: UnverifiedMetadata<Targets> = decode(bytes, role, version: version) {
                        note(metadata.content)
                    }
                } else {
                    findings.add(.orphan, at: place)
                }
            } else {
                findings.add(.versionGap, at: place)
            }
            version += 1
        }
    }

    private mutating func note(_ targets: Targets) {
        for (path, file) in targets.targets {
            guard let sha256 = file.facts.sha256 else { continue }
            named.insert(.target(ReleasePaths.stored(path, sha256: sha256)))
        }
    }

    /// One version of a role has one content, whichever snapshot lists it.
    private mutating func checkSameContent(
        _ known: LoadedRole, _ meta: MetaFile, _ place: PublishedPath, listedBy path: PublishedPath
    ) {
        let sameLength = meta.facts.length == nil || meta.facts.length == known.facts.length
        let sameDigest = meta.facts.sha256 == nil || meta.facts.sha256 == known.facts.sha256
        guard !sameLength || !sameDigest else { return }
        findings.add(
            .twoContents, found: "\(meta.facts.sha256?.hex ?? "another length") in \(path)",
            expected: known.facts.sha256?.hex, at: place)
    }

    /// Decodes metadata published as `version`; what is wrong with it is a finding.
    mutating func decode<Content>(
        _ bytes: [UInt8], _ role: RoleName, version: Int
    ) -> UnverifiedMetadata<Content>? {
        let path = PublishedPath.metadata(role, version: version)
        do {
            let metadata = try UnverifiedMetadata<Content>(decoding: bytes, role: role, limits: limits.metadata)
            let found = metadata.content.header.version
            guard found == version else {
                findings.add(.wrongVersion, found: "\(found)", expected: "\(version)", at: path)
                return nil
            }
            return metadata
        } catch {
            findings.add(AuditFinding(error, at: path))
            return nil
        }
    }

    /// The metadata, believed; too few signatures are a finding.
    mutating func verify<Content>(
        _ metadata: UnverifiedMetadata<Content>, by signers: RoleSigners, at path: PublishedPath
    ) -> Verified<Content>? {
        do { return try signers.verify(metadata) } catch {
            findings.add(AuditFinding(error, at: path))
            return nil
        }
    }

    /// The loaded version of `role`, believed in the eyes of `delegator`. Signatures are verified once for each.
    mutating func verifyRole(
        _ role: RoleName, by signers: RoleSigners, of delegator: Delegator
    ) -> Verified<Targets>? {
        guard var loaded = roles[role] else { return nil }
        if loaded.delegators.contains(delegator) { return loaded.verified }
        guard let verified = verify(loaded.metadata, by: signers, at: .metadata(role, version: loaded.version)) else {
            return nil
        }
        signatures += signers.threshold
        loaded.delegators.insert(delegator)
        loaded.verified = verified
        roles[role] = loaded
        return verified
    }

    // MARK: delegations

    /// The paths of all targets that the newest state lists.
    var currentTargets: Set<ByteString> {
        reached.reduce(into: Set()) { paths, role in
            paths.formUnion(roles[role]?.metadata.content.targets.keys.map(\.self) ?? [])
        }
    }

    /// Judges every role that `top` delegates to, directly or not, in breadth.
    mutating func judgeDelegations(
        of top: Verified<Targets>, in snapshot: Snapshot, at path: PublishedPath, load: Loader
    ) throws {
        reached = []
        var isWhole = true
        var pending = [Reached(role: top, covers: { _ in true })]
        while let delegator = pending.popLast() {
            for name in Self.names(delegatedBy: delegator.role, in: snapshot) {
                let isNew = reached.insert(name).inserted
                guard let role = try judge(name, delegatedBy: delegator, in: snapshot, at: path, load: load) else {
                    isWhole = false
                    continue
                }
                if isNew { pending.append(role) }
            }
        }
        if isWhole { checkAllDelegated(snapshot, at: path) }
    }

    /// A believed role, and whether a search for a path comes to it.
    private struct Reached {
        let role: Verified<Targets>
        let covers: (ByteString) -> Bool
    }

    private static func names(delegatedBy delegator: Verified<Targets>, in snapshot: Snapshot) -> [RoleName] {
        switch delegator.content.delegations?.roles {
        case .listed(let list)?: list.map(\.name)
        case .succinct(let bins)?: snapshot.roleNames.filter { bins.contains($0) }
        case nil: []
        }
    }

    /// The role's metadata as `delegator` sees it.
    private mutating func judge(
        _ name: RoleName, delegatedBy delegator: Reached, in snapshot: Snapshot, at path: PublishedPath,
        load: Loader
    ) throws -> Reached? {
        let parent = delegator.role
        guard let delegations = parent.content.delegations, let signers = delegations.signers(of: name),
            let role = try loadRole(name, in: snapshot, at: path, load: load),
            let verified = verifyRole(name, by: signers, of: Delegator(role: parent.role, version: parent.version))
        else { return nil }
        // A bin is responsible for a part of what its archive is responsible for.
        let covers = { (path: ByteString) in
            delegations.roles(covering: path).contains { $0.name == name } && delegator.covers(path)
        }
        if !role.isAccepted { ledger.add(verified, covers: covers, findings: findings) }
        return Reached(role: verified, covers: covers)
    }

    /// What a snapshot lists, somebody has to answer for; a role that once was accepted may stay listed.
    private mutating func checkAllDelegated(_ snapshot: Snapshot, at path: PublishedPath) {
        for name in snapshot.roleNames where name != .targets && !reached.contains(name) {
            let version = snapshot.meta[name.metaName]?.version
            guard roles[name]?.version != version || roles[name]?.isAccepted != true else { continue }
            findings.add(.notDelegated, found: "\(name)", at: path)
        }
    }
}

extension Snapshot {
    /// The roles listed, in byte order.
    var roleNames: [RoleName] {
        let suffix = Array(".json".utf8)
        return meta.keys.filter { $0.bytes.count > suffix.count && $0.bytes.suffix(suffix.count).elementsEqual(suffix) }
            .map { RoleName(ByteString(Array($0.bytes.dropLast(suffix.count)))) }.sorted()
    }
}
