internal import Glibc
import Primitives
import SystemPackage

/// An exclusive lock on a file (flock), held until this value is released or the process ends, however it ends.
package final class StorageLock: Sendable {
    private let descriptor: FileDescriptor

    fileprivate init(_ descriptor: FileDescriptor) {
        self.descriptor = descriptor
    }

    /// Closing alone would not do: a program that is being started just now has a copy of the descriptor for a moment.
    deinit {
        flock(descriptor.rawValue, LOCK_UN)
        try? descriptor.close()
    }
}

extension DurableStorage {
    /// Takes the lock at `path` or throws `.locked` at once. The lock file stays; removing it would split the lock.
    package func lock(_ path: FilePath) throws(StorageFault) -> StorageLock {
        let raw = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw .current("open", at: path) }
        let descriptor = FileDescriptor(rawValue: raw)
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
            let error = Errno(rawValue: errno)
            try? descriptor.close()
            if error == .wouldBlock { throw StorageFault(.locked, at: path.string) }
            throw StorageFault(error, "flock", at: path)
        }
        return StorageLock(descriptor)
    }
}
