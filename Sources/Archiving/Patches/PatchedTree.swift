internal import CLinux
import DurableStorage
internal import Glibc
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage

/// A fresh folder that a patch fills. Every path is made anew, in folders made here, never through a link or over
/// something. Unchanged files share their content with the old ones where the file system can do that. Not for use
/// from two threads at once.
package final class PatchedTree: PatchSink {
    private let old: TreeFiles
    private let walk: FolderWalk
    private let storage: DurableStorage
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private var current: (path: ByteString, descriptor: Int32, mode: mode_t)?
    private var canClone = true

    /// `folder` is empty and was just made; `old` holds the unchanged files.
    package init(_ folder: FilePath, old: TreeFiles, storage: DurableStorage) throws {
        (self.old, self.storage) = (old, storage)
        walk = try FolderWalk(folder)
    }

    deinit {
        if let current { close(current.descriptor) }
        buffer.deallocate()
    }

    package func makeFolder(_ path: ByteString) throws {
        try storage.announce(.makeDirectory(walk.filePath(path)))
        try walk.with(path) { folder, name in
            // The mode whatever the umask; nobody else writes below the root of this tree.
            guard mkdirat(folder, name, 0o755) == 0, fchmodat(folder, name, 0o755, 0) == 0 else {
                throw walk.fault("mkdir", path)
            }
        }
    }

    package func makeLink(_ path: ByteString, to target: ByteString) throws {
        try storage.announce(.makeLink(walk.filePath(path), target: target.description))
        let text = target.bytes.map(CChar.init(bitPattern:)) + [0]
        try walk.with(path) { folder, name in
            guard symlinkat(text, folder, name) == 0 else { throw walk.fault("symlink", path) }
        }
    }

    package func makeFile(_ path: ByteString, copying entry: TreeEntry, executable: Bool) throws {
        let file = try old.openFile(entry)
        try beginFile(path, size: file.count, executable: executable)
        let digest = try clone(file, entry) ?? digest(of: file) { try write($0) }
        try endFile()
        guard case .file(_, digest, _) = entry.kind else {
            throw PatchFault(.wrongOldFile, at: entry.path.description)
        }
    }

    /// Shares the content of a file and returns the digest of what the new one has now: the old one may have been written
    /// to a moment before. Nil when the file system cannot do that.
    private func clone(_ file: OpenTreeFile, _ entry: TreeEntry) throws -> Digest? {
        guard let current, canClone, file.count > 0 else { return nil }
        canClone = sceau_clone_file(file.descriptor, current.descriptor) == 0
        guard canClone else { return nil }
        let made = dup(current.descriptor)
        guard made >= 0 else { throw walk.fault("dup", current.path) }
        return try digest(of: OpenTreeFile(made, entry, at: walk.filePath(current.path))) { _ in }
    }

    /// The digest of a file's listed bytes, which are handed to `body`.
    private func digest(
        of file: OpenTreeFile, _ body: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Digest {
        let hasher = SHA256Hasher()
        var offset = 0
        while offset < file.count {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(buffer.count, file.count - offset)])
            try file.read(at: offset, into: part)
            hasher.update(UnsafeRawBufferPointer(part))
            try body(UnsafeRawBufferPointer(part))
            offset += part.count
        }
        return hasher.finish()
    }

    package func beginFile(_ path: ByteString, size: Int, executable: Bool) throws {
        try storage.announce(.write(walk.filePath(path)))
        let descriptor = try walk.with(path) { folder, name in
            openat(folder, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        guard descriptor >= 0 else { throw walk.fault("open", path) }
        current = (path, descriptor, executable ? 0o755 : 0o644)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard let current else { return }
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(current.descriptor, rest.baseAddress, rest.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw walk.fault("write", current.path) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    package func endFile() throws {
        guard let (path, descriptor, mode) = current else { return }
        current = nil
        let isModeSet = fchmod(descriptor, mode) == 0
        let modeFault = walk.fault("chmod", path)
        guard close(descriptor) == 0 else { throw walk.fault("close", path) }
        guard isModeSet else { throw modeFault }
    }

    package func finish() throws {}
}
