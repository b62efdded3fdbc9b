import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF

/// Takes back one role's staged version: its metadata, the signatures over it, and the staged files of releases that
/// nothing else lists. One unwanted role would hold up everything else that is staged.
package struct Discard: Sendable {
    private let workspace: Workspace
    package let staged: StagedRole
    /// Versions of releases that are staged in this role only.
    package let releases: [Version]
    /// Names of those whose signatures go.
    package var signatures: [String] { staged.entries.map(\.name) }
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
        let found = staging.roles.first { "\($0.role)" == name } ?? staging.roles.first { $0.role == channel }
        guard let found else {
            let names = staging.roles.map { "\($0.role)" }
            throw PublishingFault(
                .notStaged, found: "\"\(name)\"",
                expected: names.isEmpty ? "nothing, as nothing is staged" : "one of \(names.joined(separator: ", "))",
                at: workspace.staged.string)
        }
        self.workspace = workspace
        staged = found
        let targets = found.targets?.targets ?? [:]
        let others = staging.roles.filter { $0.role != found.role }.compactMap(\.targets?.targets)
        let own = targets.filter { path, file in !others.contains { $0[path] == file } }
        files = try own.keys.sorted().compactMap { path in
            guard Workspace.isSafe(path), let digest = own[path]?.facts.sha256 else { return nil }
            let file = Workspace.file(ReleasePaths.stored(path, sha256: digest), below: workspace.stagedTargets)
            return try workspace.storage.info(file)?.kind == .file ? file : nil
        }
        let live = staging.published.delegated[found.role]?.content.targets ?? [:]
        releases = ListedRelease.all(in: found.targets ?? WishedMetadata.empty)
            .filter { own[$0.path] != nil && live[$0.path] != $0.file }.map(\.facts.version)
    }

    /// Files first: given again after a stop, it goes on.
    package func run() throws {
        let lock = try workspace.lock()
        defer { withExtendedLifetime(lock) {} }
        try workspace.checkNothingInterrupted()
        guard try Staging.load(workspace).staged(staged.role)?.digest == staged.digest else {
            throw PublishingFault(
                .notStaged, found: "another \(staged.role)", expected: "the one that was shown",
                at: workspace.staged.string, hint: "somebody staged it anew meanwhile; look again")
        }
        for file in files { try workspace.storage.remove(file) }
        for folder in Set(files.map { $0.removingLastComponent().string }).sorted() {
            try removeEmptyFolders(from: FilePath(folder))
        }
        try workspace.unstage(staged.role, version: staged.version)
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
