import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

extension Look {
    /// The metadata as an instance would take it, held against what is logged.
    func lookAtMetadata() throws {
        var offered: [OfferedVersion] = []
        var channels: [Verified<Targets>] = []
        do {
            try refresh(&offered, &channels)
        } catch let fault as MetadataFault {
            let subject = (fault.location ?? fault.codeText).replacing(" version ", with: " ")
            ring(.badMetadata, about: subject, found: fault.message, at: source.name)
        }
        // A log that could not be read says nothing about what is not in it.
        guard hasReadLog else { return }
        for offer in offered { judge(offer) }
        for channel in channels { judgeReleases(of: channel) }
    }

    private func refresh(_ offered: inout [OfferedVersion], _ channels: inout [Verified<Targets>]) throws {
        var trusted = roots.trusted
        offered.append(version(of: .root, trusted.root.version, roots.newestBytes))
        try trusted.updateTimestamp(load(.metadata(RoleName.timestamp.fileName), .timestamp))
        guard let snapshotVersion = trusted.timestamp?.content.snapshot.version else { return }
        let bytes = try load(.metadata(.snapshot, version: snapshotVersion), .snapshot)
        try trusted.updateSnapshot(bytes)
        offered.append(version(of: .snapshot, snapshotVersion, bytes))
        guard let snapshot = trusted.snapshot?.content else { return }
        let targetsVersion = try trusted.metaFile(of: .targets).version
        let targetsBytes = try load(.metadata(.targets, version: targetsVersion), .targets)
        try trusted.updateTargets(targetsBytes)
        offered.append(version(of: .targets, targetsVersion, targetsBytes))
        var pending = [trusted.targets].compactMap(\.self)
        var reached: Set<RoleName> = [.targets]
        while let delegator = pending.popLast() {
            for role in Self.roles(delegatedBy: delegator, in: snapshot) where reached.insert(role).inserted {
                guard reached.count <= limits.rolesInSnapshot else { return }
                let number = try trusted.metaFile(of: role).version
                let bytes = try load(.metadata(role, version: number), role)
                let verified = try trusted.verifyDelegated(bytes, role: role, delegator: delegator)
                offered.append(version(of: role, number, bytes))
                pending.append(verified)
                channels.append(verified)
            }
        }
    }

    private static func roles(delegatedBy delegator: Verified<Targets>, in snapshot: Snapshot) -> [RoleName] {
        switch delegator.content.delegations?.roles {
        case .listed(let list)?: list.map(\.name)
        case .succinct(let bins)?: snapshot.roleNames.filter { bins.contains($0) }
        case nil: []
        }
    }

    private func version(of role: RoleName, _ version: Int, _ bytes: [UInt8]) -> OfferedVersion {
        OfferedVersion(role: role.text, version: version, digest: .sha256(of: bytes))
    }

    private func load(_ path: PublishedPath, _ role: RoleName) throws -> [UInt8] {
        guard let bytes = try read(path, limit: limits.metadata.length(of: role), else: .badMetadata) else {
            throw MetadataFault(.missing, expected: path.description, at: path.description)
        }
        return bytes
    }

    // MARK: against the log

    private func judge(_ offer: OfferedVersion) {
        let subject = "\(offer.role) \(offer.version)"
        do {
            switch try state.log.ledger.compare(offer) {
            case .current: break
            case .behind(let fault):
                ring(.notOffered, about: subject, found: fault.found, expected: fault.expected, at: source.name)
            case .unlogged(let fault): ring(.unlogged, about: subject, found: fault.expected, at: source.name)
            }
        } catch {
            ringSecond(subject, error)
        }
    }

    private func ringSecond(_ subject: String, _ fault: LogFault) {
        let about = Self.subject(subject, fault)
        ring(.secondContent, about: about, found: fault.found, expected: fault.expected, at: subject)
    }

    /// Every release is logged under its channel's role, whichever role lists it: one that moves to an archive is no
    /// second one.
    private func judgeReleases(of metadata: Verified<Targets>) {
        for (path, file) in metadata.content.targets.sorted(by: { $0.key < $1.key }) {
            let parts = path.bytes.split(separator: UInt8(ascii: "/")).map { ByteString(Array($0)) }
            guard parts.count == 4, parts[3] == "release.json", let digest = file.facts.sha256 else { continue }
            let role = ByteString("\(parts[0])-\(parts[1])")
            let subject = "release \(role) \(parts[2])"
            do {
                let verdict = try state.log.ledger.compare(release: parts[2], of: role, digest)
                if case .unlogged = verdict { ring(.unlogged, about: subject, found: subject, at: source.name) }
            } catch {
                ringSecond(subject, error)
            }
        }
    }
}
