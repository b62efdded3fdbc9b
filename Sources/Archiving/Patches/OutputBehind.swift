import Dispatch
import Primitives
import Signatures
import Synchronization

/// Hashes and writes new files, one after the other; large ones on a second core, while what follows is made.
///
/// A few parts are on their way at most: who makes more waits until one is written. Each job on the queue writes one part and
/// ends, whatever comes of it; behind a fault it writes nothing. The fault is thrown by one of the next calls, at the latest
/// by `end`. Not for use from two threads at once.
///
/// May be shared with the queue: `next` and `isBehind` are the caller's alone. `file` and `hasher` are used by the jobs of the
/// serial queue, and by the caller while there are none: it waits for them in `end`, and small files have none. A part
/// is the caller's once `free` has one, and its job's until that gives it back; as jobs come in order, so do parts.
final class OutputBehind: @unchecked Sendable {
    private static let partBytes = 64 << 10
    private static let partCount = 8
    /// Smaller files are not worth a second core.
    private static let fewBytes = 256 << 10

    private let queue = DispatchQueue(label: "new files of a patch")
    private let parts = UnsafeMutableRawBufferPointer.allocate(byteCount: partBytes * partCount, alignment: 4096)
    private let free = DispatchSemaphore(value: 0)
    private let fault = Mutex<(any Error)?>(nil)
    private let hasher = SHA256Hasher()
    private var file: OpenNewFile?
    private var next = 0
    private var isBehind = false

    init() {
        for _ in 0..<Self.partCount { free.signal() }
    }

    deinit { parts.deallocate() }

    /// What is written from now on goes to `file`, which will have `size` bytes.
    func begin(_ file: OpenNewFile, size: Int) {
        self.file = file
        isBehind = size >= Self.fewBytes
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard isBehind else { return try put(bytes) }
        var rest = bytes
        while !rest.isEmpty {
            if let fault = fault.withLock({ $0 }) { throw fault }
            let count = min(rest.count, Self.partBytes)
            free.wait()
            let start = next * Self.partBytes
            next = (next + 1) % Self.partCount
            UnsafeMutableRawBufferPointer(rebasing: parts[start..<start + count]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: rest[..<count]))
            queue.async { [self] in putPart(start..<start + count) }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Ends the file and says what its digest is.
    func end() throws -> Digest {
        defer { file = nil }
        if isBehind { queue.sync {} }
        if let fault = fault.withLock({ $0 }) { throw fault }
        try file?.finish()
        return hasher.finish()
    }

    /// Nothing is written any more once this returns.
    func stop() {
        queue.sync {}
        file = nil
    }

    private func putPart(_ range: Range<Int>) {
        defer { free.signal() }
        guard fault.withLock({ $0 == nil }) else { return }
        do { try put(UnsafeRawBufferPointer(rebasing: parts[range])) } catch { fault.withLock { $0 = error } }
    }

    private func put(_ bytes: UnsafeRawBufferPointer) throws {
        hasher.update(bytes)
        try file?.write(bytes)
    }
}
