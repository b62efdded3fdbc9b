internal import Glibc
import Primitives
import SystemPackage

extension DurableStorage {
    /// Removes a file or a link; nothing happens when there is none. The folder is flushed.
    package func remove(_ path: FilePath) throws(StorageFault) {
        guard try info(path) != nil else { return }
        try announce(.remove(path))
        guard unlink(path.string) == 0 || errno == ENOENT else { throw .current("unlink", at: path) }
        try flushDirectory(path.removingLastComponent())
    }

    /// Removes a tree; nothing happens when there is none. Links are removed, never followed.
    package func removeTree(_ path: FilePath) throws(StorageFault) {
        guard let info = try info(path) else { return }
        try announce(.remove(path))
        try unlinkTree(path, info)
        try flushDirectory(path.removingLastComponent())
    }

    private func unlinkTree(_ path: FilePath, _ info: FileInfo) throws(StorageFault) {
        guard info.kind == .directory else {
            guard unlink(path.string) == 0 else { throw .current("unlink", at: path) }
            return
        }
        // A tree may hold folders that even their owner may not write to.
        if info.permissions.rawValue & 0o700 != 0o700 { chmod(path.string, 0o700) }
        for name in try list(path) {
            let child = path.appending(name)
            if let childInfo = try self.info(child) { try unlinkTree(child, childInfo) }
        }
        guard rmdir(path.string) == 0 else { throw .current("rmdir", at: path) }
    }
}
