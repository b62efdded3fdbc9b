import Deflating
import Primitives
import Releases
import Signatures

/// Carries out a plan that was checked.
struct PatchRun<Source: PatchSource, Sink: PatchSink> {
    private let plan: Plan
    private let files: OldFiles<Source>
    private let sink: Sink
    private let streams: PackedStreams
    private var decoder: EditDecoder<PackedStreams>
    private var made: [TreeEntry?]
    private var known: KnownFiles?
    private var work: Int
    private var done = PatchProgress(done: 0, total: 0)

    private var old: TreeListing { files.old }

    /// `work` is what making deflated files again may cost in all.
    init(_ plan: Plan, _ streams: PackedStreams, _ files: OldFiles<Source>, sink: Sink, work: Int) {
        (self.plan, self.streams, self.files, self.sink, self.work) = (plan, streams, files, sink, work)
        decoder = EditDecoder(streams, limits: EditLimits(memory: files.editMemory))
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
            let entry = plan.entries[index]
            guard case .file(let executable, _) = entry.kind else { continue }
            try sink.beginFile(entry.path, size: edit.size, executable: executable)
            let digest = try edit.transform == .none ? plainEdit(entry.path, edit) : transformedEdit(entry.path, edit)
            try sink.endFile()
            made[index] = entry.listed(old, digest: digest)
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

    /// Made as it is written, in pieces.
    private mutating func plainEdit(_ path: ByteString, _ edit: PlannedEdit) throws -> Digest {
        let file = try edit.reference.map { try files.open($0) }
        if let file, edit.method == .predicted { try files.spend(file.count) }
        decoder.limits.memory = files.editMemory
        let (sink, hasher) = (sink, SHA256Hasher())
        try decode(path, edit, file) { bytes in
            hasher.update(bytes)
            try sink.write(bytes)
        }
        return hasher.finish()
    }

    /// Made in memory.
    private mutating func transformedEdit(_ path: ByteString, _ edit: PlannedEdit) throws -> Digest {
        let (file, held) = try edit.reference.map { try files.open($0, edit.transform) } ?? (nil, 0)
        try checkMemory(edit, held: held, recipe: 0)
        try files.spend(edit.expandedSize)
        var expanded: [UInt8] = []
        expanded.reserveCapacity(edit.expandedSize)
        decoder.limits.memory = files.editMemory - held - edit.expandedSize
        try decode(path, edit, file) { expanded += $0 }
        let bytes = try contract(expanded, path, edit, held: held)
        guard bytes.count == edit.size else { throw PatchFault(.truncated, at: path.description) }
        try bytes.withUnsafeBytes { try sink.write($0) }
        return .sha256(of: bytes)
    }

    /// `held`: bytes of the old file, in memory.
    private func checkMemory(_ edit: PlannedEdit, held: Int, recipe: Int) throws(PatchFault) {
        // None of these is more than the largest tree or patch, so the sum cannot overflow.
        try files.check(
            TransformMemory.new(old: held, expanded: edit.expandedSize, file: edit.size, recipe: recipe))
    }

    private mutating func contract(
        _ expanded: [UInt8], _ path: ByteString, _ edit: PlannedEdit, held: Int
    ) throws -> [UInt8] {
        guard edit.transform == .record else { return try deflate(expanded, edit, held: held) }
        // What the first record may say, all others may say: not what other records are.
        let known = known ?? KnownFiles(made)
        self.known = known
        return try RecordLines(path, lookup: known.lookup).contract(expanded, limit: edit.size)
    }

    private mutating func deflate(_ expanded: [UInt8], _ edit: PlannedEdit, held: Int) throws -> [UInt8] {
        let count = try streams.number(.recipes, atMost: files.editMemory)
        try checkMemory(edit, held: held, recipe: count)
        var recipe = [UInt8](repeating: 0, count: count)
        try recipe.withUnsafeMutableBytes { try streams.read(.recipes, into: $0) }
        var limits = ExpansionLimits()
        limits.fileBytes = edit.size
        return try Expansion.contract(expanded, recipe: recipe, limits: limits, work: &work)
    }

    private mutating func decode(
        _ path: ByteString, _ edit: PlannedEdit, _ file: (any OldFile)?,
        into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws {
        var rest = edit.expandedSize
        let counted = { (bytes: UnsafeRawBufferPointer) in
            rest -= bytes.count
            guard rest >= 0 else { throw PatchFault(.tooLarge, at: path.description) }
            try sink(bytes)
        }
        if edit.isBulk {
            try copyBulk(edit.size, into: counted)
        } else {
            try decoder.decode(edit.method, old: file, count: edit.expandedSize, into: counted)
        }
        guard rest == 0 else { throw PatchFault(.truncated, at: path.description) }
    }

    private func copyBulk(_ count: Int, into sink: (UnsafeRawBufferPointer) throws -> Void) throws {
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 << 10, alignment: 16)
        defer { buffer.deallocate() }
        var rest = count
        while rest > 0 {
            let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(rest, buffer.count)])
            try streams.read(.bulk, into: part)
            try sink(UnsafeRawBufferPointer(part))
            rest -= part.count
        }
    }
}

/// The files of a tree that are made and whose digests are known, by their paths.
struct KnownFiles {
    private let entries: [TreeEntry?]

    /// In the order of their paths, with gaps.
    init(_ entries: [TreeEntry?]) {
        self.entries = entries.filter { $0 != nil }
    }

    var lookup: RecordLines.Lookup {
        { path in
            var (low, high) = (0, entries.count)
            while low < high {
                let middle = (low + high) / 2
                guard let entry = entries[middle] else { return nil }
                if entry.path < path { low = middle + 1 } else { high = middle }
            }
            guard low < entries.count, let entry = entries[low], entry.path == path,
                case .file(let size, let sha256, _) = entry.kind
            else { return nil }
            return (sha256, size)
        }
    }
}
