import DurableStorage
import SystemPackage

extension Instance {
    /// Clears away what stands where the agent keeps something of another kind: a folder or a link in the place of a file,
    /// a file in the place of a folder. What it was counts as lost, like a file that cannot be read as what it should be.
    /// With the lock held, before anything is read. Not so a hold: it counts, whatever it is, until somebody takes it back.
    func mend() throws {
        let files = [
            folders.journal, folders.installed, folders.history, folders.lastError, folders.approved, folders.seed,
            folders.mirrors, folders.notices,
        ]
        for file in files {
            try remove(file, unless: .file)
        }
        try mend(folders.metadata, holding: .file)
        try mend(folders.downloads, holding: .file)
        try mend(folders.log, holding: .file)
        try mend(folders.output, holding: .file)
        try mend(folders.releases, holding: .directory)
        for release in try content(of: folders.releases) { try mend(release, holding: .file) }
    }

    private func mend(_ folder: FilePath, holding kind: FileInfo.Kind) throws {
        try remove(folder, unless: .directory)
        for child in try content(of: folder) { try remove(child, unless: kind) }
    }

    private func content(of folder: FilePath) throws -> [FilePath] {
        guard try storage.info(folder) != nil else { return [] }
        return try storage.list(folder).map { folder.appending($0) }
    }

    private func remove(_ path: FilePath, unless kind: FileInfo.Kind) throws {
        guard let info = try storage.info(path), info.kind != kind else { return }
        try storage.removeTree(path)
    }
}
