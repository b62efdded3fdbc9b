import Primitives
import Releases
import Signatures

/// Finds the folders that have another path in the new tree: by files that are the same below both, and by names that
/// differ in numbers only, as versions do.
struct FolderRenames {
    private struct Pair: Hashable {
        let old: ByteString
        let new: ByteString
    }

    private let old: TreeListing
    private let oldFolders: [ByteString: Int]
    private let newFolders: Set<ByteString>
    private var votes: [Pair: Int] = [:]

    static func find(_ old: TreeListing, _ new: TreeListing) -> [Plan.Rename] {
        var search = FolderRenames(old, new)
        search.voteByContent(new)
        search.voteByName()
        return search.decide()
    }

    private init(_ old: TreeListing, _ new: TreeListing) {
        self.old = old
        let newFolders = Set(new.entries.compactMap { $0.kind == .directory ? $0.path : nil })
        let oldFolders = old.entries.enumerated().compactMap { $1.kind == .directory ? ($1.path, $0) : nil }
        let all = Set(oldFolders.map(\.0))
        self.newFolders = newFolders.subtracting(all)
        self.oldFolders = Dictionary(uniqueKeysWithValues: oldFolders.filter { !newFolders.contains($0.0) })
    }

    /// A file that is the same below both folders speaks for the pair where their paths begin to differ, from the end.
    private mutating func voteByContent(_ new: TreeListing) {
        guard !oldFolders.isEmpty, !newFolders.isEmpty else { return }
        var byContent: [Digest: [ByteString]] = [:]
        for entry in old.entries {
            guard let sha256 = entry.sha256, let parent = entry.path.parentPath, oldFolders[parent] != nil else {
                continue
            }
            // Empty and common files say little: a few places of them will do.
            if byContent[sha256, default: []].count < 8 { byContent[sha256, default: []].append(entry.path) }
        }
        for entry in new.entries {
            guard let sha256 = entry.sha256, let parent = entry.path.parentPath, newFolders.contains(parent) else {
                continue
            }
            for path in byContent[sha256] ?? [] { vote(path, entry.path) }
        }
    }

    private mutating func vote(_ oldPath: ByteString, _ newPath: ByteString) {
        var (oldParts, newParts) = (oldPath.components, newPath.components)
        guard oldParts.popLast() == newParts.popLast() else { return }
        while let one = oldParts.last, let other = newParts.last, one == other {
            oldParts.removeLast()
            newParts.removeLast()
        }
        let pair = Pair(old: .joined(oldParts), new: .joined(newParts))
        guard oldFolders[pair.old] != nil, newFolders.contains(pair.new) else { return }
        votes[pair, default: 0] += 1
    }

    private mutating func voteByName() {
        let byName = Dictionary(grouping: oldFolders.keys.sorted(), by: \.withoutNumbers)
        for folder in newFolders {
            guard let candidates = byName[folder.withoutNumbers], candidates.count == 1 else { continue }
            votes[Pair(old: candidates[0], new: folder), default: 0] += 1
        }
    }

    /// The pairs with the most votes, each folder once.
    private func decide() -> [Plan.Rename] {
        let order = votes.sorted { ($1.value, $0.key.new, $0.key.old) < ($0.value, $1.key.new, $1.key.old) }
        var (usedOld, usedNew): (Set<ByteString>, Set<ByteString>) = ([], [])
        var renames: [Plan.Rename] = []
        for (pair, _) in order where !usedOld.contains(pair.old) && !usedNew.contains(pair.new) {
            guard let folder = oldFolders[pair.old] else { continue }
            usedOld.insert(pair.old)
            usedNew.insert(pair.new)
            renames.append(Plan.Rename(folder: folder, path: pair.new))
        }
        return Self.withoutImplied(renames.sorted { $0.folder < $1.folder }, old)
    }

    /// Leaves out what a rename further up says already, and all of them if they would make entries meet.
    private static func withoutImplied(_ renames: [Plan.Rename], _ old: TreeListing) -> [Plan.Rename] {
        var kept: [Plan.Rename] = []
        for rename in renames {
            guard let tree = try? RenamedTree(old, kept, limits: TreeLimits()) else { return [] }
            if tree.paths[rename.folder] != rename.path { kept.append(rename) }
        }
        return (try? RenamedTree(old, kept, limits: TreeLimits())) == nil ? [] : kept
    }
}

extension ByteString {
    fileprivate static func joined(_ components: [ArraySlice<UInt8>]) -> ByteString {
        ByteString(Array(components.joined(separator: [UInt8(ascii: "/")])))
    }

    /// With each run of digits as one `0`.
    var withoutNumbers: ByteString {
        var result: [UInt8] = []
        var inNumber = false
        for byte in bytes {
            let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            if !isDigit { result.append(byte) } else if !inNumber { result.append(UInt8(ascii: "0")) }
            inNumber = isDigit
        }
        return ByteString(result)
    }
}
