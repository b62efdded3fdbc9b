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
    let jobs: [Job]
    /// For each new entry that has the content of a whole old file: which.
    private let whole: [Int: Int]

    init(_ old: TreeListing, _ oldTree: some PatchTree, _ new: TreeListing, _ newTree: some PatchTree) throws {
        (self.old, self.new) = (old, new)
        renames = []
        let tree = try RenamedTree(old, renames, limits: TreeLimits())
        let byPath = Dictionary(uniqueKeysWithValues: tree.places.map { ($0.path, $0.index) })
        var byContent: [Digest: Int] = [:]
        for (index, entry) in old.entries.enumerated() {
            if case .file(_, let sha256, _) = entry.kind, byContent[sha256] == nil { byContent[sha256] = index }
        }
        var whole: [Int: Int] = [:]
        var jobs: [Job] = []
        for (index, entry) in new.entries.enumerated() {
            guard case .file(_, let sha256, _) = entry.kind else { continue }
            let same = byPath[entry.path].flatMap { old.entries[$0].sha256 == nil ? nil : $0 }
            if let same, old.entries[same].sha256 == sha256 {
                whole[index] = same
            } else if let copy = byContent[sha256] {
                whole[index] = copy
            } else {
                jobs.append(Job(entry: index, reference: same))
            }
        }
        (self.whole, self.jobs) = (whole, jobs)
    }

    /// The plan once the edits of all jobs are made.
    func plan(_ edits: [EncodedEdit]) -> Plan {
        var sources: [Int: FileSource] = whole.mapValues { .whole($0) }
        for (job, edit) in zip(jobs, edits) {
            let size = new.entries[job.entry].size
            sources[job.entry] = .edit(
                PlannedEdit(
                    method: edit.method, transform: .none, reference: edit.method == .literal ? nil : job.reference,
                    size: size, expandedSize: size))
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

extension TreeEntry {
    /// Of a file's content.
    var sha256: Digest? {
        if case .file(_, let sha256, _) = kind { sha256 } else { nil }
    }
}
