import Primitives
import Releases
import Signatures

/// Carries out a plan that was checked.
struct PatchRun<Source: PatchSource, Sink: PatchSink> {
    private let old: TreeListing
    private let plan: Plan
    private let source: Source
    private let sink: Sink
    private var decoder: EditDecoder<PackedStreams>
    private var made: [TreeEntry?]
    private var done = PatchProgress(done: 0, total: 0)

    init(
        _ old: TreeListing, _ plan: Plan, _ streams: PackedStreams, source: Source, sink: Sink, memory: Int
    ) {
        (self.old, self.plan, self.source, self.sink) = (old, plan, source, sink)
        decoder = EditDecoder(streams, limits: EditLimits(memory: memory))
        made = [TreeEntry?](repeating: nil, count: plan.entries.count)
        for entry in plan.entries { done.total += entry.listed(old, digest: old.digest).size }
    }

    /// Makes everything and says what it is.
    mutating func entries(_ progress: (PatchProgress) -> Void) throws -> [TreeEntry] {
        for (index, entry) in plan.entries.enumerated() {
            try make(entry, at: index)
            if case .file(_, .whole) = entry.kind { report(index, progress) }
        }
        for (index, edit) in plan.edits {
            try make(plan.entries[index], edit, at: index)
            report(index, progress)
        }
        return made.compactMap(\.self)
    }

    private mutating func report(_ index: Int, _ progress: (PatchProgress) -> Void) {
        done.done += made[index]?.size ?? 0
        progress(done)
    }

    /// Everything but edits.
    private mutating func make(_ entry: PlannedEntry, at index: Int) throws {
        switch entry.kind {
        case .directory: try sink.makeFolder(entry.path)
        case .link(let target): try sink.makeLink(entry.path, to: target)
        case .file(let executable, .whole(let source)):
            try sink.makeFile(entry.path, copying: old.entries[source], executable: executable)
        case .file(_, .edit): return
        }
        made[index] = entry.listed(old, digest: old.digest)
    }

    private mutating func make(_ entry: PlannedEntry, _ edit: PlannedEdit, at index: Int) throws {
        guard edit.transform == .none else { throw PatchFault(.malformed, found: "transform \(edit.transform)") }
        guard case .file(let executable, _) = entry.kind else { return }
        let file = try edit.reference.map { try openOld(old.entries[$0]) }
        try sink.beginFile(entry.path, size: edit.size, executable: executable)
        let (sink, hasher) = (sink, SHA256Hasher())
        var count = 0
        try decoder.decode(edit.method, old: file, count: edit.size) { bytes in
            count += bytes.count
            guard count <= edit.size else { throw PatchFault(.tooLarge, at: entry.path.description) }
            hasher.update(bytes)
            try sink.write(bytes)
        }
        guard count == edit.size else { throw PatchFault(.truncated, at: entry.path.description) }
        try sink.endFile()
        made[index] = entry.listed(old, digest: hasher.finish())
    }

    private func openOld(_ entry: TreeEntry) throws -> any OldFile {
        let file = try source.open(entry)
        guard file.count == entry.size else { throw PatchFault(.wrongOldFile, at: entry.path.description) }
        return file
    }
}
