import Dispatch
import DurableStorage
import Primitives
import Releases
import Synchronization
import SystemPackage

/// Copies that are made on a second core while the caller does other things; `finish` helps with what is left. The first
/// fault ends all of them.
final class FileCopies: Sendable {
    /// A file of the old tree that has a place in the new one, in a folder that is there already.
    struct Job: Sendable {
        let path: ByteString
        let entry: TreeEntry
        let executable: Bool
    }

    private struct State {
        var waiting: [Job] = []
        var next = 0
        var waitingBytes = 0
        var isWorking = false
        var isStopped = false
        var fault: (any Error)?
    }

    /// Fewer files, with fewer bytes, are not worth a thread.
    private static let fewFiles = 32
    private static let fewBytes = 1 << 20
    /// Taken at a time: neighbours in a folder that stays open.
    private static let batch = 8

    private let state = Mutex(State())
    private let group = DispatchGroup()
    /// As in `DispatchCore`.
    private let queue = DispatchQueue(label: "sceau.copies")
    private let (old, new): (FilePath, FilePath)
    private let storage: DurableStorage

    init(from old: FilePath, to new: FilePath, _ storage: DurableStorage) {
        (self.old, self.new, self.storage) = (old, new, storage)
    }

    /// Throws what an earlier copy threw.
    func add(_ job: Job) throws {
        let begins = try state.withLock { state in
            if let fault = state.fault { throw fault }
            state.waiting.append(job)
            state.waitingBytes += job.entry.size
            let isWorth = state.waiting.count - state.next > Self.fewFiles || state.waitingBytes > Self.fewBytes
            guard isWorth, !state.isWorking else { return false }
            state.isWorking = true
            return true
        }
        guard begins else { return }
        queue.async(group: group) { [self] in work() }
    }

    /// Returns when all are made. Throws what the first fault was.
    func finish() throws {
        work()
        group.wait()
        if let fault = state.withLock({ $0.fault }) { throw fault }
    }

    /// Leaves out what was not begun; returns when nothing is being made any more.
    func stop() {
        state.withLock { $0.isStopped = true }
        group.wait()
    }

    /// Copies until nothing waits.
    private func work() {
        do {
            var copier: FileCopier?
            while let jobs = take() {
                let made = try copier ?? FileCopier(from: old, to: new, storage)
                copier = made
                for job in jobs { try made.copy(job) }
            }
        } catch {
            state.withLock { state in
                state.fault = state.fault ?? error
                state.isStopped = true
            }
        }
    }

    /// The next few jobs; nil when there are none (for now), and the thread ends.
    private func take() -> ArraySlice<Job>? {
        state.withLock { state in
            guard !state.isStopped, state.next < state.waiting.count else {
                state.isWorking = false
                return nil
            }
            let jobs = state.waiting[state.next..<min(state.next + Self.batch, state.waiting.count)]
            state.next += jobs.count
            state.waitingBytes -= jobs.reduce(0) { $0 + $1.entry.size }
            return jobs
        }
    }
}
