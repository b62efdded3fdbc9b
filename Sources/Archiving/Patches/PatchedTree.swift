internal import CLinux
import DurableStorage
internal import Glibc
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage

/// A fresh folder that a patch fills. Every path is made anew, in folders made here, never through a link or over
/// something. Unchanged files are copied beside what is asked for, on a thread of their own (`FileCopies`). Not for
/// use from two threads at once.
package final class PatchedTree: PatchSink {
    private let copies: FileCopies
    private let walk: FolderWalk
    private let storage: DurableStorage
    private let output: OutputBehind

    /// `folder` is empty and was just made; `old` holds the unchanged files.
    package init(_ folder: FilePath, old: FilePath, storage: DurableStorage) throws {
        self.storage = storage
        walk = try FolderWalk(folder)
        copies = FileCopies(from: old, to: folder, storage)
        output = OutputBehind()
    }

    /// Nothing is written any more once this returns. To be called before what was made is removed.
    package func stop() {
        output.stop()
        copies.stop()
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
        try copies.add(FileCopies.Job(path: path, entry: entry, executable: executable))
    }

    package func beginFile(_ path: ByteString, size: Int, executable: Bool) throws {
        let file = try OpenNewFile(path, in: walk, executable: executable, storage)
        output.begin(file, size: size)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws { try output.write(bytes) }

    package func endFile() throws -> Digest { try output.end() }

    package func finish() throws { try copies.finish() }
}
