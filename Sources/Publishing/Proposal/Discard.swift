import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Takes back one role's staged version: its metadata, the signatures over it, and the staged files of releases that
/// nothing else lists. One unwanted role would hold up everything else that is staged.
///
/// A channel, its archive and the bins of that go together: a release that moves is in one of them, and must not end in
/// none.
package struct Discard: Sendable {
    private let workspace: Workspace
    package let staged: StagedRole
    /// What else goes, after it.
    package let others: [StagedRole]
    /// Versions of releases that are staged in these roles only.
    package let releases: [Version]
    /// Names of those whose signatures go.
    package let signatures: [String]
    private let files: [FilePath]

    /// Finds what goes; nothing is changed yet.
    ///
    /// - Parameter name: a role's name, or a channel's.
    package init(_ name: String, workspace: Workspace) throws {
        try workspace.check()
        try workspace.checkNothingInterrupted()
        let staging = try Staging.load(workspace)
        let channels = try workspace.loadPolicy()
        let channel = channels.channels.first { "\($0.name)" == name }.map { channels.role(of: $0.name) }
        let named = staging.roles.first { "\($0.role)" == name }?.role ?? channel
        let gone = named.map { staging.family(of: $0, channels) } ?? []
        guard let first = gone.first else {
            let names = staging.roles.map { "\($0.role)" }
            throw PublishingFault(
                .notStaged, found: "\"\(name)\"",
                expected: names.isEmpty ? "nothing, as nothing is staged" : "one of \(names.joined(separator: ", "))",
                at: workspace.staged.string)
        }
        self.workspace = workspace
        staged = first
        others = Array(gone.dropFirst())
        var names: [String] = []
        for entry in gone.flatMap(\.entries) where !names.contains(entry.name) { names.append(entry.name) }
        signatures = names
        let going = Set(gone.map(\.role))
        let staying = staging.roles.filter { !going.contains($0.role) }.compactMap(\.targets?.targets)
        let targets = gone.compactMap(\.targets?.targets).reduce(into: [:]) { $0.merge($1) { $1 } }
        let own = targets.filter { path, file in !staying.contains { $0[path] == file } }
        files = try own.keys.sorted().compactMap { path in
            guard Workspace.isSafe(path), let digest = own[path]?.facts.sha256 else { return nil }
            let file = Workspace.file(ReleasePaths.stored(path, sha256: digest), below: workspace.stagedTargets)
            return try workspace.storage.info(file)?.kind == .file ? file : nil
        }
        let live = staging.published.delegated.values
        releases = gone.flatMap { ListedRelease.all(in: $0.targets ?? WishedMetadata.empty) }
            .filter { listed in own[listed.path] != nil && !live.contains { $0.content.targets[listed.path] != nil } }
            .map(\.facts.version)
    }

    /// Files first: given again after a stop, it goes on.
    package func run() throws {
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        let staging = try Staging.load(workspace)
        for role in [staged] + others where staging.staged(role.role)?.digest != role.digest {
            throw PublishingFault(
                .notStaged, found: "another \(role.role)", expected: "the one that was shown",
                at: workspace.staged.string, hint: "somebody staged it anew meanwhile; look again")
        }
        for file in files { try workspace.storage.remove(file) }
        for folder in Set(files.map { $0.folder.string }).sorted() {
            try removeEmptyFolders(from: FilePath(folder))
        }
        // The channel first: what it no longer lists is then in two places, never in none.
        for role in [staged] + others { try workspace.unstage(role.role, version: role.version) }
    }

    /// A folder, and those above it up to `Staged/targets`, as long as nothing is in them.
    private func removeEmptyFolders(from folder: FilePath) throws {
        var folder = folder
        while folder != workspace.staged, folder.starts(with: workspace.staged) {
            guard try workspace.storage.info(folder) != nil, try workspace.storage.list(folder).isEmpty else { return }
            try workspace.storage.removeTree(folder)
            folder.removeLastComponent()
        }
    }
}

extension Staging {
    /// What is staged for a role, and for all that belong to the same channel: the channel's own, the archive's, the bins'.
    fileprivate func family(of role: RoleName, _ policy: Policy) -> [StagedRole] {
        let channel = policy.channels.map { policy.role(of: $0.name) }.first { roles(of: $0).contains(role) }
        return (channel.map { roles(of: $0) } ?? [role]).compactMap { staged($0) }
    }
}
