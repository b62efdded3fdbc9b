import Dispatch
import Patching
import Primitives
import Synchronization
import Testing

@testable import Archiving

/// A stream whose byte at a place follows from that, up to `end`, where it is broken; knows how far it was read.
private final class CountedStream: UnpackedStream, Sendable {
    static func byte(_ place: Int) -> UInt8 { UInt8(truncatingIfNeeded: place &* 31 ^ place >> 8) }

    private let end: Int
    private let read = Mutex(0)

    init(end: Int) { self.end = end }

    var position: Int { read.withLock { $0 } }

    func read(into buffer: UnsafeMutableRawBufferPointer) throws {
        try read.withLock { position in
            guard buffer.count <= end - position else { throw PatchFault(.malformed) }
            for index in buffer.indices { buffer[index] = Self.byte(position + index) }
            position += buffer.count
        }
    }

    func finish() throws {}
}

@Suite struct StreamAheadTests {
    private static let count = 1_000_001
    private static let ring = 64 << 10
    private static let piece = 8 << 10

    private let queue = DispatchQueue(label: "test")

    private static func read(_ stream: StreamAhead, _ count: Int) throws -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        try bytes.withUnsafeMutableBytes { try stream.read(into: $0) }
        return bytes
    }

    private static func expected(_ range: Range<Int>) -> [UInt8] { range.map(CountedStream.byte) }

    /// Parts of `size` bytes up to `end`, as many bytes as came, and the fault if there was one.
    private static func readAll(_ stream: StreamAhead, _ size: Int, to end: Int) -> (
        bytes: [UInt8], fault: (any Error)?
    ) {
        var bytes: [UInt8] = []
        do {
            while bytes.count < end { bytes += try read(stream, min(size, end - bytes.count)) }
        } catch { return (bytes, error) }
        return (bytes, nil)
    }

    @Test(arguments: [1000, 8192, 100_000, 500_000])
    func aStreamReadInPartsOfAnySizeIsTheSame(_ size: Int) throws {
        let stream = StreamAhead(CountedStream(end: Self.count), count: Self.count, on: queue)
        #expect(Self.readAll(stream, size, to: Self.count).bytes == Self.expected(0..<Self.count))
        try stream.finish()
        #expect(throws: PatchFault.self) { try Self.read(stream, 1) }
    }

    @Test func withoutASecondCoreItIsReadAllTheSame() throws {
        queue.suspend()
        defer { queue.resume() }
        let stream = StreamAhead(CountedStream(end: Self.count), count: Self.count, on: queue)
        #expect(Self.readAll(stream, 9999, to: Self.count).bytes == Self.expected(0..<Self.count))
        stream.stop()
    }

    @Test func noMoreIsUnpackedThanTheRingHolds() throws {
        let source = CountedStream(end: Self.count)
        let stream = StreamAhead(source, count: Self.count, on: queue)
        queue.sync {}
        #expect(source.position == Self.ring)
        _ = try Self.read(stream, 40_000)
        queue.sync {}
        #expect(source.position <= 40_000 + Self.ring && source.position > 40_000)
    }

    /// The same bytes come before it, whoever unpacks and however the reader asks.
    @Test(arguments: [1, 777, 8192, 30_000], [true, false])
    func aBrokenStreamIsFoundAtTheSamePlace(_ size: Int, _ hasSecondCore: Bool) throws {
        if !hasSecondCore { queue.suspend() }
        defer { if !hasSecondCore { queue.resume() } }
        let broken = 200_000
        let stream = StreamAhead(CountedStream(end: broken), count: Self.count, on: queue)
        let (bytes, fault) = Self.readAll(stream, size, to: Self.count)
        let whole = broken / Self.piece * Self.piece
        #expect((fault as? PatchFault)?.code == .malformed)
        #expect(bytes.count == whole / size * size && bytes == Self.expected(0..<bytes.count))
        // It stays broken.
        #expect(throws: PatchFault.self) { try Self.read(stream, Self.piece + size) }
        #expect(throws: PatchFault.self) { try stream.finish() }
        stream.stop()
    }

    @Test func nothingIsReadOnceItIsStopped() throws {
        let source = CountedStream(end: Self.count)
        queue.suspend()
        let stream = StreamAhead(source, count: Self.count, on: queue)
        _ = try Self.read(stream, 10)
        stream.stop()
        let position = source.position
        queue.resume()
        queue.sync {}
        #expect(source.position == position)
        #expect(throws: PatchFault.self) { try Self.read(stream, Self.count - 10) }
    }

    @Test func aStreamThatWasNotReadToItsEndIsNotFinished() throws {
        let stream = StreamAhead(CountedStream(end: Self.count), count: Self.count, on: queue)
        _ = try Self.read(stream, Self.count - 1)
        #expect(throws: PatchFault.self) { try stream.finish() }
    }
}
