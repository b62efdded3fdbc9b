import Releases
import Synchronization

/// Makes the edits of all jobs, several at a time, and gives them back in order.
struct EditRun<Old: PatchTree, New: PatchTree>: Sendable {
    private let old: TreeListing
    private let new: TreeListing
    private let jobs: [Pairing.Job]
    private let oldTree: Old
    private let newTree: New
    private let workers: Int
    private let progress: @Sendable (PatchProgress) -> Void

    init(
        _ pairing: Pairing, _ oldTree: Old, _ newTree: New, _ settings: PatchSettings,
        _ progress: @escaping @Sendable (PatchProgress) -> Void
    ) {
        (old, new, jobs) = (pairing.old, pairing.new, pairing.jobs)
        (self.oldTree, self.newTree, self.progress) = (oldTree, newTree, progress)
        workers = max(1, settings.workers)
    }

    /// In the order of the jobs. The largest files are begun first, so that none is left over for one core at the end.
    func encode() async throws -> [EncodedEdit] {
        let total = jobs.reduce(0) { $0 + new.entries[$1.entry].size }
        let order = jobs.indices.sorted {
            (new.entries[jobs[$0].entry].size, $1) > (new.entries[jobs[$1].entry].size, $0)
        }
        var edits = [EncodedEdit?](repeating: nil, count: jobs.count)
        var done = PatchProgress(done: 0, total: total)
        try await withThrowingTaskGroup(of: (Int, EncodedEdit).self) { group in
            var waiting = order[...]
            func begin() {
                guard let index = waiting.popFirst() else { return }
                group.addTask { (index, try edit(jobs[index])) }
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

    private func edit(_ job: Pairing.Job) throws -> EncodedEdit {
        try newTree.withBytes(of: new.entries[job.entry]) { newBytes in
            guard let reference = job.reference else { return .literal(newBytes) }
            return try oldTree.withBytes(of: old.entries[reference]) { oldBytes in
                if TextGuess.isText(oldBytes), TextGuess.isText(newBytes) { return .text(newBytes) }
                return EditEncoder.encode(old: oldBytes, new: newBytes)
            }
        }
    }
}

extension EncodedEdit {
    static func literal(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.literal, bytes) }
    static func text(_ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit { inText(.text, bytes) }

    private static func inText(_ method: EditMethod, _ bytes: UnsafeBufferPointer<UInt8>) -> EncodedEdit {
        var streams = [[UInt8]](repeating: [], count: EditStream.allCases.count)
        streams[Int(EditStream.text.rawValue)] = Array(bytes)
        return EncodedEdit(method: method, memory: 0, streams: streams)
    }
}

/// Whether a file reads like text: what is a guess here costs bytes, never correctness.
enum TextGuess {
    static func isText(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        !bytes.prefix(64 << 10).contains { $0 < 9 || (14..<32).contains($0) }
    }
}
