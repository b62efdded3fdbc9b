import DurableStorage
internal import Glibc
import Primitives
import Releases
import SystemPackage

/// Walks a tree on the disk in byte order of paths, without following links: the order of a listing.
struct TreeScanner {
    /// What stands at one path.
    struct Entry {
        enum Kind {
            case directory
            /// Bytes.
            case file(size: Int)
            case link(target: ByteString)
            /// A device, FIFO or socket, and its name for people.
            case other(String)
        }

        let path: ByteString
        let kind: Kind
        /// Permission bits, 0 to 07777.
        let mode: UInt32
    }

    let root: TreeRoot
    let limits: TreeLimits

    /// Every entry below the root. Throws `StorageFault`, or `ArchiveFault` when a limit is broken.
    func scan() throws -> [Entry] {
        var entries: [Entry] = []
        try visit("", depth: 0, into: &entries)
        // A name may hold bytes below "/": `a-b` stands between `a` and `a/c`.
        return entries.sorted { $0.path < $1.path }
    }

    /// The root itself, which may be reached by a link.
    func rootMode() throws -> UInt32 {
        var status = stat()
        guard root.withCPath("", { stat($0, &status) }) == 0 else { throw root.fault("stat", "") }
        return status.st_mode & 0o7777
    }

    private func visit(_ folder: ByteString, depth: Int, into entries: inout [Entry]) throws {
        guard depth <= limits.depth else {
            throw ArchiveFault(
                .tooLarge, found: "more than \(limits.depth) folders inside each other", at: folder.description)
        }
        for name in try root.names(folder) {
            let path = folder.isEmpty ? name : ByteString(folder.bytes + [UInt8(ascii: "/")] + name.bytes)
            let entry = try entry(at: path)
            guard entries.count < limits.entries else {
                throw ArchiveFault(.tooLarge, expected: "at most \(limits.entries) entries", at: path.description)
            }
            entries.append(entry)
            if case .directory = entry.kind { try visit(path, depth: depth + 1, into: &entries) }
        }
    }

    private func entry(at path: ByteString) throws(StorageFault) -> Entry {
        let status = try root.status(path)
        let kind: Entry.Kind =
            switch status.st_mode & S_IFMT {
            case S_IFREG: .file(size: Int(status.st_size))
            case S_IFDIR: .directory
            case S_IFLNK: .link(target: try root.linkTarget(path))
            case S_IFIFO: .other("FIFO")
            case S_IFSOCK: .other("socket")
            default: .other("device")
            }
        return Entry(path: path, kind: kind, mode: status.st_mode & 0o7777)
    }
}
