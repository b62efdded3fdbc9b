import DurableStorage
import Primitives
import SystemPackage

extension InstanceFolders {
    /// All that an agent puts into its state folder.
    var own: [FilePath] {
        [
            pinnedRoot, metadata, downloads, log, mirrors, journal, history, installed, lastError, hold, approved, seed,
            output, notices, lock, releases,
        ]
    }
}

extension Instance {
    /// A file system of its own has this in its topmost folder.
    private static let ofFileSystem = "lost+found"

    /// Throws `agent/foreign-state` unless the state folder may become the agent's, or is it already: once it is, whatever
    /// is in there and is not as the agent would have left it is cleared away (`mend`, `cleanUp`).
    func checkStateFolder() throws {
        guard !folders.state.starts(with: folders.prefix), !folders.prefix.starts(with: folders.state) else {
            throw AgentFault(
                .foreignState, found: "one inside the other", expected: "folders apart for state and prefix",
                at: "\(folders.state), \(folders.prefix)")
        }
        guard let foreign = try foreignInState() else { return }
        throw AgentFault(
            .foreignState, found: "\"\(foreign)\" in it", expected: "an empty folder, or none",
            at: folders.state.string)
    }

    /// The name of something in the state folder that no agent can have put there; nil when there is nothing such.
    func foreignInState() throws(StorageFault) -> String? {
        guard let info = try storage.info(folders.state) else { return nil }
        guard info.kind == .directory || info.kind == .link else { return folders.state.fileName }
        let names = try storage.list(folders.state).filter { $0 != Self.ofFileSystem }
        let known = Set(folders.own.compactMap(\.fileName))
        let temporary = Set(known.map { ".\($0).tmp" })
        if let unknown = names.first(where: { !known.contains($0) && !temporary.contains($0) }) { return unknown }
        // Names such as log or output are others' too; the lock comes before all, the root next.
        for file in [folders.lock, folders.pinnedRoot] where try storage.info(file)?.kind == .file { return nil }
        return names.first
    }
}
