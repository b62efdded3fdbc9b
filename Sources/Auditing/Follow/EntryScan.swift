import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

/// What is of interest in new entries, taken down while they are read: what has to be had, and what was signed with keys
/// of the person who watches.
struct EntryScan {
    private let mine: [KeyholderKey]
    private let known: LogLedger
    private let limits: MetadataLimits
    /// Metadata and `release.json` files that the new entries promise.
    private(set) var promised: [MonitorState.MissingFile] = []
    /// The releases among the new entries.
    private(set) var releases: [ReleaseManifest] = []
    private(set) var alarms: [Alarm] = []

    /// - Parameter known: what was logged before.
    init(mine: [KeyholderKey], known: LogLedger, limits: MetadataLimits) {
        self.mine = mine
        self.known = known
        self.limits = limits
    }

    mutating func read(_ entry: LogEntry, at index: Int) {
        switch entry.kind {
        case .root, .targets, .snapshot, .delegated:
            guard let version = entry.number else { return }
            let role = RoleName(entry.role)
            promise(.metadata(role, version: version), entry)
            if !mine.isEmpty { scanSignatures(entry, role, at: index) }
        case .release: readRelease(entry, at: index)
        case .notice: break
        }
    }

    private mutating func promise(_ path: PublishedPath, _ entry: LogEntry) {
        promised.append(.init(path: path, sha256: entry.digest, length: entry.content.count))
    }

    private mutating func readRelease(_ entry: LogEntry, at index: Int) {
        guard let manifest = try? ReleaseManifest.decode(entry.content),
            case let paths = ReleasePaths(product: manifest.product, channel: manifest.channel),
            paths.role == entry.role, ByteString("\(manifest.version)") == entry.version
        else {
            alarms.append(
                Alarm(
                    .badRelease, about: "\(entry.role)/\(entry.version)/\(entry.digest.hex.prefix(16))",
                    found: entry.name, at: "log entry \(index)"))
            return
        }
        promise(.target(ReleasePaths.stored(paths.manifest(manifest.version), sha256: entry.digest)), entry)
        releases.append(manifest)
    }

    // MARK: did I sign this?

    private mutating func scanSignatures(_ entry: LogEntry, _ role: RoleName, at index: Int) {
        for key in mine where isSigned(entry, role, by: key.publicKey) {
            let releases = newReleases(entry, role)
            let news = releases.isEmpty ? "" : ", with \(releases.joined(separator: ", ")) new in it"
            alarms.append(
                Alarm(
                    // Of another log it may be another one.
                    .signedByYou, about: "\(key.name)/\(entry.role)/\(entry.version)/\(entry.digest.hex.prefix(16))",
                    found: "\(entry.name)\(news), by the key of \(key.name)",
                    at: "log entry \(index), sha256 \(entry.digest)"))
        }
    }

    private func isSigned(_ entry: LogEntry, _ role: RoleName, by key: PublicKey) -> Bool {
        switch entry.kind {
        case .root:
            isSigned(try? UnverifiedMetadata<Root>(decoding: entry.content, role: role, limits: limits), by: key)
        case .snapshot:
            isSigned(try? UnverifiedMetadata<Snapshot>(decoding: entry.content, role: role, limits: limits), by: key)
        default:
            isSigned(try? UnverifiedMetadata<Targets>(decoding: entry.content, role: role, limits: limits), by: key)
        }
    }

    /// Under whatever key id: an id is only a name.
    private func isSigned<Content>(_ metadata: UnverifiedMetadata<Content>?, by key: PublicKey) -> Bool {
        guard let metadata else { return false }
        return metadata.signatures.values.contains { signature in
            signature.map { key.isValid(signature: $0, for: metadata.signedBytes) } ?? false
        }
    }

    /// The releases that a channel lists and that were not logged before.
    private func newReleases(_ entry: LogEntry, _ role: RoleName) -> [String] {
        guard entry.kind == .delegated,
            let metadata = try? UnverifiedMetadata<Targets>(decoding: entry.content, role: role, limits: limits)
        else { return [] }
        return metadata.content.targets.keys.sorted().compactMap { path in
            let parts = path.bytes.split(separator: UInt8(ascii: "/")).map { ByteString(Array($0)) }
            guard parts.count == 4, parts[3] == "release.json", known.release(entry.role, parts[2]) == nil else {
                return nil
            }
            return "release \(parts[2])"
        }
    }
}
