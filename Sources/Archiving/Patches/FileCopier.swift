internal import CLinux
import DurableStorage
internal import Glibc
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage

/// Copies whole files of an old tree into a new one, whose folders are there, and checks them. They share their content
/// where the file system can do that. Not for use from two threads at once.
final class FileCopier {
    private let old: TreeFiles
    private let walk: FolderWalk
    private let storage: DurableStorage
    private let tree: FilePath
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 4096)
    private var canClone = true

    init(from old: FilePath, to new: FilePath, _ storage: DurableStorage) throws {
        (self.storage, tree) = (storage, new)
        self.old = try TreeFiles(old)
        walk = try FolderWalk(new)
    }

    deinit {
        buffer.deallocate()
    }

    func copy(_ job: FileCopies.Job) throws {
        let file = try old.openFile(job.entry)
        let new = try OpenNewFile(job.path, in: walk, executable: job.executable, storage)
        let digest = try clone(file, to: new, job.entry) ?? digest(of: file) { try new.write($0) }
        try new.finish()
        guard case .file(_, digest, _) = job.entry.kind else {
            throw PatchFault(.wrongOldFile, at: job.entry.path.description)
        }
    }

    /// Shares the content of a file and returns the digest of what the new one has now: the old one may have been written
    /// to a moment before. Nil when the file system cannot do that.
    private func clone(_ file: OpenTreeFile, to new: OpenNewFile, _ entry: TreeEntry) throws -> Digest? {
        guard canClone, file.count > 0 else { return nil }
        canClone = sceau_clone_file(file.descriptor, new.descriptor) == 0
        guard canClone else { return nil }
        let made = dup(new.descriptor)
        guard made >= 0 else { throw walk.fault("dup", entry.path) }
        return try digest(of: OpenTreeFile(made, entry, in: tree)) { _ in }
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
}
