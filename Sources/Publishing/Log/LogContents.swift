import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

/// Entries that belong into a log, in their order.
protocol LoggedContents {
    /// Those that `ledger` has not. Throws `.loggedOtherwise` when one is logged with another content.
    func entries(missingIn ledger: LogLedger) throws -> [LogEntry]
}

/// What a publication puts into the log: all that is live afterwards and is not there yet. So beginning a log over an old
/// repository, or a second log, is nothing special.
struct LogContents: LoggedContents {
    let workspace: Workspace
    let set: PublicationSet
    let published: PublishedMetadata
    /// Where this log goes on from; nil when it is the first.
    var predecessor: LogNotice?

    /// In the order of the log: roots, releases, delegated roles, targets, snapshot.
    ///
    /// Throws `.loggedOtherwise` when something was logged with another content or would leave a gap, and
    /// `.metadataTooLong` for what is no entry.
    func entries(missingIn ledger: LogLedger) throws -> [LogEntry] {
        let isBeginning = predecessor != nil && ledger.size == 0
        let notice = isBeginning ? predecessor.map { [$0.entry(number: 1)] } ?? [] : []
        let entries =
            try notice
            + all { entry in
                do throws(LogFault) { return try ledger.holds(entry) ? nil : entry } catch { throw Self.fault(error) }
            } release: { role, version, digest in
                ledger.release(role, version) == digest
            }
        var ledger = ledger
        for entry in entries {
            do throws(LogFault) { try ledger.record(entry, at: ledger.size) } catch { throw Self.fault(error) }
        }
        return entries
    }

    private func all(
        _ select: (LogEntry) throws -> LogEntry?, release isKnown: (ByteString, ByteString, Digest) -> Bool
    ) throws -> [LogEntry] {
        var entries = try roots().compactMap(select)
        let roles = try roles()
        for release in try releases(roles) where !isKnown(release.role, release.version, release.digest) {
            let bytes = try workspace.loadTarget(
                release.listed.path, release.listed.file, limit: ReleaseLimits.manifestBytes)
            let entry = LogEntry(kind: .release, role: release.role, version: release.version, content: bytes)
            if let selected = try select(entry) { entries.append(selected) }
        }
        for metadata in roles.sorted(by: {
            ($0.role == .targets ? 1 : 0, $0.role) < ($1.role == .targets ? 1 : 0, $1.role)
        }) {
            let entry = Self.entry(
                metadata.role == .targets ? .targets : .delegated, metadata.role,
                metadata.content.header.version, metadata.bytes)
            if let selected = try select(entry) { entries.append(selected) }
        }
        let snapshot = try snapshot()
        let entry = Self.entry(.snapshot, .snapshot, snapshot.content.header.version, snapshot.bytes)
        if let selected = try select(entry) { entries.append(selected) }
        return entries
    }

    private static func entry(_ kind: LogEntry.Kind, _ role: RoleName, _ version: Int, _ bytes: [UInt8]) -> LogEntry {
        LogEntry(kind: kind, role: role.text, version: ByteString(String(version)), content: bytes)
    }

    // MARK: what will be live

    func roots() throws -> [LogEntry] {
        var roots = published.roots.map { (version: $0.content.header.version, bytes: $0.bytes) }
        for (role, version) in set.signedRoles where role == .root && !roots.contains(where: { $0.version == version })
        {
            guard let bytes = set.bytes(of: role.fileName(version: version)) else { continue }
            roots.append((version, bytes))
        }
        return roots.map { Self.entry(.root, .root, $0.version, $0.bytes) }
    }

    private func snapshot() throws -> UnverifiedMetadata<Snapshot> {
        let reference = try set.timestamp().content.snapshot
        if let bytes = set.bytes(of: RoleName.snapshot.fileName(version: reference.version)) {
            return try UnverifiedMetadata(decoding: bytes, role: .snapshot, limits: MetadataLimits())
        }
        guard let snapshot = published.snapshot, snapshot.content.header.version == reference.version else {
            throw PublishingFault(
                .malformedStaging, expected: "snapshot version \(reference.version)", at: "publication")
        }
        return snapshot
    }

    /// Targets and every delegated role, as the snapshot names them.
    private func roles() throws -> [UnverifiedMetadata<Targets>] {
        let live = [published.targets].compactMap(\.self) + published.delegated.values
        return try snapshot().content.meta.compactMap { name, file -> UnverifiedMetadata<Targets>? in
            guard let role = RoleName(metaName: name) else { return nil }
            let isRight = { (metadata: UnverifiedMetadata<Targets>) in
                metadata.role == role && metadata.content.header.version == file.version
            }
            guard let metadata = set.targetsMetadata.first(where: isRight) ?? live.first(where: isRight) else {
                throw PublishingFault(.malformedStaging, expected: "\(role) version \(file.version)", at: "publication")
            }
            return metadata
        }
    }

    private struct LoggedRelease {
        let role: ByteString
        let version: ByteString
        let digest: Digest
        let listed: ListedRelease
    }

    /// Every release that is listed, under its channel's role wherever it is listed: one that moves to the archive is
    /// no second one. Oldest first.
    private func releases(_ roles: [UnverifiedMetadata<Targets>]) throws -> [LoggedRelease] {
        var releases: [ByteString: LoggedRelease] = [:]
        for listed in roles.flatMap({ ListedRelease.all(in: $0.content) }) {
            guard let role = Self.channelRole(of: listed.path), let digest = listed.file.facts.sha256 else { continue }
            releases[listed.path] = LoggedRelease(
                role: role, version: listed.facts.version.text, digest: digest, listed: listed)
        }
        return releases.values.sorted {
            $0.role == $1.role ? $0.listed.facts.version < $1.listed.facts.version : $0.role < $1.role
        }
    }

    private static func channelRole(of path: ByteString) -> ByteString? {
        let parts = path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { ByteString(Array($0)) }
        guard parts.count == 4, let product = try? ProductName(parts[0]), let channel = try? ChannelName(parts[1])
        else { return nil }
        return ReleasePaths(product: product, channel: channel).role
    }

    static func fault(_ fault: LogFault) -> PublishingFault {
        switch fault.code {
        case .entryTooLong:
            PublishingFault(.metadataTooLong, found: fault.found, expected: fault.expected, at: fault.location)
        case .gap:
            PublishingFault(
                .loggedOtherwise, found: fault.found, expected: fault.expected, at: fault.location,
                hint: "something was published without the log: propose root again, with another log: "
                    + "sceau root propose --new-log-key FILE")
        default:
            PublishingFault(.loggedOtherwise, found: fault.found, expected: fault.expected, at: fault.location)
        }
    }
}
