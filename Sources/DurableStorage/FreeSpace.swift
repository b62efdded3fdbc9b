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
}
