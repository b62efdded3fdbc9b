import DurableStorage
import FoundationEssentials
import Primitives
import SecretKeys
import Signatures
import TUF
import TransparencyLog

/// A publication that is in the log and not live, and whose folder `Staged/publication` is gone: a workspace that was set
/// back, or somebody tidied up. What is logged stays, and instances wait for it; no other file can have these versions
/// any more. So it is made again from the log itself; only its timestamp is new.
struct LostPublication {
    let published: PublishedMetadata
    let snapshot: (version: Int, bytes: [UInt8])
    /// Roots, roles and the snapshot: all that is newer than what is live.
    let files: [PublicationSet.File]

    /// Nil when the newest snapshot that was logged is live.
    init?(in log: LogKeeper, over published: PublishedMetadata) throws {
        guard let logged = log.state.ledger.newest(RoleName.snapshot.text)?.version,
            logged > published.version(of: .snapshot)
        else { return nil }
        var newest: [RoleName: (version: Int, bytes: [UInt8])] = [:]
        for entry in try log.entries() {
            guard [.root, .targets, .delegated, .snapshot].contains(entry.kind),
                let role = RoleName(metaName: ByteString(entry.role.bytes + Array(".json".utf8))),
                let version = Int("\(entry.version)"), version > published.version(of: role)
            else { continue }
            newest[role] = (version, entry.content)
        }
        guard let snapshot = newest[.snapshot] else { return nil }
        self.published = published
        self.snapshot = snapshot
        files = newest.map { role, file in
            PublicationSet.File(name: role.fileName(version: file.version), bytes: file.bytes)
        }
    }
}

extension LogKeeper {
    /// All that was ever logged, live or not.
    fileprivate func entries() throws -> [LogEntry] {
        try BundleID.needed(size: state.size).flatMap { bundle in
            try EntryBundle.decode(file(bundle.path), width: bundle.width).map { try LogEntry(decoding: $0) }
        }
    }
}
