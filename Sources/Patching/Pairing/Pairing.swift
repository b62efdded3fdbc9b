import Primitives
import Releases
import Signatures

/// Which old file each new file is made from.
struct Pairing {
    /// A file that has to be edited, or written anew.
    struct Job: Sendable {
        /// Index in the new listing.
        let entry: Int
        /// Index in the old listing.
        let reference: Int?
    }

    let old: TreeListing
    let new: TreeListing
    let renames: [Plan.Rename]
    /// In the order of their entries.
    let jobs: [Job]
    /// For each new entry that has the content of a whole old file: which.
    private let whole: [Int: Int]

    init(_ old: TreeListing, _ oldTree: some PatchTree, _ new: TreeListing, _ newTree: some PatchTree) throws {
        (self.old, self.new) = (old, new)
        renames = FolderRenames.find(old, new)
        let paths = try RenamedTree(old, renames, limits: TreeLimits()).paths
        var (byPath, byContent): ([ByteString: Int], [Digest: Int]) = ([:], [:])
        for (index, entry) in old.entries.enumerated() {
            guard let sha256 = entry.sha256 else { continue }
            byPath[paths[index]] = index
            if byContent[sha256] == nil { byContent[sha256] = index }
        }
        var whole: [Int: Int] = [:]
        var edited: [(entry: Int, reference: Int?)] = []
        for (index, entry) in new.entries.enumerated() {
            guard let sha256 = entry.sha256 else { continue }
            let same = byPath[entry.path]
            if let same, old.entries[same].sha256 == sha256 {
                whole[index] = same
            } else if let copy = byContent[sha256] {
                whole[index] = copy
            } else {
                edited.append((index, same))
            }
        }
        self.whole = whole
        jobs = try Self.jobs(edited, old, oldTree, new, newTree, paths)
    }

    /// Gives a reference to those that have none: an old file that is gone, if there is one like it.
    private static func jobs(
        _ edited: [(entry: Int, reference: Int?)], _ old: TreeListing, _ oldTree: some PatchTree,
        _ new: TreeListing, _ newTree: some PatchTree, _ paths: [ByteString]
    ) throws -> [Job] {
        guard edited.contains(where: { $0.reference == nil }) else { return edited.map(Job.init) }
        let there = Set(new.entries.map(\.path))
        let gone = old.entries.indices.filter { old.entries[$0].size > 0 && !there.contains(paths[$0]) }
        let likeness = try Likeness(old, oldTree, candidates: gone)
        return try edited.map { entry, reference in
            Job(entry: entry, reference: try reference ?? likeness.reference(for: new.entries[entry], in: newTree))
        }
    }

    /// The plan once the edits of all jobs are made.
    func plan(_ edits: [FinishedEdit]) -> Plan {
        var sources: [Int: FileSource] = whole.mapValues { .whole($0) }
        for (job, edit) in zip(jobs, edits) {
            sources[job.entry] = .edit(
                PlannedEdit(
                    method: edit.encoded.method, transform: edit.transform,
                    reference: edit.encoded.method == .literal ? nil : job.reference,
                    size: new.entries[job.entry].size, expandedSize: edit.expandedSize, isBulk: edit.isBulk))
        }
        let entries = new.entries.enumerated().compactMap { index, entry -> PlannedEntry? in
            switch entry.kind {
            case .directory: return PlannedEntry(path: entry.path, kind: .directory)
            case .link(let target): return PlannedEntry(path: entry.path, kind: .link(target: target))
            case .file(_, _, let executable):
                // Every file has one: a copy or a job.
                return sources[index].map { PlannedEntry(path: entry.path, kind: .file(executable: executable, $0)) }
            }
        }
        return Plan(renames: renames, entries: entries)
    }
}

/// The edit of a job, and between what it was made.
struct FinishedEdit: Sendable {
    var encoded: EncodedEdit
    let transform: EditTransform
    let expandedSize: Int
    /// Literal bytes that go to the stream for whole files, and are in the text stream here.
    let isBulk: Bool
    /// Of an expanded file.
    var recipe: [UInt8] = []
    /// Of a transformed edit.
    var sizes: TransformedSizes?
    /// Bytes that it takes of the patch, about.
    var cost = 0
    /// To be taken instead in a patch so small that files have nothing to share.
    var alone: EncodedEdit?
}

extension TreeEntry {
    /// Of a file's content.
    var sha256: Digest? {
        if case .file(_, let sha256, _) = kind { sha256 } else { nil }
    }
}
