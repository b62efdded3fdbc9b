import Dispatch
import Patching
import Primitives
import Synchronization

/// A stream that is unpacked on a second core before it is read, into a ring: never more than that holds.
///
/// Who reads never waits for the other core to begin: what is not there it unpacks itself. And the other core never waits
/// for who reads: it ends when the ring is full, and is called again once half of it is empty. So neither holds the other up
/// for longer than one piece takes, whatever the stream is. A fault is thrown where the piece that has it is read, and pieces
/// always begin and end at the same places, whoever unpacks them. Not for use from two threads at once, by who reads.
///
/// May be shared with the other core: `stream`, and the ring behind what is made, are used with `unpacking` held; the ring
/// from `taken` to `made` is the reader's, and `progress` is under its own lock. All that `stream` has in common with others is
/// the patch, which may be read from several threads.
final class StreamAhead: UnpackedStream, @unchecked Sendable {
    /// Streams that have no more are not worth a second core.
    static let fewBytes = 32 << 10
    private static let ringBytes = 64 << 10
    private static let piece = 8 << 10

    private struct Progress {
        /// Bytes unpacked so far, and read so far.
        var made = 0
        var taken = 0
        var fault: (any Error)?
        /// Whether the other core was called, and has not come to an end of what it can do.
        var isCalled = true
        var isStopped = false
    }

    private let stream: any UnpackedStream
    private let count: Int
    private let queue: DispatchQueue
    /// Whole pieces, so that each lies in one part of it.
    private let ring: UnsafeMutableRawBufferPointer
    private let unpacking = Mutex(())
    private let progress = Mutex(Progress())

    /// Of `count` bytes, unpacked on `queue` when that has time. Nobody else uses `stream` from now on.
    init(_ stream: any UnpackedStream, count: Int, on queue: DispatchQueue) {
        (self.stream, self.count, self.queue) = (stream, count, queue)
        let bytes = min(Self.ringBytes, (count + Self.piece - 1) / Self.piece * Self.piece)
        ring = .allocate(byteCount: bytes, alignment: 16)
        ring.initializeMemory(as: UInt8.self, repeating: 0)
        fill()
    }

    deinit { ring.deallocate() }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        var filled = 0
        while filled < buffer.count {
            let (start, made) = try ready()
            let place = start % ring.count
            let part = ring[place..<min(ring.count, place + min(made - start, buffer.count - filled))]
            UnsafeMutableRawBufferPointer(rebasing: buffer[filled...]).copyMemory(
                from: UnsafeRawBufferPointer(rebasing: part))
            filled += part.count
            if note(taken: part.count) { fill() }
        }
    }

    func finish() throws {
        let (fault, taken) = progress.withLock { ($0.fault, $0.taken) }
        if let fault { throw fault }
        guard taken == count else { throw PatchFault(.leftover) }
        try unpacking.withLock { _ in try stream.finish() }
    }

    func stop() {
        progress.withLock { $0.isStopped = true }
        // The piece that is being unpacked, if there is one.
        unpacking.withLock { _ in }
    }

    /// How far the stream was read, and how far it is unpacked, which is farther.
    private func ready() throws -> (taken: Int, made: Int) {
        while true {
            let found = try progress.withLock { progress -> (taken: Int, made: Int)? in
                if progress.made > progress.taken { return (progress.taken, progress.made) }
                if let fault = progress.fault { throw fault }
                guard progress.made < count, !progress.isStopped else { throw PatchFault(.truncated) }
                return nil
            }
            if let found { return found }
            _ = unpackPiece()
        }
    }

    /// Says whether the other core should be called.
    private func note(taken: Int) -> Bool {
        progress.withLock { progress in
            progress.taken += taken
            let isWorth = progress.fault == nil && progress.made < count
            guard !progress.isCalled, isWorth, progress.made - progress.taken <= ring.count / 2 else { return false }
            progress.isCalled = true
            return true
        }
    }

    private func fill() {
        queue.async { [self] in
            while unpackPiece() {}
            progress.withLock { $0.isCalled = false }
        }
    }

    /// False when there is nothing to do for now.
    private func unpackPiece() -> Bool {
        unpacking.withLock { _ in
            let start = progress.withLock { progress -> Int? in
                let isFull = ring.count - (progress.made - progress.taken) < Self.piece
                return isFull || progress.isStopped || progress.fault != nil || progress.made == count
                    ? nil : progress.made
            }
            guard let start else { return false }
            let place = start % ring.count
            let end = place + min(Self.piece, count - start)
            do {
                try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: ring[place..<end]))
                progress.withLock { $0.made = start + end - place }
            } catch {
                progress.withLock { $0.fault = error }
            }
            return true
        }
    }
}
