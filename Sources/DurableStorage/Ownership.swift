internal import Glibc
import Primitives
import SystemPackage

extension DurableStorage {
    /// The number of the user to whom a file or folder belongs; nil when there is none.
    package func owner(of path: FilePath) throws(StorageFault) -> UInt32? {
        var status = stat()
        if fstatat(AT_FDCWD, path.string, &status, 0) == 0 { return status.st_uid }
        guard errno == ENOENT || errno == ENOTDIR else { throw .current("stat", at: path) }
        return nil
    }

    /// Makes a folder, and nothing below it, belong to a user. Takes root.
    package func give(_ folder: FilePath, to user: UInt32, _ group: UInt32) throws(StorageFault) {
        guard lchown(folder.string, user, group) == 0 else { throw .current("chown", at: folder) }
    }

    /// Makes a whole tree belong to this process's user and group: links themselves, and never what they lead to. Takes
    /// root. Refuses a tree that is deeper than `depth`, or holds something that belongs neither to `user` nor to this
    /// process's user: whoever made the tree linked it in from elsewhere.
    ///
    /// Whoever made it must not run any more. Nothing of it counts before it was read back after this.
    package func take(_ tree: FilePath, from user: UInt32, depth: Int) throws(StorageFault) {
        try take(AT_FDCWD, tree.string, from: user, depth: depth, at: tree)
    }

    private func take(
        _ parent: Int32, _ name: UnsafePointer<CChar>, from user: UInt32, depth: Int, at tree: FilePath
    ) throws(StorageFault) {
        var status = stat()
        guard fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) == 0 else { throw .current("stat", at: tree) }
        guard status.st_uid == user || status.st_uid == geteuid(), depth >= 0 else {
            let found = depth < 0 ? "folders in folders without end" : "something that belongs to another user"
            throw StorageFault(.failed, found: found, at: tree.string)
        }
        guard fchownat(parent, name, geteuid(), getegid(), AT_SYMLINK_NOFOLLOW) == 0 else {
            throw .current("chown", at: tree)
        }
        guard status.st_mode & S_IFMT == S_IFDIR else { return }
        let descriptor = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0, let folder = fdopendir(descriptor) else { throw .current("open", at: tree) }
        defer { closedir(folder) }
        for name in try rawNames(in: folder, at: tree) {
            try take(descriptor, name, from: user, depth: depth - 1, at: tree)
        }
    }
}
