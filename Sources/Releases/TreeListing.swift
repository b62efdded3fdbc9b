import Primitives
import Signatures

/// Every file, folder and link of a tree, checked as a whole: unique safe paths, each in a real folder of the tree.
///
/// Its text (`TreeListingText.swift`) is what a release signs; the tree's digest is the digest of that text.
package struct TreeListing: Hashable, Sendable {
    /// In byte order of their paths, so a folder precedes what it holds. The root has no entry.
    package let entries: [TreeEntry]
    /// The one text of this listing.
    package let encoding: [UInt8]
    /// SHA-256 of `encoding`.
    package let digest: Digest
    /// Regular files.
    package let fileCount: Int
    /// Bytes of all files together.
    package let totalBytes: Int

    /// Sorts and checks `entries`.
    package init(_ entries: [TreeEntry], limits: TreeLimits = TreeLimits()) throws(ReleaseFault) {
        let sorted = entries.sorted { $0.path < $1.path }
        try Self.check(sorted, limits)
        self.entries = sorted
        (fileCount, totalBytes) = try Self.totals(sorted, limits)
        encoding = Self.encode(sorted)
        guard encoding.count <= limits.listingBytes else {
            throw ReleaseFault(
                .tooLarge, found: "\(encoding.count) bytes of listing", expected: "at most \(limits.listingBytes)")
        }
        digest = Digest.sha256(of: encoding)
    }

    /// The entry at `path`, or nil.
    package func entry(at path: ByteString) -> TreeEntry? {
        var low = 0
        var high = entries.count
        while low < high {
            let middle = low + (high - low) / 2
            if entries[middle].path < path { low = middle + 1 } else { high = middle }
        }
        return low < entries.count && entries[low].path == path ? entries[low] : nil
    }

    private static func check(_ entries: [TreeEntry], _ limits: TreeLimits) throws(ReleaseFault) {
        guard entries.count <= limits.entries else {
            throw ReleaseFault(.tooLarge, found: "\(entries.count) entries", expected: "at most \(limits.entries)")
        }
        let policy = TreePathPolicy(limits: limits)
        var folders: Set<ByteString> = []
        var previous: ByteString?
        for entry in entries {
            try policy.check(path: entry.path)
            guard entry.path != previous else { throw ReleaseFault(.duplicatePath, at: entry.path.description) }
            previous = entry.path
            if let parent = entry.path.parentPath, !folders.contains(parent) {
                throw ReleaseFault(.missingFolder, expected: "a folder \"\(parent)\"", at: entry.path.description)
            }
            switch entry.kind {
            case .directory: folders.insert(entry.path)
            case .link(let target): try policy.check(link: entry.path, target: target)
            case .file(let size, _, _):
                guard size >= 0 else { throw ReleaseFault(.malformedListing, found: "size \(size)") }
            }
        }
    }

    private static func totals(_ entries: [TreeEntry], _ limits: TreeLimits) throws(ReleaseFault) -> (Int, Int) {
        var files = 0
        var bytes = 0
        for case .file(let size, _, _) in entries.map(\.kind) {
            files += 1
            guard size <= limits.bytes - bytes else {
                throw ReleaseFault(.tooLarge, found: "more bytes in files", expected: "at most \(limits.bytes)")
            }
            bytes += size
        }
        return (files, bytes)
    }
}
