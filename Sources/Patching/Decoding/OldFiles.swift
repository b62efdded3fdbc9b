import Deflating
import Primitives
import Releases

/// Opens files of the old tree, transformed where an edit wants that, and keeps count of the memory it takes.
final class OldFiles<Source: PatchSource> {
    let old: TreeListing
    private let source: Source
    /// Bytes that may be held at a time: what the header says for edits.
    private let memory: Int
    /// Bytes that the dictionary holds to the end.
    private var held = 0
    private var work: Int

    /// `work`: what all edits together may `spend`. One old file may be asked for again and again.
    init(_ old: TreeListing, _ source: Source, memory: Int, work: Int) {
        (self.old, self.source, self.memory, self.work) = (old, source, memory, work)
    }

    /// Bytes that one edit may use.
    var editMemory: Int { memory - held }

    /// Throws when one edit would hold so many bytes.
    func check(_ bytes: Int) throws(PatchFault) {
        guard bytes <= editMemory else {
            throw PatchFault(.tooMuchMemory, found: "\(bytes) bytes", expected: "at most \(editMemory)")
        }
    }

    /// The file of a listed size.
    func open(_ index: Int) throws -> any OldFile {
        let entry = old.entries[index]
        let file = try source.open(entry)
        guard file.count == entry.size else { throw PatchFault(.wrongOldFile, at: entry.path.description) }
        return file
    }

    /// The file as the edit sees it, and the bytes of memory it holds.
    func open(_ index: Int, _ transform: EditTransform) throws -> (file: any OldFile, memory: Int) {
        guard transform != .none else { return (try open(index), 0) }
        let entry = old.entries[index]
        // Without anything to expand it is the file itself.
        try check(TransformMemory.old(file: entry.size, expanded: entry.size))
        let limit = TransformMemory.mostExpanded(file: entry.size, memory: editMemory)
        let bytes = transform.expanded(try bytes(index), entry, of: old, limit: limit)
        try check(TransformMemory.old(file: entry.size, expanded: bytes.count))
        try spend(entry.size + bytes.count)
        return (BytesAsFile(bytes), bytes.count)
    }

    /// Takes bytes that are read or made for an edit, besides those of the new tree, off the allowance.
    func spend(_ bytes: Int) throws(PatchFault) {
        guard bytes <= work else { throw PatchFault(.tooLarge, found: "more work than the largest tree") }
        work -= bytes
    }

    private func bytes(_ index: Int) throws -> [UInt8] {
        let file = try open(index)
        var bytes = [UInt8](repeating: 0, count: file.count)
        try bytes.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
        return bytes
    }

    /// What the text stream may refer to: the old files of all text edits, then the plan, which has the new names.
    func dictionary(_ plan: Plan, planBytes: [UInt8]) throws -> TextDictionary {
        var files: [any OldFile] = []
        for (index, transform) in plan.textReferences {
            if transform == .none {
                files.append(FileOnDemand(count: old.entries[index].size) { [self] in try open(index) })
            } else {
                let (file, memory) = try open(index, transform)
                held += memory
                files.append(file)
            }
        }
        return TextDictionary(files + [BytesAsFile(planBytes)])
    }
}

/// A file that is opened for each reading: there may be more of them than can be open.
private struct FileOnDemand: OldFile {
    let count: Int
    let open: () throws -> any OldFile

    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
        try open().read(at: offset, into: buffer)
    }
}

extension EditTransform {
    /// What an edit takes an old file for. Both sides do the same, as long as there is memory for `limit` bytes.
    func expanded(_ bytes: [UInt8], _ entry: TreeEntry, of old: TreeListing, limit: Int = .max) -> [UInt8] {
        switch self {
        case .none: return bytes
        case .record: return RecordLines(entry.path, lookup: old.lookup).expand(bytes)
        case .expanded:
            var limits = ExpansionLimits()
            limits.expandedBytes = min(limits.expandedBytes, max(0, limit))
            return Expansion.inflate(bytes, limits: limits) ?? bytes
        }
    }
}

extension TreeListing {
    /// Digest and size of the file at a path.
    var lookup: RecordLines.Lookup {
        { path in
            guard case .file(let size, let sha256, _) = self.entry(at: path)?.kind else { return nil }
            return (sha256, size)
        }
    }
}
