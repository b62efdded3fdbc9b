import Primitives
import Releases

/// Makes the edits of all jobs, several at a time, and gives them back in order.
struct EditRun<Old: PatchTree, New: PatchTree>: Sendable {
    private let old: TreeListing
    private let new: TreeListing
    private let jobs: [Pairing.Job]
    private let oldTree: Old
    private let newTree: New
    private let workers: Int
    private let progress: @Sendable (PatchProgress) -> Void
    /// Jobs small enough, together, for the text stream.
    private let textual: Set<Int>
    /// Entries of the new tree that no record may speak of.
    private let records: Set<ByteString>

    init(
        _ pairing: Pairing, _ oldTree: Old, _ newTree: New, _ settings: PatchSettings,
        _ progress: @escaping @Sendable (PatchProgress) -> Void
    ) {
        (old, new, jobs) = (pairing.old, pairing.new, pairing.jobs)
        (self.oldTree, self.newTree, self.progress) = (oldTree, newTree, progress)
        workers = max(1, settings.workers)
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
        return edits.compactMap(\.self)
    }

    private func edit(_ index: Int) throws -> FinishedEdit {
        let job = jobs[index]
        return try newTree.withBytes(of: new.entries[job.entry]) { newBytes in
            guard let reference = job.reference else { return literal(newBytes, isTextual: textual.contains(index)) }
            return try oldTree.withBytes(of: old.entries[reference]) { oldBytes in
                if let edit = record(index, oldBytes, newBytes) { return edit }
                if textual.contains(index), TextGuess.isTextual(oldBytes, newBytes) {
                    return FinishedEdit(.text(newBytes), .none, newBytes.count)
                }
                let edit = EditEncoder.encode(old: oldBytes, new: newBytes)
                if edit.method != .literal { return FinishedEdit(edit, .none, newBytes.count) }
                return literal(newBytes, isTextual: textual.contains(index))
            }
        }
    }

    private func literal(_ bytes: UnsafeBufferPointer<UInt8>, isTextual: Bool) -> FinishedEdit {
        let isText = isTextual && TextGuess.isText(bytes)
        return FinishedEdit(.literal(bytes), .none, bytes.count, isBulk: !isText && !bytes.isEmpty)
    }

    /// Between records without what follows from their trees.
    private func record(
        _ index: Int, _ oldBytes: UnsafeBufferPointer<UInt8>, _ newBytes: UnsafeBufferPointer<UInt8>
    ) -> FinishedEdit? {
        guard let reference = jobs[index].reference, textual.contains(index) else { return nil }
        let entry = new.entries[jobs[index].entry]
        guard RecordLines.isRecord(entry.path) else { return nil }
        let known = new.lookup
        let lines = RecordLines(entry.path) { [records] in records.contains($0) ? nil : known($0) }
        let expanded = lines.expand(newBytes)
        guard let back = try? lines.contract(expanded, limit: newBytes.count), back.elementsEqual(newBytes) else {
            return nil
        }
        let oldSize = old.entries[reference].size
        // What the decoder holds: the old file twice for the dictionary, and twice again, the expanded file, the file.
        let memory = 4 * oldSize + expanded.count + newBytes.count
        return FinishedEdit(.text(expanded, memory: memory), .record, expanded.count)
    }
}

extension FinishedEdit {
    init(_ encoded: EncodedEdit, _ transform: EditTransform, _ expandedSize: Int, isBulk: Bool = false) {
        self.init(encoded: encoded, transform: transform, expandedSize: expandedSize, isBulk: isBulk)
    }
}

extension EncodedEdit {
    static func literal(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.literal, Array(bytes), 0) }
    static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.text, Array(bytes), 0) }
    static func text(_ bytes: [UInt8], memory: Int) -> EncodedEdit { inText(.text, bytes, memory) }

    private static func inText(_ method: EditMethod, _ bytes: [UInt8], _ memory: Int) -> EncodedEdit {
        var streams = [[UInt8]](repeating: [], count: EditStream.allCases.count)
        streams[Int(EditStream.text.rawValue)] = bytes
        return EncodedEdit(method: method, memory: memory, streams: streams)
    }
}

/// Whether a file reads like text: what is a guess here costs bytes, never correctness.
enum TextGuess {
    private static let smallBinary = 128 << 10

    static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.prefix(64 << 10).contains { $0 < 9 || (14..<32).contains($0) }
    }

    static func isTextual(_ old: UnsafeBufferPointer<UInt8>, _ new: UnsafeBufferPointer<UInt8>) -> Bool {
        if isText(old), isText(new) { return true }
        return new.count <= smallBinary && !new.starts(with: [0x7f, UInt8(ascii: "E"), UInt8(ascii: "L")])
    }
}
