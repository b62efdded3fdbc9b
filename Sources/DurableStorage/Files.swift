internal import Glibc
import Primitives
import SystemPackage

/// A file open for reading, closed when released.
package final class ReadableFile: Sendable {
    package let path: FilePath
    package let descriptor: FileDescriptor

    /// Opens without waiting, so that a FIFO in the place of a file cannot hold the program up.
    package init(_ path: FilePath) throws(StorageFault) {
        let raw = open(path.string, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard raw >= 0 else { throw .current("open", at: path) }
        self.path = path
        descriptor = FileDescriptor(rawValue: raw)
    }

    deinit {
        try? descriptor.close()
    }

    /// The next bytes; empty at the end.
    package func read(atMost count: Int) throws(StorageFault) -> [UInt8] {
        do {
            return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
                initialized = try descriptor.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
        } catch let error as Errno {
            throw StorageFault(error, "read", at: path)
        } catch {
            throw StorageFault(.failed, at: path.string)
        }
    }

    /// Every byte from here to the end, a chunk at a time. The buffer is valid only during the call.
    package func forEachChunk(
        of size: Int = 256 << 10, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            let count: Int
            do { count = try descriptor.read(into: buffer) } catch let error as Errno {
                throw StorageFault(error, "read", at: path)
            }
            if count == 0 { return }
            try body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}

/// A file being written, closed when released. Its bytes are safe only after `finish`.
package final class WritableFile {
    package let path: FilePath
    package let descriptor: FileDescriptor

    /// Makes the file anew; one that stands there is removed first, so a planted link or mode is not taken over.
    package init(creating path: FilePath, mode: FilePermissions) throws(StorageFault) {
        unlink(path.string)
        let raw = open(path.string, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode.rawValue)
        guard raw >= 0 else { throw .current("open", at: path) }
        self.path = path
        descriptor = FileDescriptor(rawValue: raw)
        // The mode is what was asked for, whatever the umask.
        guard fchmod(raw, mode.rawValue) == 0 else { throw .current("chmod", at: path) }
    }

    /// Opens to append, making the file when it is missing.
    package init(appendingTo path: FilePath, mode: FilePermissions) throws(StorageFault) {
        let raw = open(path.string, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, mode.rawValue)
        guard raw >= 0 else { throw .current("open", at: path) }
        self.path = path
        descriptor = FileDescriptor(rawValue: raw)
    }

    deinit {
        try? descriptor.close()
    }

    package func append(_ bytes: UnsafeRawBufferPointer) throws(StorageFault) {
        do { try descriptor.writeAll(bytes) } catch let error as Errno {
            throw StorageFault(error, "write", at: path)
        } catch {
            throw StorageFault(.failed, at: path.string)
        }
    }

    package func append(_ bytes: [UInt8]) throws(StorageFault) {
        do { try descriptor.writeAll(bytes) } catch let error as Errno {
            throw StorageFault(error, "write", at: path)
        } catch {
            throw StorageFault(.failed, at: path.string)
        }
    }

    /// Flushes the bytes to the disk.
    package func finish() throws(StorageFault) {
        guard fsync(descriptor.rawValue) == 0 else { throw .current("fsync", at: path) }
    }
}
