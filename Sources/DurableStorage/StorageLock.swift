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
    ///
    /// With `naming` the file holds the number of the process that has the lock, and `.locked` says it.
    package func lock(_ path: FilePath, naming: Bool = false) throws(StorageFault) -> StorageLock {
        let raw = open(path.string, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard raw >= 0 else { throw .current("open", at: path) }
        let descriptor = FileDescriptor(rawValue: raw)
        guard flock(raw, LOCK_EX | LOCK_NB) == 0 else {
            let error = Errno(rawValue: errno)
            let holder = naming ? Self.holder(descriptor) : nil
            try? descriptor.close()
            if error == .wouldBlock {
                throw StorageFault(.locked, found: holder.map { "process \($0)" }, at: path.string)
            }
            throw StorageFault(error, "flock", at: path)
        }
        if naming { Self.writeHolder(descriptor) }
        return StorageLock(descriptor)
    }

    private static let longestNumber = 20

    /// That it cannot be written, on a full disk, is no reason to do without the lock.
    private static func writeHolder(_ file: FileDescriptor) {
        guard (try? file.resize(to: 0)) != nil else { return }
        _ = try? file.writeAll(toAbsoluteOffset: 0, Array("\(getpid())\n".utf8))
    }

    /// Nil just after it was taken, or when something else stands there.
    private static func holder(_ file: FileDescriptor) -> Int32? {
        var buffer = [UInt8](repeating: 0, count: longestNumber)
        let count = buffer.withUnsafeMutableBytes { try? file.read(fromAbsoluteOffset: 0, into: $0) }
        return Int32(String(decoding: buffer.prefix(count ?? 0).prefix { $0 != 0x0A }, as: UTF8.self))
    }
}
