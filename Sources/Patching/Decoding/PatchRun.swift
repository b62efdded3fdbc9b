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
    private var deflating: DeflatingBeside
    /// The file that is being deflated, as an index of the plan's entries.
    private var deflated: Int?
    private var done = PatchProgress(done: 0, total: 0)

    private var old: TreeListing { files.old }

    init(
        _ plan: Plan, _ streams: PackedStreams, _ files: OldFiles<Source>, sink: Sink, deflating: DeflatingBeside
    ) {
        (self.plan, self.streams, self.files, self.sink, self.deflating) = (plan, streams, files, sink, deflating)
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
            switch edit.transform {
            case .none:
                try write(index) { this, edit, path in try this.plainEdit(path, edit) }
                report(index, progress)
            case .record:
                // It may say something of all others.
                try finishDeflated(progress)
                try write(index) { this, edit, path in try this.recordEdit(path, edit) }
                report(index, progress)
            case .expanded: try beginDeflated(index, edit, progress)
            }
        }
        try finishDeflated(progress)
        return made.compactMap(\.self)
    }

    /// Makes one file of the plan with what `body` writes.
    private mutating func write(_ index: Int, _ body: (inout Self, PlannedEdit, ByteString) throws -> Void) throws {
        let entry = plan.entries[index]
        guard case .file(let executable, .edit(let edit)) = entry.kind else { return }
        try sink.beginFile(entry.path, size: edit.size, executable: executable)
        try body(&self, edit, entry.path)
        made[index] = entry.listed(old, digest: try sink.endFile())
    }

    /// Writes the file that is being deflated, if there is one, once that is done.
    private mutating func finishDeflated(_ progress: (PatchProgress) -> Void) throws {
        guard let index = deflated else { return }
        deflated = nil
        let bytes = try deflating.finish()
        try write(index) { this, edit, path in try this.writeWhole(bytes, edit, path) }
        report(index, progress)
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
    private mutating func plainEdit(_ path: ByteString, _ edit: PlannedEdit) throws {
        let file = try edit.reference.map { try files.open($0) }
        if let file, edit.method == .predicted { try files.spend(file.count) }
        decoder.limits.memory = files.editMemory
        let sink = sink
        try decode(path, edit, file) { try sink.write($0) }
    }

    /// The expanded bytes of a new file, in memory. `check` is told, before, how many there are of the old one's.
    private mutating func expanded(
        _ path: ByteString, _ edit: PlannedEdit, _ check: (Int) throws -> Void
    ) throws -> [UInt8] {
        let (file, held) = try edit.reference.map { try files.open($0, edit.transform) } ?? (nil, 0)
        try check(held)
        try files.spend(edit.expandedSize)
        var expanded: [UInt8] = []
        expanded.reserveCapacity(edit.expandedSize)
        decoder.limits.memory = files.editMemory - held - edit.expandedSize
        try decode(path, edit, file) { expanded += $0 }
        return expanded
    }

    private mutating func recordEdit(_ path: ByteString, _ edit: PlannedEdit) throws {
        let files = files
        let expanded = try expanded(path, edit) { held in try files.check(Self.memory(edit, held: held, recipe: 0)) }
        // What the first record may say, all others may say: not what other records are.
        let known = known ?? KnownFiles(made)
        self.known = known
        let bytes = try RecordLines(path, lookup: known.lookup).contract(expanded, limit: edit.size)
        try writeWhole(bytes, edit, path)
    }

    private func writeWhole(_ bytes: [UInt8], _ edit: PlannedEdit, _ path: ByteString) throws {
        guard bytes.count == edit.size else { throw PatchFault(.truncated, at: path.description) }
        try bytes.withUnsafeBytes { try sink.write($0) }
    }

    /// Makes what is to be deflated and, once the one before it is done, begins with that.
    private mutating func beginDeflated(
        _ index: Int, _ edit: PlannedEdit, _ progress: (PatchProgress) -> Void
    ) throws {
        var held = 0
        let (files, isBeside) = (files, deflating.isBeside)
        let expanded = try expanded(plan.entries[index].path, edit) {
            held = $0
            try files.check(isBeside ? $0 + edit.expandedSize : Self.memory(edit, held: $0, recipe: 0))
        }
        try finishDeflated(progress)
        let count = try streams.number(.recipes, atMost: isBeside ? deflating.memory : files.editMemory)
        if isBeside {
            try deflating.check(Self.memory(edit, held: 0, recipe: count))
        } else {
            try files.check(Self.memory(edit, held: held, recipe: count))
        }
        var recipe = [UInt8](repeating: 0, count: count)
        try recipe.withUnsafeMutableBytes { try streams.read(.recipes, into: $0) }
        deflating.begin(expanded, recipe: recipe, size: edit.size)
        deflated = index
        if !isBeside { try finishDeflated(progress) }
    }

    /// Bytes of memory for the last step of a transformed edit. `held`: bytes of the old file.
    private static func memory(_ edit: PlannedEdit, held: Int, recipe: Int) -> Int {
        // None of these is more than the largest tree or patch, so the sum cannot overflow.
        TransformMemory.new(old: held, expanded: edit.expandedSize, file: edit.size, recipe: recipe)
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
