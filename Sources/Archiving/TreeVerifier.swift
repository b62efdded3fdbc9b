import Dispatch
import DurableStorage
internal import Glibc
import Primitives
import Releases
import Signatures
import Synchronization
import SystemPackage

/// Compares a tree on the disk with its listing. Reads only; never follows a link inside the tree.
package struct TreeVerifier: Sendable {
    private static let large = 1 << 20

    private let limits: TreeLimits
    private let workers: Int

    /// `workers`: how many files are hashed at a time.
    package init(limits: TreeLimits = TreeLimits(), workers: Int = 2) {
        self.limits = limits
        self.workers = max(1, workers)
    }

    /// Every difference, in byte order of paths; none means that the tree is exactly what was listed. `.` is the root.
    ///
    /// Throws `StorageFault` when the tree cannot be walked, `ArchiveFault` when it holds more than the limits allow. A
    /// file that cannot be read is a difference.
    ///
    /// - Parameter links: entries that stand in the tree besides those listed.
    package func verify(
        _ tree: FilePath, against listing: TreeListing, with links: [TreeEntry] = []
    ) throws -> [TreeDifference] {
        let root = TreeRoot(tree)
        let scanner = TreeScanner(root: root, limits: limits)
        var comparison = Comparison(listing, links)
        comparison.compareRoot(mode: try scanner.rootMode())
        comparison.compare(try scanner.scan())
        return (comparison.differences + hash(comparison.unhashed, of: root))
            .sorted { ($0.path, $0.kind.rawValue) < ($1.path, $1.kind.rawValue) }
    }

    private func hash(_ entries: [TreeEntry], of root: TreeRoot) -> [TreeDifference] {
        let next = Mutex(0)
        let differences = Mutex<[TreeDifference]>([])
        // Large files first, so that none is left over for one core at the end.
        let entries = entries.filter { $0.size >= Self.large } + entries.filter { $0.size < Self.large }
        DispatchQueue.concurrentPerform(iterations: min(workers, entries.count)) { _ in
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 << 10, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let index = next.withLock { next in
                    defer { next += 1 }
                    return next
                }
                guard index < entries.count else { return }
                guard let difference = check(entries[index], of: root, buffer) else { continue }
                differences.withLock { $0.append(difference) }
            }
        }
        return differences.withLock { $0 }
    }

    private func check(
        _ entry: TreeEntry, of root: TreeRoot, _ buffer: UnsafeMutableRawBufferPointer
    ) -> TreeDifference? {
        guard case .file(let size, let sha256, _) = entry.kind else { return nil }
        do {
            let file = try root.open(file: entry.path)
            guard try file.status().st_mode & S_IFMT == S_IFREG else { return TreeDifference(entry.path, .type) }
            let hasher = SHA256Hasher()
            var count = 0
            while true {
                let read = try file.read(into: buffer)
                if read == 0 { break }
                count += read
                // Growing while we read: no end in sight.
                if count > size { return TreeDifference(entry.path, .size, expected: "\(size)", found: "more") }
                hasher.update(UnsafeRawBufferPointer(rebasing: buffer[..<read]))
            }
            let found = hasher.finish()
            if found == sha256 { return nil }
            return TreeDifference(entry.path, .content, expected: "sha256 \(sha256)", found: "sha256 \(found)")
        } catch {
            return TreeDifference(entry.path, .unreadable, found: error.found)
        }
    }
}

/// What can be said without reading files, and which files are left to read.
private struct Comparison {
    /// In byte order of paths.
    private let listed: [TreeEntry]
    private(set) var differences: [TreeDifference] = []
    /// Files of the right type and size.
    private(set) var unhashed: [TreeEntry] = []

    init(_ listing: TreeListing, _ links: [TreeEntry]) {
        listed = links.isEmpty ? listing.entries : (listing.entries + links).sorted { $0.path < $1.path }
    }

    mutating func compareRoot(mode: UInt32) {
        compare(mode: mode, with: 0o755, at: ".")
    }

    /// Both are in byte order of paths.
    mutating func compare(_ found: [TreeScanner.Entry]) {
        var expected = listed[...]
        for entry in found {
            while let listed = expected.first, listed.path < entry.path {
                differences.append(TreeDifference(listed.path, .missing))
                expected.removeFirst()
            }
            guard let listed = expected.first, listed.path == entry.path else {
                differences.append(TreeDifference(entry.path, .extra))
                continue
            }
            expected.removeFirst()
            compare(entry, with: listed)
        }
        differences += expected.map { TreeDifference($0.path, .missing) }
    }

    private mutating func compare(_ entry: TreeScanner.Entry, with listed: TreeEntry) {
        switch (entry.kind, listed.kind) {
        case (.directory, .directory): compare(mode: entry.mode, with: listed.mode, at: entry.path)
        case (.link(let target), .link(let wanted)):
            guard target != wanted else { return }
            differences.append(TreeDifference(entry.path, .link, expected: "\(wanted)", found: "\(target)"))
        case (.file(let size), .file(let wanted, _, _)):
            compare(mode: entry.mode, with: listed.mode, at: entry.path)
            if size == wanted {
                unhashed.append(listed)
            } else {
                differences.append(TreeDifference(entry.path, .size, expected: "\(wanted)", found: "\(size)"))
            }
        default:
            differences.append(
                TreeDifference(entry.path, .type, expected: listed.typeText, found: entry.kind.name))
        }
    }

    private mutating func compare(mode: UInt32, with wanted: UInt32, at path: ByteString) {
        guard mode != wanted else { return }
        differences.append(
            TreeDifference(
                path, .mode, expected: "0\(String(wanted, radix: 8))", found: "0\(String(mode, radix: 8))"))
    }
}

extension TreeScanner.Entry.Kind {
    fileprivate var name: String {
        switch self {
        case .directory: "directory"
        case .file: "file"
        case .link: "link"
        case .other(let name): name
        }
    }
}
