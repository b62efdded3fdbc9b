import CanonicalJSON
import Primitives
import Signatures
import TUF

extension RepositorySimulator {
    /// Puts a witness policy into root, or takes it out. Publish root afterwards: `restartRoots` or `bumpRoot`.
    package func requireWitnesses(_ policy: ByteString?) {
        root.extra["x-sceau-witness-policy"] = policy.map(JSONValue.string)
    }

    /// What a publisher logs of the repository as it stands now, in its order: all roots, the roles that the snapshot
    /// names, the snapshot, and every `release.json` that a delegated role lists.
    package var logEntries: [[UInt8]] {
        var result = roots.enumerated().map { LogSimulator.entry("root", "root", String($0 + 1), $1) }
        let roles = [(RoleName.targets, targets)] + delegated.sorted { $0.key.text < $1.key.text }.map { ($0, $1) }
        for (role, metadata) in roles {
            let version = metadata.header.version
            guard let bytes = file(named: role.fileName(version: version)) else { continue }
            let kind = role == .targets ? "targets" : "delegated"
            result.append(LogSimulator.entry(kind, role.text, String(version), bytes))
        }
        let version = snapshot.header.version
        if let bytes = file(named: RoleName.snapshot.fileName(version: version)) {
            result.append(LogSimulator.entry("snapshot", "snapshot", String(version), bytes))
        }
        return result + roles.flatMap { role, metadata in releaseEntries(role, metadata) }
    }

    private func releaseEntries(_ role: RoleName, _ metadata: Targets) -> [[UInt8]] {
        metadata.targets.keys.sorted().compactMap { path in
            let parts = path.bytes.split(separator: UInt8(ascii: "/"))
            guard role != .targets, parts.count == 4, parts[3].elementsEqual("release.json".utf8),
                let content = contents[path]
            else { return nil }
            return LogSimulator.entry("release", role.text, String(decoding: parts[2], as: UTF8.self), content)
        }
    }
}

extension LogSimulator {
    /// Appends what the repository holds now and the log does not. A version that is logged with other bytes already is
    /// logged again: that is what a cheating publisher does.
    package func record(_ repository: RepositorySimulator) {
        let known = Set(entries)
        for entry in repository.logEntries where !known.contains(entry) { append(entry) }
    }
}
