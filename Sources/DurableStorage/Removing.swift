internal import Glibc
import Primitives
import SystemPackage

extension DurableStorage {
    /// Removes a file or a link; nothing happens when there is none. The folder is flushed.
    package func remove(_ path: FilePath) throws(StorageFault) {
        guard try info(path) != nil else { return }
        try announce(.remove(path))
        guard unlink(path.string) == 0 || errno == ENOENT else { throw .current("unlink", at: path) }
        try flushDirectory(path.folder)
    }

    /// Removes a tree, whatever bytes its names are made of; nothing happens when there is none. Links are removed,
    /// never followed, also when somebody puts one in a folder's place meanwhile.
    package func removeTree(_ path: FilePath) throws(StorageFault) {
        guard let info = try info(path) else { return }
        try announce(.remove(path))
        if info.kind == .directory {
            try removeContent(of: try openFolder(AT_FDCWD, path.string, at: path), at: path)
            guard rmdir(path.string) == 0 else { throw .current("rmdir", at: path) }
        } else {
            guard unlink(path.string) == 0 else { throw .current("unlink", at: path) }
        }
        try flushDirectory(path.folder)
    }

    /// Takes over `descriptor`. `place` is for messages only: the name of the tree, wherever in it we are.
    private func removeContent(of descriptor: Int32, at place: FilePath) throws(StorageFault) {
        guard let folder = fdopendir(descriptor) else {
            close(descriptor)
            throw .current("fdopendir", at: place)
        }
        defer { closedir(folder) }
        for name in try rawNames(in: folder, at: place) {
            if unlinkat(descriptor, name, 0) == 0 { continue }
            guard errno == EISDIR else { throw .current("unlink", at: place) }
            try removeContent(of: try openFolder(descriptor, name, at: place), at: place)
            guard unlinkat(descriptor, name, AT_REMOVEDIR) == 0 else { throw .current("rmdir", at: place) }
        }
    }

    private func openFolder(
        _ parent: Int32, _ name: UnsafePointer<CChar>, at place: FilePath
    ) throws(StorageFault) -> Int32 {
        // A tree may hold folders that even their owner may not read or write to.
        fchmodat(parent, name, 0o700, AT_SYMLINK_NOFOLLOW)
        let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw .current("open", at: place) }
        fchmod(descriptor, 0o700)
        return descriptor
    }
}

/// The names in an open folder without `.` and `..`, as zero-terminated bytes: they need not be UTF-8.
func rawNames(in folder: OpaquePointer, at place: FilePath) throws(StorageFault) -> [[CChar]] {
    var names: [[CChar]] = []
    errno = 0
    while let entry = readdir(folder) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            bytes.prefix { $0 != 0 }.map { CChar(bitPattern: $0) } + [0]
        }
        if name != [0x2E, 0], name != [0x2E, 0x2E, 0] { names.append(name) }
        errno = 0
    }
    guard errno == 0 else { throw .current("readdir", at: place) }
    return names
}
