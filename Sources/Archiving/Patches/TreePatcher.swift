import DurableStorage
internal import Glibc
import Patching
import Primitives
import Releases
import Signatures
import SystemPackage

/// Applies a patch on the disk: from a verified tree into a folder that it makes. Either the whole new tree stands there
/// afterwards, or nothing; the old tree is only read.
package struct TreePatcher: Sendable {
    private let limits: PatchLimits

    package init(limits: PatchLimits = PatchLimits()) {
        self.limits = limits
    }

    /// Applies `patch` to the tree in `old`, whose listing is `listing`, into `folder`, which must not exist (its parent
    /// must), and returns the new listing: the one whose digest is `expected`.
    ///
    /// On success all is flushed to the disk, but for the name of `folder` itself when it is renamed later. On a fault
    /// `folder` is gone again. Throws `PatchFault`, `CompressionFault`, `ReleaseFault` or `StorageFault`.
    package func apply(
        _ patch: FilePath, to old: FilePath, listing: TreeListing, expected: Digest, into folder: FilePath,
        storage: DurableStorage, progress: (PatchProgress) -> Void = { _ in }
    ) throws -> TreeListing {
        let patch = try PatchFile(patch)
        let files = try TreeFiles(old)
        try makeFresh(folder, storage)
        do {
            let sink = try PatchedTree(folder, old: old, storage: storage)
            defer { sink.stop() }
            let new = try PatchDecoder(
                unpacker: PatchCompression(), secondCore: DispatchCore(), limits: limits
            ).apply(
                patch, to: listing, expected: expected, from: files, into: sink, progress: progress)
            try storage.syncFileSystem(holding: folder)
            return new
        } catch {
            // The first fault is what counts; the caller removes leftovers of a crash anyway.
            try? storage.removeTree(folder)
            throw error
        }
    }

    private func makeFresh(_ folder: FilePath, _ storage: DurableStorage) throws(StorageFault) {
        guard try storage.info(folder) == nil else { throw StorageFault(.exists, at: folder.string) }
        try storage.announce(.makeDirectory(folder))
        // The mode is the listing's for the root, whatever the umask.
        guard mkdir(folder.string, 0o700) == 0, chmod(folder.string, 0o755) == 0 else {
            throw StorageFault(Errno(rawValue: errno), "mkdir", at: folder)
        }
    }
}
