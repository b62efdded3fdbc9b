import Deflating
import Primitives
import Releases

/// Makes the edits of all jobs, several at a time, and gives them back in order.
struct EditRun<Old: PatchTree, New: PatchTree>: Sendable {
    private static var tinyBytes: Int { 2048 }

    private let old: TreeListing
    private let new: TreeListing
    private let jobs: [Pairing.Job]
    private let oldTree: Old
    private let newTree: New
    private let choice: EditChoice
    private let workers: Int
    private let largeFileBytes: Int
    private let progress: @Sendable (PatchProgress) -> Void
    /// Jobs small enough, together, for the text stream.
    private let textual: Set<Int>
    /// Entries of the new tree that no record may speak of.
    private let records: Set<ByteString>

    init(
        _ pairing: Pairing, _ oldTree: Old, _ newTree: New, _ packer: any StreamPacker, _ settings: PatchSettings,
        _ progress: @escaping @Sendable (PatchProgress) -> Void
    ) {
        (old, new, jobs) = (pairing.old, pairing.new, pairing.jobs)
        (self.oldTree, self.newTree, self.progress) = (oldTree, newTree, progress)
        choice = EditChoice(packer: packer)
        workers = max(1, settings.workers)
        largeFileBytes = settings.largeFileBytes
        textual = Self.textual(pairing, settings.textBytes)
        let (new, jobs) = (new, jobs)
        records = Set(jobs.map { new.entries[$0.entry].path }.filter(RecordLines.isRecord))
    }

    /// The smallest jobs that, with their references, fit into the text stream and its dictionary.
    private static func textual(_ pairing: Pairing, _ limit: Int) -> Set<Int> {
        let sizes = pairing.jobs.map { job in
            pairing.new.entries[job.entry].size + (job.reference.map { pairing.old.entries[$0].size } ?? 0)
        }
        var (chosen, total): (Set<Int>, Int) = ([], 0)
        for index in sizes.indices.sorted(by: { (sizes[$0], $0) < (sizes[$1], $1) }) where sizes[index] <= limit - total
        {
            total += sizes[index]
            chosen.insert(index)
        }
        return chosen
    }

    /// In the order of the jobs. The largest files are begun first, so that none is left over for one core at the end.
    func encode() async throws -> [FinishedEdit] {
        let total = jobs.reduce(0) { $0 + new.entries[$1.entry].size }
        let order = jobs.indices.sorted {
            (new.entries[jobs[$0].entry].size, $1) > (new.entries[jobs[$1].entry].size, $0)
        }
        var edits = [FinishedEdit?](repeating: nil, count: jobs.count)
        var done = PatchProgress(done: 0, total: total)
        try await withThrowingTaskGroup(of: (Int, FinishedEdit).self) { group in
            var waiting = order[...]
            func begin() {
                guard let index = waiting.popFirst() else { return }
                group.addTask { (index, try edit(index)) }
            }
            for _ in 0..<workers { begin() }
            while let (index, edit) = try await group.next() {
                edits[index] = edit
                done.done += new.entries[jobs[index].entry].size
                progress(done)
                try Task.checkCancellation()
                begin()
            }
        }
        return alone(edits.compactMap(\.self))
    }

    /// Edits of a patch with so little text that its files share nothing.
    private func alone(_ edits: [FinishedEdit]) -> [FinishedEdit] {
        guard edits.reduce(0, { $0 + $1.cost }) <= Self.tinyBytes else { return edits }
        return edits.map { edit in
            var edit = edit
            edit.encoded = edit.alone ?? edit.encoded
            return edit
        }
    }

    private func edit(_ index: Int) throws -> FinishedEdit {
        let job = jobs[index]
        if let edit = try large(job) { return edit }
        return try newTree.withBytes(of: new.entries[job.entry]) { newBytes in
            guard let reference = job.reference else { return literal(newBytes, isTextual: textual.contains(index)) }
            return try oldTree.withBytes(of: old.entries[reference]) { oldBytes in
                if let edit = try record(index, oldBytes, newBytes) { return edit }
                let isTextual = textual.contains(index)
                let expansion = DeflatedFiles.expand(newBytes)
                let plain = try choice.smaller(oldBytes, newBytes, isTextual: isTextual, needsCost: expansion != nil)
                if let expansion, let edit = try expanded(expansion, index, oldBytes, newBytes, below: plain.cost) {
                    return edit
                }
                var edit = FinishedEdit(plain.edit, .none, newBytes.count)
                (edit.cost, edit.alone) = (plain.cost, plain.alone)
                return edit
            }
        }
    }

    /// Of two files that are both too large for memory.
    private func large(_ job: Pairing.Job) throws -> FinishedEdit? {
        let entry = new.entries[job.entry]
        guard let reference = job.reference, min(entry.size, old.entries[reference].size) >= largeFileBytes else {
            return nil
        }
        let edit = try LargeFileEncoder.encode(old: oldTree.open(old.entries[reference]), new: newTree.open(entry))
        return FinishedEdit(edit, .none, entry.size)
    }

    private func literal(_ bytes: UnsafeBufferPointer<UInt8>, isTextual: Bool) -> FinishedEdit {
        let isText = isTextual && TextGuess.isText(bytes)
        return FinishedEdit(.literal(bytes), .none, bytes.count, isBulk: !isText && !bytes.isEmpty)
    }

    /// Between files with their deflated parts expanded, when that takes fewer bytes than `limit`.
    private func expanded(
        _ expansion: Expansion, _ index: Int, _ oldBytes: UnsafeBufferPointer<UInt8>,
        _ newBytes: UnsafeBufferPointer<UInt8>, below limit: Int
    ) throws -> FinishedEdit? {
        guard let reference = jobs[index].reference else { return nil }
        let oldExpanded = EditTransform.expanded.expanded(Array(oldBytes), old.entries[reference], of: old)
        let sizes = oldExpanded.count + expansion.bytes.count
        let candidate = try oldExpanded.withUnsafeBufferPointer { old in
            try expansion.bytes.withUnsafeBufferPointer { new in
                try choice.smaller(
                    old, new, isTextual: textual.contains(index) && sizes <= DeflatedFiles.textBytes, needsCost: true)
            }
        }
        guard candidate.cost + expansion.recipe.count < limit else { return nil }
        var edit = FinishedEdit(candidate.edit, .expanded, expansion.bytes.count)
        (edit.recipe, edit.cost) = (expansion.recipe, candidate.cost)
        edit.sizes = TransformedSizes(
            old: oldBytes.count, oldExpanded: oldExpanded.count, new: newBytes.count)
        return edit
    }

    /// Between records without what follows from their trees.
    private func record(
        _ index: Int, _ oldBytes: UnsafeBufferPointer<UInt8>, _ newBytes: UnsafeBufferPointer<UInt8>
    ) throws -> FinishedEdit? {
        guard let reference = jobs[index].reference, textual.contains(index) else { return nil }
        let (entry, oldEntry) = (new.entries[jobs[index].entry], old.entries[reference])
        guard RecordLines.isRecord(entry.path) else { return nil }
        let known = new.lookup
        let lines = RecordLines(entry.path) { [records] in records.contains($0) ? nil : known($0) }
        let expanded = lines.expand(newBytes)
        guard let back = try? lines.contract(expanded, limit: newBytes.count), back.elementsEqual(newBytes) else {
            return nil
        }
        let oldExpanded = RecordLines(oldEntry.path, lookup: old.lookup).expand(oldBytes)
        let edit = try oldExpanded.withUnsafeBufferPointer { old in
            try expanded.withUnsafeBufferPointer { new in try choice.smaller(old, new, isTextual: true) }
        }
        var finished = FinishedEdit(edit.edit, .record, expanded.count)
        (finished.cost, finished.alone) = (edit.cost, edit.alone)
        finished.sizes = TransformedSizes(
            old: oldBytes.count, oldExpanded: oldExpanded.count, new: newBytes.count)
        return finished
    }
}

extension FinishedEdit {
    init(_ encoded: EncodedEdit, _ transform: EditTransform, _ expandedSize: Int, isBulk: Bool = false) {
        self.init(encoded: encoded, transform: transform, expandedSize: expandedSize, isBulk: isBulk)
    }
}
