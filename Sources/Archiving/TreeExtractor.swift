import Compression
import DurableStorage
internal import Glibc
import Primitives
import Releases
import Signatures
import SystemPackage

/// Unpacks an archive into a folder that it makes, in one pass over the archive: hash, unpack, compare with the
/// listing, write. Either the whole listed tree stands there afterwards, or nothing.
package struct TreeExtractor: Sendable {
    private let limits: TreeLimits

    package init(limits: TreeLimits = TreeLimits()) {
        self.limits = limits
    }

    /// Unpacks `archive`, whose digest must be `expectedDigest`, into `folder`, which must not exist (its parent must).
    ///
    /// `listing` must be one whose digest was signed. Each entry has to be the listing's next. On success all is flushed
    /// to the disk, but for the name of `folder` itself when it is renamed later. On a fault `folder` is gone again.
    /// Throws `ArchiveFault`, `CompressionFault`, `ReleaseFault` or `StorageFault`.
    package func extract(
        _ archive: FilePath, expectedDigest: Digest, listing: TreeListing, into folder: FilePath,
        storage: DurableStorage
    ) throws {
        let source = ArchiveFile(try ReadableFile(archive))
        try makeFresh(folder, storage)
        do {
            try read(source, expectedDigest, listing, to: TreeWriter(folder, storage: storage))
            try storage.syncFileSystem(holding: folder)
        } catch {
            // The first fault is what counts; the caller removes leftovers of a crash anyway.
            try? storage.removeTree(folder)
            throw error
        }
    }

    /// Reads `archive` as `extract` does, with every check, and writes nothing: for who wants to know, not to have.
    /// Throws `ArchiveFault`, `CompressionFault`, `ReleaseFault` or `StorageFault`.
    package func check(_ archive: FilePath, expectedDigest: Digest, listing: TreeListing) throws {
        try read(ArchiveFile(try ReadableFile(archive)), expectedDigest, listing, to: nil)
    }

    private func read(
        _ source: ArchiveFile, _ expectedDigest: Digest, _ listing: TreeListing, to writer: TreeWriter?
    ) throws {
        do {
            try extract(source, listing, to: writer)
        } catch let fault as any ReportableFault where fault.family == .refusal {
            // An archive that is not the signed one explains whatever else is wrong with it.
            try source.check(expectedDigest)
            throw fault
        }
        try source.check(expectedDigest)
    }

    private func makeFresh(_ folder: FilePath, _ storage: DurableStorage) throws(StorageFault) {
        guard try storage.info(folder) == nil else { throw StorageFault(.exists, at: folder.string) }
        try storage.announce(.makeDirectory(folder))
        // The mode is the listing's for the root, whatever the umask.
        guard mkdir(folder.string, 0o700) == 0, chmod(folder.string, 0o755) == 0 else {
            throw StorageFault(Errno(rawValue: errno), "mkdir", at: folder)
        }
    }

    private func extract(_ source: ArchiveFile, _ listing: TreeListing, to writer: TreeWriter?) throws {
        let decompressor = try ZstdDecompressor(limits: ZstdLimits(outputBytes: tarLimit(listing))) {
            try source.read(into: $0)
        }
        let tar = try TarReader { try decompressor.read(into: $0) }
        let matcher = ListingMatcher(listing, limits)
        while let header = try tar.next() {
            let entry = try matcher.next(header)
            try writer?.begin(entry)
            if case .file(let size, let sha256, _) = entry.kind {
                try copy(entry, size, sha256, from: tar, to: writer)
            }
            try writer?.end()
        }
        try matcher.finish()
        try tar.finish()
        try writer?.finish()
    }

    private func copy(
        _ entry: TreeEntry, _ size: Int, _ sha256: Digest, from tar: TarReader, to writer: TreeWriter?
    ) throws {
        let hasher = SHA256Hasher()
        var count = 0
        try tar.readContent { bytes in
            count += bytes.count
            guard count <= size else {
                throw ArchiveFault(.wrongEntry, found: "more than \(size) bytes", at: entry.path.description)
            }
            hasher.update(bytes)
            try writer?.write(bytes)
        }
        let found = hasher.finish()
        guard found == sha256 else {
            throw ArchiveFault(
                .wrongContent, found: "sha256 \(found)", expected: "\(sha256)", at: entry.path.description)
        }
    }

    /// What the tar of a listing may have at most: content, and for each entry headers and filling. A bomb stops there.
    private func tarLimit(_ listing: TreeListing) -> Int {
        let perEntry = 4096 + 4 * limits.pathBytes
        return listing.totalBytes + listing.entries.count * perEntry + (1 << 20)
    }
}

/// The archive file, hashed as it is read.
private final class ArchiveFile {
    private let file: ReadableFile
    private let hasher = SHA256Hasher()

    init(_ file: ReadableFile) {
        self.file = file
    }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws(StorageFault) -> Int {
        let count: Int
        do { count = try file.descriptor.read(into: buffer) } catch let error as Errno {
            throw StorageFault(error, "read", at: file.path)
        } catch {
            throw StorageFault(.failed, at: file.path.string)
        }
        hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        return count
    }

    /// Reads what is left and throws unless the whole file has this digest.
    func check(_ expected: Digest) throws {
        try file.forEachChunk { hasher.update($0) }
        let found = hasher.finish()
        guard found == expected else {
            throw ArchiveFault(.wrongDigest, found: "sha256 \(found)", expected: "\(expected)", at: file.path.string)
        }
    }
}
