import Primitives
import Releases

/// Finds for a new file, of which there is neither path nor content in the old tree, the old file most like it: one
/// that shares blocks, or else one whose name differs in numbers only.
struct Likeness {
    private let old: TreeListing
    private var byHash: [UInt64: [Int]] = [:]
    private var byName: [ByteString: [Int]] = [:]
    /// Where a hash is in more files, it says nothing.
    private static let commonFiles = 16
    /// Hashes that have to be shared.
    private static let sharedHashes = 3

    /// `candidates` are indices in the old listing.
    init(_ old: TreeListing, _ oldTree: some PatchTree, candidates: [Int]) throws {
        self.old = old
        for index in candidates {
            byName[old.entries[index].path.withoutNumbers, default: []].append(index)
            for hash in try oldTree.withBytes(of: old.entries[index], { Sketch($0).hashes }) {
                byHash[hash, default: []].append(index)
            }
        }
    }

    func reference(for entry: TreeEntry, in newTree: some PatchTree) throws -> Int? {
        var votes: [Int: Int] = [:]
        for hash in try newTree.withBytes(of: entry, { Sketch($0).hashes }) {
            guard let files = byHash[hash], files.count <= Self.commonFiles else { continue }
            for file in files { votes[file, default: 0] += 1 }
        }
        let best = votes.max { left, right in
            (left.value, closeness(left.key, entry), right.key) < (right.value, closeness(right.key, entry), left.key)
        }
        if let best, best.value >= Self.sharedHashes { return best.key }
        return byName[entry.path.withoutNumbers]?.first
    }

    /// Bytes that both paths share at their ends.
    private func closeness(_ index: Int, _ entry: TreeEntry) -> Int {
        let ends = SharedEnds(entry.path, against: old.entries[index].path)
        return ends.prefix + ends.suffix
    }
}
