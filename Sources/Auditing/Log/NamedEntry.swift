import CanonicalJSON
import Primitives
import Releases
import Signatures
import TUF
import TransparencyLog

/// The log entry that a file stands for: people hold `root.json` or `release.json`, and the log holds an entry of it.
package enum NamedEntry {
    /// The entry itself when `bytes` are one; else the entry that a publisher makes of this file.
    ///
    /// What a delegated role's metadata is called stands in no file, so it has to be said. Nil for a file that is none of
    /// what is logged.
    package static func of(_ bytes: [UInt8], role: ByteString?) -> LogEntry? {
        if let entry = try? LogEntry(decoding: bytes) { return entry }
        if let manifest = try? ReleaseManifest.decode(bytes) {
            let paths = ReleasePaths(product: manifest.product, channel: manifest.channel)
            return LogEntry(
                kind: .release, role: paths.role, version: ByteString("\(manifest.version)"), content: bytes)
        }
        let limits = MetadataLimits()
        if let root = try? UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: limits) {
            return metadata(.root, "root", root.content.header, bytes)
        }
        if let snapshot = try? UnverifiedMetadata<Snapshot>(decoding: bytes, role: .snapshot, limits: limits) {
            return metadata(.snapshot, "snapshot", snapshot.content.header, bytes)
        }
        if let targets = try? UnverifiedMetadata<Targets>(decoding: bytes, role: .targets, limits: limits) {
            let role = role ?? "targets"
            return metadata(role == "targets" ? .targets : .delegated, role, targets.content.header, bytes)
        }
        return nil
    }

    private static func metadata(
        _ kind: LogEntry.Kind, _ role: ByteString, _ header: PayloadHeader, _ bytes: [UInt8]
    ) -> LogEntry {
        LogEntry(kind: kind, role: role, version: ByteString("\(header.version)"), content: bytes)
    }

    /// The policy in a file of its own, or in a root. Throws `LogFault` or `MetadataFault`.
    package static func policy(in bytes: [UInt8]) throws -> WitnessPolicy {
        guard bytes.first == UInt8(ascii: "{") else { return try WitnessPolicy(decoding: ByteString(bytes)) }
        let root = try UnverifiedMetadata<Root>(decoding: bytes, role: .root, limits: MetadataLimits())
        guard let text = try root.content.witnessPolicy else { throw FollowFault(.noLog) }
        return try WitnessPolicy(decoding: text)
    }
}
