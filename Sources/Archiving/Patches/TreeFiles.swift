import DurableStorage
internal import Glibc
import Patching
import Primitives
import Releases
import Synchronization
import SystemPackage

/// The files of a tree on the disk, for making and applying patches. Reads only; follows no link inside the tree.
package final class TreeFiles: PatchTree {
    private let walk: Mutex<FolderWalk>

    /// Throws `StorageFault` when there is no such folder.
    package init(_ tree: FilePath) throws {
        let walk = try FolderWalk(tree)
        self.walk = Mutex(walk)
    }

    /// A regular file of the listed size, open for reading.
    func openFile(_ entry: TreeEntry) throws -> OpenTreeFile {
        try walk.withLock { walk in
            let descriptor = try walk.with(entry.path) { folder, name in
                openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
            guard descriptor >= 0 else { throw walk.fault("open", entry.path) }
            return try OpenTreeFile(descriptor, entry, at: walk.filePath(entry.path))
        }
    }

    package func open(_ entry: TreeEntry) throws -> any OldFile { try openFile(entry) }

    package func withBytes<Result>(
        of entry: TreeEntry, _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) throws -> Result {
        let file = try openFile(entry)
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: file.count, alignment: 16)
        defer { buffer.deallocate() }
        try file.read(at: 0, into: buffer)
        return try body(UnsafeRawBufferPointer(buffer).assumingMemoryBound(to: UInt8.self))
    }
}

/// A file of a tree, open for reading by position; closed when released.
final class OpenTreeFile: OldFile {
    let count: Int
    let descriptor: Int32
    private let path: FilePath

    /// Takes the descriptor over. Throws unless it is a regular file of the listed size.
    init(_ descriptor: Int32, _ entry: TreeEntry, at path: FilePath) throws {
        (self.descriptor, self.path, count) = (descriptor, path, entry.size)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw StorageFault(Errno(rawValue: errno), "fstat", at: path) }
        guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == count else {
            throw PatchFault(.wrongOldFile, at: entry.path.description)
        }
    }

    deinit {
        close(descriptor)
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= count, buffer.count <= count - offset else {
            throw PatchFault(.wrongOldFile, found: "bytes behind the end", at: path.string)
        }
        var filled = 0
        while filled < buffer.count {
            let read = pread(
                descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset + filled))
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw StorageFault(Errno(rawValue: errno), "read", at: path) }
            guard read > 0 else { throw PatchFault(.wrongOldFile, found: "a shorter file", at: path.string) }
            filled += read
        }
    }
}
