import Compression
import DurableStorage
internal import Glibc
import Primitives
import Releases
import Signatures
import SystemPackage

/// An archive that was written, and what is in it.
package struct PackedTree: Hashable, Sendable {
    package let listing: TreeListing
    /// Of the archive file.
    package let sha256: Digest
    /// Of the archive file.
    package let bytes: Int
}

/// Packs a folder into `tar.zst`: the same tree gives the same bytes on any day, from any folder, under any umask.
///
/// Owners, times, extended attributes and hard links are no part of a tree and are left out; of the mode only
/// "executable by its owner" stays. What cannot be installed again safely is refused, with its path.
package struct TreePacker: Sendable {
    private let limits: TreeLimits
    private let settings: ZstdSettings

    package init(limits: TreeLimits = TreeLimits(), settings: ZstdSettings = ZstdSettings()) {
        self.limits = limits
        self.settings = settings
    }

    /// Packs what is below `tree` and writes the archive durably. Throws `ArchiveFault`, `ReleaseFault` or
    /// `StorageFault`; then no archive stands there that did not before.
    package func pack(_ tree: FilePath, to archive: FilePath, storage: DurableStorage) throws -> PackedTree {
        let root = TreeRoot(tree)
        let found = try TreeScanner(root: root, limits: limits).scan()
        try check(found)
        let hasher = SHA256Hasher()
        var count = 0
        var entries: [TreeEntry] = []
        try storage.write(to: archive) { sink in
            try withoutActuallyEscaping(sink) { sink in
                entries = try write(found, of: root) { bytes in
                    hasher.update(bytes)
                    count += bytes.count
                    try sink(bytes)
                }
            }
        }
        return PackedTree(
            listing: try TreeListing(entries, limits: limits), sha256: hasher.finish(), bytes: count)
    }

    /// The listing of a tree as it would be packed, without packing it.
    package func list(_ tree: FilePath) throws -> TreeListing {
        let root = TreeRoot(tree)
        let found = try TreeScanner(root: root, limits: limits).scan()
        try check(found)
        return try TreeListing(try read(found, of: root, into: nil), limits: limits)
    }

    // MARK: checking

    private func check(_ entries: [TreeScanner.Entry]) throws {
        let policy = TreePathPolicy(limits: limits)
        var bytes = 0
        for entry in entries {
            try policy.check(path: entry.path)
            switch entry.kind {
            case .directory: break
            case .link(let target):
                try policy.check(link: entry.path, target: target)
                continue
            case .other(let name): throw ArchiveFault(.unsupportedEntry, found: name, at: entry.path.description)
            case .file(let size):
                guard size <= limits.bytes - bytes else {
                    throw ArchiveFault(
                        .tooLarge, expected: "at most \(limits.bytes) bytes in files", at: entry.path.description)
                }
                bytes += size
            }
            guard entry.mode & 0o7000 == 0 else {
                throw ArchiveFault(
                    .unsafeMode, found: "mode 0\(String(entry.mode, radix: 8))", at: entry.path.description)
            }
        }
    }

    // MARK: writing

    private func write(
        _ found: [TreeScanner.Entry], of root: TreeRoot, to sink: @escaping TarWriter.Sink
    ) throws -> [TreeEntry] {
        let compressor = try ZstdCompressor(settings)
        let tar = try TarWriter { try compressor.append($0, to: sink) }
        let entries = try read(found, of: root, into: tar)
        try tar.finish()
        try compressor.finish(to: sink)
        return entries
    }

    /// Reads all that was found, into the archive if there is one, and says what it was.
    private func read(
        _ found: [TreeScanner.Entry], of root: TreeRoot, into tar: TarWriter?
    ) throws -> [TreeEntry] {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
        defer { buffer.deallocate() }
        return try found.map { entry in
            switch entry.kind {
            case .directory:
                try tar?.append(folder: entry.path)
                return TreeEntry(entry.path, .directory)
            case .link(let target):
                try tar?.append(link: entry.path, target: target)
                return TreeEntry(entry.path, .link(target: target))
            case .file(let size):
                try tar?.append(file: entry.path, size: size, isExecutable: entry.isExecutable)
                let sha256 = try read(entry, size, of: root, buffer) { try tar?.append($0) }
                return TreeEntry(entry.path, .file(size: size, sha256: sha256, executable: entry.isExecutable))
            case .other(let name): throw ArchiveFault(.unsupportedEntry, found: name, at: entry.path.description)
            }
        }
    }

    /// Reads one file through `sink` and gives its digest. It must be what the scan saw, from its beginning to its end.
    private func read(
        _ entry: TreeScanner.Entry, _ size: Int, of root: TreeRoot, _ buffer: UnsafeMutableRawBufferPointer,
        _ sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Digest {
        let file = try root.open(file: entry.path)
        let before = try file.status()
        let hasher = SHA256Hasher()
        var count = 0
        while true {
            let read = try file.read(into: buffer)
            if read == 0 { break }
            count += read
            guard count <= size else { throw changed(entry, "more than \(size) bytes") }
            let bytes = UnsafeRawBufferPointer(rebasing: buffer[..<read])
            hasher.update(bytes)
            try sink(bytes)
        }
        guard count == size else { throw changed(entry, "\(count) bytes, after \(size)") }
        let after = try file.status()
        guard before.st_mode & S_IFMT == S_IFREG, after.st_size == before.st_size,
            after.st_mtim.tv_sec == before.st_mtim.tv_sec, after.st_mtim.tv_nsec == before.st_mtim.tv_nsec
        else { throw changed(entry, "a new time of change") }
        return hasher.finish()
    }

    private func changed(_ entry: TreeScanner.Entry, _ found: String) -> ArchiveFault {
        ArchiveFault(.changedWhilePacking, found: found, at: entry.path.description)
    }
}

extension TreeScanner.Entry {
    /// By its owner.
    var isExecutable: Bool { mode & 0o100 != 0 }
}
