import Primitives
import Releases

/// An old listing as it is with some folders at other paths: where a plan looks for old entries.
struct RenamedTree {
    struct Place {
        let path: ByteString
        /// Index in the old listing.
        let index: Int
    }

    let old: TreeListing
    /// In the order of their paths.
    let places: [Place]
    /// By index in the old listing.
    let paths: [ByteString]

    /// Throws unless every rename is of a folder, in rising order, and no two entries meet.
    init(_ old: TreeListing, _ renames: [Plan.Rename], limits: TreeLimits) throws(PatchFault) {
        self.old = old
        guard !renames.isEmpty else {
            paths = old.entries.map(\.path)
            places = paths.enumerated().map { Place(path: $1, index: $0) }
            return
        }
        paths = try Self.paths(old, renames, limits)
        let sorted = paths.enumerated().map { Place(path: $1, index: $0) }.sorted { $0.path < $1.path }
        for (one, next) in zip(sorted, sorted.dropFirst()) where one.path == next.path {
            throw PatchFault(.malformed, found: "two renames that meet", at: one.path.description)
        }
        places = sorted
    }

    private static func paths(
        _ old: TreeListing, _ renames: [Plan.Rename], _ limits: TreeLimits
    ) throws(PatchFault) -> [ByteString] {
        var moved: [ByteString: ByteString] = [:]
        var last = -1
        for rename in renames {
            guard rename.folder > last, rename.folder < old.entries.count,
                old.entries[rename.folder].kind == .directory, rename.path != old.entries[rename.folder].path
            else { throw PatchFault(.malformed, found: "a rename of no folder") }
            last = rename.folder
            moved[old.entries[rename.folder].path] = rename.path
        }
        var paths: [ByteString] = []
        var total = 0
        for entry in old.entries {
            let path = moved[entry.path] ?? entry.path.below(moved)
            // What lies below a folder that moved has moved with it.
            if case .directory = entry.kind, path != entry.path { moved[entry.path] = path }
            total += path.count
            guard path.count <= limits.pathBytes, total <= limits.listingBytes else {
                throw PatchFault(.tooLarge, found: "renames to long paths", at: entry.path.description)
            }
            paths.append(path)
        }
        return paths
    }
}

extension ByteString {
    /// This path where its folder moved to.
    fileprivate func below(_ moved: [ByteString: ByteString]) -> ByteString {
        guard let parent = parentPath, let folder = moved[parent] else { return self }
        return ByteString(folder.bytes + bytes[parent.count...])
    }
}
