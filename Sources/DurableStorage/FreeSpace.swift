internal import Glibc
import Primitives
import SystemPackage

extension DurableStorage {
    /// Bytes that this process may still write to the file system which holds `path`.
    package func freeBytes(at path: FilePath) throws(StorageFault) -> Int {
        var status = statvfs()
        guard statvfs(path.string, &status) == 0 else { throw .current("statvfs", at: path) }
        let (bytes, overflow) = status.f_bavail.multipliedReportingOverflow(by: status.f_frsize)
        return overflow ? Int.max : Int(clamping: bytes)
    }

    /// Files, folders and links that this process may still make there; `Int.max` where the file system knows no such limit.
    package func freeEntries(at path: FilePath) throws(StorageFault) -> Int {
        var status = statvfs()
        guard statvfs(path.string, &status) == 0 else { throw .current("statvfs", at: path) }
        return status.f_files == 0 ? Int.max : Int(clamping: status.f_favail)
    }

    /// Whether this process may make and remove files in the folder at `path`.
    package func isWritable(_ path: FilePath) -> Bool { access(path.string, W_OK | X_OK) == 0 }

    /// Whether nobody may write there, whoever they are.
    package func isReadOnly(_ path: FilePath) -> Bool { access(path.string, W_OK) != 0 && errno == EROFS }

    /// Whether this process may run the file at `path`, which may be a link to it.
    package func isExecutable(_ path: FilePath) -> Bool {
        var status = stat()
        guard stat(path.string, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
        return access(path.string, X_OK) == 0
    }

    /// The number of the user this process acts as.
    package var user: UInt32 { geteuid() }
}
