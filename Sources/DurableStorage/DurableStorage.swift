internal import CLinux
internal import Glibc
import Primitives
import SystemPackage

/// All that the house does to this machine's files. A write is whole and flushed, or it did not happen.
///
/// Reading follows symbolic links; the caller decides which paths it names. Nothing here decides trust.
package struct DurableStorage: Sendable {
    /// Nil when nobody wants to know.
    private let observer: (any EffectObserver)?

    package init(observer: any EffectObserver = NoObserver()) {
        self.observer = observer is NoObserver ? nil : observer
    }

    /// For adapters that write by themselves: to be called just before each effect. Costs nothing when nobody listens.
    package func announce(_ effect: @autoclosure () -> DurableEffect) throws(StorageFault) {
        guard let observer else { return }
        try observer.willPerform(effect())
    }

    // MARK: writing

    /// The one way a file comes to be: temporary file beside it, bytes, flush, rename, flush of the folder.
    ///
    /// At every instant `path` holds what it held before or all that `produce` hands to its sink. A leftover of an
    /// earlier crash is overwritten; writers of one folder exclude each other by `lock`.
    package func write(
        to path: FilePath, mode: FilePermissions = .publicFile,
        producing produce: (_ sink: (UnsafeRawBufferPointer) throws -> Void) throws -> Void
    ) throws {
        let temporary = try temporaryPath(for: path)
        try announce(.write(temporary))
        do {
            let file = try WritableFile(creating: temporary, mode: mode)
            try produce { try file.append($0) }
            try announce(.flush(temporary))
            try file.finish()
            try rename(temporary, to: path)
        } catch {
            // After a fault the folder is as it was; after a crash the next write takes this name again.
            if (try? announce(.remove(temporary))) != nil { unlink(temporary.string) }
            throw error
        }
    }

    package func write(
        _ bytes: [UInt8], to path: FilePath, mode: FilePermissions = .publicFile
    ) throws {
        try write(to: path, mode: mode) { sink in try bytes.withUnsafeBytes { try sink($0) } }
    }

    /// Appends to a file that grows over several runs, making it when it is missing; flushed however `produce` ends.
    ///
    /// Not whole-or-nothing: after a fault or a crash the file holds some beginning of what was appended.
    package func append(
        to path: FilePath, mode: FilePermissions = .privateFile,
        producing produce: (_ file: WritableFile) throws -> Void
    ) throws {
        let isNew = try info(path) == nil
        try announce(.write(path))
        let file = try WritableFile(appendingTo: path, mode: mode)
        let outcome = Result { try produce(file) }
        do {
            try announce(.flush(path))
            try file.finish()
            if isNew { try flushDirectory(path.folder) }
        } catch {
            // What went wrong first is what a person needs to know.
            try outcome.get()
            throw error
        }
        try outcome.get()
    }

    /// Copies a file, durably.
    package func copy(_ source: FilePath, to path: FilePath, mode: FilePermissions = .publicFile) throws {
        let file = try ReadableFile(source)
        try write(to: path, mode: mode) { sink in try file.forEachChunk { try sink($0) } }
    }

    /// Makes `path` a symbolic link to `target`, replacing in one step what stood there. Durable.
    package func replaceLink(at path: FilePath, target: String) throws(StorageFault) {
        let temporary = try temporaryPath(for: path)
        unlink(temporary.string)
        try announce(.makeLink(temporary, target: target))
        guard symlink(target, temporary.string) == 0 else { throw .current("symlink", at: temporary) }
        try rename(temporary, to: path)
    }

    /// Renames, replacing a file that stands at `to`, and flushes the folders of both.
    package func rename(_ from: FilePath, to: FilePath) throws(StorageFault) {
        try announce(.rename(from: from, to: to))
        guard Glibc.rename(from.string, to.string) == 0 else { throw .current("rename", at: to) }
        try flushDirectory(to.folder)
        if from.folder != to.folder {
            try flushDirectory(from.folder)
        }
    }

    /// Renames a file or a whole tree to a name that must be free, and flushes the folders of both.
    package func renameExclusively(_ from: FilePath, to: FilePath) throws(StorageFault) {
        try announce(.rename(from: from, to: to))
        guard sceau_rename_exclusive(from.string, to.string) == 0 else { throw .current("rename", at: to) }
        try flushDirectory(to.folder)
        if from.folder != to.folder {
            try flushDirectory(from.folder)
        }
    }

    /// Makes a folder and those above it that are missing, each flushed into its parent.
    package func makeDirectory(_ path: FilePath, mode: FilePermissions = .publicDirectory) throws(StorageFault) {
        if let info = try info(path) {
            // A link may lead to a folder; what it leads to is found out by the first use.
            guard info.kind == .directory || info.kind == .link else {
                throw StorageFault(.exists, found: "a file", expected: "a folder", at: path.string)
            }
            return
        }
        let parent = path.folder
        if !parent.isEmpty { try makeDirectory(parent, mode: mode) }
        try announce(.makeDirectory(path))
        try placeDirectory(path, mode)
        try flushDirectory(parent)
    }

    /// Makes a folder that was not there, for this process's user alone. In a folder that others may write to, as `/tmp` is,
    /// one that somebody else put there is never taken over: throws `.exists`.
    package func makeOwnDirectory(_ path: FilePath) throws(StorageFault) {
        let parent = path.folder
        if !parent.isEmpty { try makeDirectory(parent) }
        try announce(.makeDirectory(path))
        guard mkdir(path.string, FilePermissions.privateDirectory.rawValue) == 0 else {
            throw .current("mkdir", at: path)
        }
        try flushDirectory(parent)
    }

    /// The mode is what was asked for, whatever the umask: a server has to be able to read what is published. The folder
    /// gets its name last. Under its name it would keep the mode that the umask left when the program is stopped before
    /// `chmod`, since nobody changes the mode of a folder that is there.
    private func placeDirectory(_ path: FilePath, _ mode: FilePermissions) throws(StorageFault) {
        let temporary = try temporaryPath(for: path)
        unlink(temporary.string)
        if mkdir(temporary.string, mode.rawValue) != 0 {
            guard errno == EEXIST else { throw .current("mkdir", at: path) }
            // Of an earlier stop, or of somebody who makes the same folder at this moment: as the same user. One that
            // another user put into a folder that all may write to would be that user's under its final name, too.
            guard let info = try info(temporary), info.kind == .directory, info.owner == user else {
                throw StorageFault(.exists, at: temporary.string)
            }
        }
        if chmod(temporary.string, mode.rawValue) == 0, Glibc.rename(temporary.string, path.string) == 0 { return }
        let fault = StorageFault.current("mkdir", at: path)
        rmdir(temporary.string)
        guard try info(path)?.kind == .directory else { throw fault }
    }

    /// Writes out everything of the file system that holds `path`: one call for a tree of thousands of new files.
    package func syncFileSystem(holding path: FilePath) throws(StorageFault) {
        try announce(.syncFileSystem(path))
        let descriptor = Glibc.open(path.string, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("open", at: path) }
        defer { close(descriptor) }
        guard sceau_sync_filesystem(descriptor) == 0 else { throw .current("syncfs", at: path) }
    }

    func flushDirectory(_ path: FilePath) throws(StorageFault) {
        let path = path.isEmpty ? FilePath(".") : path
        try announce(.flushDirectory(path))
        let descriptor = Glibc.open(path.string, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("open", at: path) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .current("fsync", at: path) }
    }

    private func temporaryPath(for path: FilePath) throws(StorageFault) -> FilePath {
        guard let name = path.fileName else {
            throw StorageFault(.failed, found: "a path without a file name", at: path.string)
        }
        return path.folder.appending(".\(name).tmp")
    }
}

extension FilePermissions {
    package static let publicFile = FilePermissions(rawValue: 0o644)
    package static let privateFile = FilePermissions(rawValue: 0o600)
    package static let publicDirectory = FilePermissions(rawValue: 0o755)
    package static let privateDirectory = FilePermissions(rawValue: 0o700)
}
