import DurableStorage
import Primitives
import SystemPackage
import TUF

/// The newest metadata in `Releases/`, decoded but not verified: what the next version is made from. Whether the result
/// is good is for the agent's own verification to say, before it goes live.
package struct PublishedMetadata: Sendable {
    /// Every root from the first on.
    package var roots: [UnverifiedMetadata<Root>] = []
    package var timestamp: UnverifiedMetadata<Timestamp>?
    package var snapshot: UnverifiedMetadata<Snapshot>?
    package var targets: UnverifiedMetadata<Targets>?
    /// Delegated roles that the snapshot lists.
    package var delegated: [RoleName: UnverifiedMetadata<Targets>] = [:]

    /// Nothing at all when there is no `timestamp.json`: a client cannot see the rest without it.
    package static func load(_ workspace: Workspace, limits: MetadataLimits = MetadataLimits()) throws -> Self {
        let loader = Loader(workspace: workspace, limits: limits)
        var result = PublishedMetadata()
        guard let timestamp: UnverifiedMetadata<Timestamp> = try loader.load(.timestamp, "timestamp.json") else {
            return result
        }
        result.timestamp = timestamp
        result.roots = try loader.loadRoots()
        let snapshotVersion = timestamp.content.snapshot.version
        let snapshot: UnverifiedMetadata<Snapshot> = try loader.need(.snapshot, version: snapshotVersion)
        result.snapshot = snapshot
        for (name, file) in snapshot.content.meta {
            guard let role = RoleName(metaName: name) else { continue }
            let metadata: UnverifiedMetadata<Targets> = try loader.need(role, version: file.version)
            if role == .targets { result.targets = metadata } else { result.delegated[role] = metadata }
        }
        return result
    }

    package var isEmpty: Bool { timestamp == nil }
    package var root: UnverifiedMetadata<Root>? { roots.last }

    /// 0 when the role has not been published.
    package func version(of role: RoleName) -> Int {
        switch role {
        case .root: root?.content.header.version ?? 0
        case .timestamp: timestamp?.content.header.version ?? 0
        case .snapshot: snapshot?.content.header.version ?? 0
        case .targets: targets?.content.header.version ?? 0
        default: delegated[role]?.content.header.version ?? 0
        }
    }

    private struct Loader {
        let workspace: Workspace
        let limits: MetadataLimits

        func load<Content: Payload>(_ role: RoleName, _ name: String) throws -> UnverifiedMetadata<Content>? {
            let path = workspace.liveMetadata.appending(name)
            guard let bytes = try workspace.storage.readIfPresent(path, limit: limits.length(of: role)) else {
                return nil
            }
            do { return try UnverifiedMetadata(decoding: bytes, role: role, limits: limits) } catch {
                throw PublishingFault(.malformedMetadata, found: error.message, at: path.string)
            }
        }

        func need<Content: Payload>(_ role: RoleName, version: Int) throws -> UnverifiedMetadata<Content> {
            let name = role.fileName(version: version)
            guard let found: UnverifiedMetadata<Content> = try load(role, name) else {
                throw PublishingFault(
                    .malformedMetadata, expected: name, at: workspace.liveMetadata.string,
                    hint: "Releases/ is incomplete; bring it back from a mirror or a backup")
            }
            return found
        }

        func loadRoots() throws -> [UnverifiedMetadata<Root>] {
            var roots: [UnverifiedMetadata<Root>] = []
            while let next: UnverifiedMetadata<Root> = try load(.root, RoleName.root.fileName(version: roots.count + 1))
            {
                roots.append(next)
            }
            return roots
        }
    }
}

extension RoleName {
    /// The role of a name such as `ROLE.json` in a snapshot's table.
    init?(metaName: ByteString) {
        let suffix = Array(".json".utf8)
        guard metaName.count > suffix.count, metaName.bytes.suffix(suffix.count).elementsEqual(suffix) else {
            return nil
        }
        self.init(ByteString(Array(metaName.bytes.dropLast(suffix.count))))
    }
}
