import FoundationEssentials
import Primitives
import Signatures
import TUF
import TransparencyLog

/// What is published and what is staged over it, read once: `review`, `sign` and `publish` judge the same bytes.
package struct Staging: Sendable {
    package let published: PublishedMetadata
    /// Root first, then targets, then the roles below it.
    package private(set) var roles: [StagedRole]
    /// Every role below targets, and who signs it.
    package let delegations: DelegationGraph

    package init(published: PublishedMetadata, roles: [StagedRole]) {
        self.published = published
        self.roles = roles
        var known = published.delegated.mapValues(\.content)
        for staged in roles where staged.role != .targets { known[staged.role] = staged.targets ?? known[staged.role] }
        let top = roles.first { $0.role == .targets }?.targets ?? published.targets?.content
        delegations = DelegationGraph(top: top, known: known)
        self.roles = roles.map { $0.countingOnce(signers(of: $0.role)) }
    }

    /// Throws `.untrustedPublication` when what is published does not follow from `Keys/root.json`: then nothing may be
    /// judged by it.
    package static func load(_ workspace: Workspace) throws -> Staging {
        Staging(published: try workspace.loadPublished(), roles: try workspace.loadStagedRoles())
    }

    package func staged(_ role: RoleName) -> StagedRole? { roles.first { $0.role == role } }

    /// The root that would be in force: the staged one, else the published one.
    package var root: Root? { staged(.root)?.rootContent ?? published.root?.content }
    package var targets: Targets? { staged(.targets)?.targets ?? published.targets?.content }

    /// The content of a role below targets as it would be: a channel's, its archive's, a bin's.
    package func content(of role: RoleName) -> Targets? {
        staged(role)?.targets ?? published.delegated[role]?.content
    }

    /// Whose thresholds a role has to meet: all of them. A new root needs the old root's and its own (TUF 5.3.4), a role
    /// below targets that of everybody who delegates to it.
    package func signers(of role: RoleName) -> [RoleSigners] {
        switch role {
        case .root:
            [published.root?.content, staged(.root)?.rootContent].compactMap { $0?.signers(of: .root) }
        case .targets:
            [root?.signers(of: .targets)].compactMap(\.self)
        default:
            delegations.node(role)?.delegators.map(\.signers) ?? []
        }
    }

    /// What stands in the way of a role besides missing signatures: what every instance would refuse.
    package func check(_ staged: StagedRole, now: Date) throws(PublishingFault) {
        let publishedVersion = published.version(of: staged.role)
        guard staged.version == publishedVersion + 1 else {
            throw PublishingFault(
                .wouldBeRefused, found: "\(staged.role) version \(staged.version)",
                expected: "version \(publishedVersion + 1), since \(publishedVersion) is published",
                at: staged.fileName, hint: "instances would see a rollback or a gap; stage it again")
        }
        guard staged.expires > now else {
            throw PublishingFault(
                .wouldBeRefused, found: "expiry \(UTCTime.encode(staged.expires))",
                expected: "later than \(UTCTime.encode(now))", at: staged.fileName, hint: "stage it again")
        }
        guard !signers(of: staged.role).isEmpty else {
            throw PublishingFault(
                .wouldBeRefused, found: "nobody who may sign \(staged.role)", expected: "a delegation to it",
                at: staged.fileName)
        }
        let signatures = signers(of: staged.role).reduce(0) { $0 + Self.signatures($1) }
        try Self.checkLength(staged, signatures: signatures)
        try Self.checkLogEntry(staged, signatures: signatures)
        try checkSnapshotLength(with: staged)
        try checkGuardRails(staged, now: now)
    }

    /// The most that a metadata file may have: one entry of a transparency log.
    package static let longestMetadata = 60 << 10
    /// A signature's share of a file: key id, signature, and the JSON around them.
    private static let signatureLength = 260

    /// Whether this can be an entry of a transparency log: its length with the entry's first line, and the role's name.
    private static func checkLogEntry(_ staged: StagedRole, signatures: Int) throws(PublishingFault) {
        let kind: LogEntry.Kind =
            switch staged.role {
            case .root: .root
            case .targets: .targets
            default: .delegated
            }
        let content = staged.file(with: [:]) + [UInt8](repeating: 0, count: signatures * signatureLength)
        let entry = LogEntry(
            kind: kind, role: staged.role.text, version: ByteString(String(staged.version)), content: content)
        do { _ = try entry.encoded } catch {
            throw PublishingFault(
                error.code == .entryTooLong ? .metadataTooLong : .wouldBeRefused, found: error.message,
                expected: "what a log can hold", at: staged.fileName)
        }
    }

    /// The snapshot names every role, and is logged too.
    private func checkSnapshotLength(with staged: StagedRole) throws(PublishingFault) {
        var meta = published.snapshot?.content.meta ?? [:]
        guard staged.role != .root, meta[staged.role.metaName] == nil else { return }
        for role in roles where role.role != .root {
            meta[role.role.metaName] = MetaFile(version: role.version, facts: FileFacts(of: []))
        }
        let snapshot = Snapshot(header: PayloadHeader(version: .max, expires: staged.expires), meta: meta)
        // A length of five digits each, where these have one.
        let length = SignedFile(snapshot).bytes.count + Self.signatureLength + 4 * meta.count
        guard length <= Self.longestMetadata else {
            throw PublishingFault(
                .metadataTooLong, found: "a snapshot of \(length) bytes", expected: "at most \(Self.longestMetadata)",
                at: staged.fileName, hint: "there are too many channels, archives and bins for one product")
        }
    }

    /// How many signatures of ours a role's take the place of: RSA's are long.
    private static func signatures(_ signers: RoleSigners) -> Int {
        signers.keyIDs.reduce(0) { $0 + (signers.keys[$1]?.scheme == .rsaPSS ? 10 : 1) }
    }

    /// Bytes of the file with so many signatures, at most.
    static func length(_ staged: StagedRole, signatures: Int) -> Int {
        staged.file(with: [:]).count + signatures * signatureLength
    }

    static func checkLength(_ staged: StagedRole, signatures: Int) throws(PublishingFault) {
        let length = length(staged, signatures: signatures)
        guard length <= longestMetadata else {
            throw PublishingFault(
                .metadataTooLong, found: "\(length) bytes with signatures", expected: "at most \(longestMetadata)",
                at: staged.fileName)
        }
    }
}
