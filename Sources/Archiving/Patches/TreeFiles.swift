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
    /// A text is read several times in a row, as part of the dictionary and as an old file.
    private let last = Mutex<OpenTreeFile?>(nil)
    private let tree: FilePath

    /// Throws `StorageFault` when there is no such folder.
    package init(_ tree: FilePath) throws {
        let walk = try FolderWalk(tree)
        self.walk = Mutex(walk)
        self.tree = tree
    }

    /// A regular file of the listed size, open for reading.
    func openFile(_ entry: TreeEntry) throws -> OpenTreeFile {
        if let file = last.withLock({ $0 }), file.path == entry.path, file.count == entry.size { return file }
        let descriptor = try walk.withLock { walk in
            let descriptor = try walk.with(entry.path) { folder, name in
                openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
            }
            guard descriptor >= 0 else { throw walk.fault("open", entry.path) }
            return descriptor
        }
        let file = try OpenTreeFile(descriptor, entry, in: tree)
        last.withLock { $0 = file }
        return file
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
final class OpenTreeFile: OldFile, Sendable {
    let count: Int
    let descriptor: Int32
    let path: ByteString
    private let tree: FilePath

    /// Takes the descriptor over. Throws unless it is a regular file of the listed size.
    init(_ descriptor: Int32, _ entry: TreeEntry, in tree: FilePath) throws {
        (self.descriptor, self.tree, path, count) = (descriptor, tree, entry.path, entry.size)
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw fault("fstat") }
        guard status.st_mode & S_IFMT == S_IFREG, Int(status.st_size) == count else {
            throw PatchFault(.wrongOldFile, at: entry.path.description)
        }
    }

    deinit {
        close(descriptor)
    }

    private func fault(_ operation: String) -> StorageFault {
        StorageFault(
            Errno(rawValue: errno), operation,
            at: FilePath(tree.string + "/" + String(decoding: path.bytes, as: UTF8.self)))
    }

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        guard offset >= 0, offset <= count, buffer.count <= count - offset else {
            throw PatchFault(.wrongOldFile, found: "bytes behind the end", at: path.description)
        }
        var filled = 0
        while filled < buffer.count {
            let read = pread(
                descriptor, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset + filled))
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw fault("read") }
            guard read > 0 else { throw PatchFault(.wrongOldFile, found: "a shorter file", at: path.description) }
            filled += read
        }
    }
}
