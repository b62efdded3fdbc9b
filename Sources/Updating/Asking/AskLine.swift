import Primitives
import Processes
import Transport

/// The requests that go over one channel, one after another. Nothing that comes back is trusted: each frame has to be one that
/// may come now, and no longer than it may be. After an error it must not be used any more.
final class AskLine {
    enum Answer {
        case end(AskEnd, received: Int)
        case fault(TransportFault)
    }

    private let channel: any AskChannel
    private let goesOn: () -> Bool
    private let warn: ([String]) -> Void
    private var isReady = false
    private var buffer = [UInt8](repeating: 0, count: AskFrame.longestAnswer)
    /// What has come and is not used yet.
    private var waiting = 0..<0
    private var lastAsked: ContinuousClock.Instant?

    /// `goesOn` is asked at least once a second while something is waited for; false ends it. `warn` is told what the
    /// sandbox lacks, if anything.
    init(
        _ channel: any AskChannel, order: [UInt8], goesOn: @escaping () -> Bool, warn: @escaping ([String]) -> Void
    ) {
        (self.channel, self.goesOn, self.warn) = (channel, goesOn, warn)
        // When it does not take that, it will not answer either.
        _ = channel.send(AskFrame.encode(.order, order), within: .seconds(30))
    }

    func end() -> Companion.Ending { channel.end() }

    /// Hands what comes to `sink`, `limit` bytes at most. Throws `AskTrouble`, and whatever `sink` throws.
    func ask(
        _ request: AskRequest, limit: Int, until deadline: ContinuousClock.Instant,
        into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Answer {
        if !isReady { try awaitReady(until: deadline) }
        guard waiting.isEmpty else { throw AskTrouble.senseless("an answer to nothing") }
        guard channel.send(AskFrame.encode(.request, request.encoding), within: .seconds(30)) else {
            throw AskTrouble.ended
        }
        var received = 0
        while true {
            let frame = try nextFrame(until: deadline)
            switch frame.kind {
            case .bytes:
                guard !frame.place.isEmpty, frame.place.count <= limit - received else {
                    throw AskTrouble.senseless("more than \(limit) bytes")
                }
                received += frame.place.count
                try buffer.withUnsafeBytes { try sink(UnsafeRawBufferPointer(rebasing: $0[frame.place])) }
            case .end:
                guard let end = buffer[frame.place].first.flatMap(AskEnd.init(rawValue:)) else {
                    throw AskTrouble.senseless("an end of no kind")
                }
                return .end(end, received: received)
            case .fault:
                guard let fault = AskFault.decode(Array(buffer[frame.place])) else {
                    throw AskTrouble.senseless("a fault that is none")
                }
                return .fault(fault)
            case .order, .request, .ready: throw AskTrouble.senseless("a frame out of place")
            }
        }
    }

    private func awaitReady(until deadline: ContinuousClock.Instant) throws {
        let frame = try nextFrame(until: deadline)
        guard frame.kind == .ready, let gaps = AskGaps.decode(Array(buffer[frame.place])) else {
            throw AskTrouble.senseless("another beginning")
        }
        isReady = true
        if !gaps.isEmpty { warn(gaps) }
    }

    /// The next frame, and where its bytes are until the next call.
    private func nextFrame(
        until deadline: ContinuousClock.Instant
    ) throws(AskTrouble) -> (kind: AskFrame.Kind, place: Range<Int>) {
        try need(AskFrame.headerBytes, until: deadline)
        let start = waiting.lowerBound
        guard let (kind, count) = AskFrame.header(buffer[start..<(start + AskFrame.headerBytes)]),
            AskFrame.headerBytes + count <= buffer.count
        else { throw .senseless("a frame of no kind, or too long") }
        try need(AskFrame.headerBytes + count, until: deadline)
        let place = (waiting.lowerBound + AskFrame.headerBytes)..<(waiting.lowerBound + AskFrame.headerBytes + count)
        waiting = place.upperBound..<waiting.upperBound
        return (kind, place)
    }

    /// Returns when there are `count` bytes, which the buffer can hold.
    private func need(_ count: Int, until deadline: ContinuousClock.Instant) throws(AskTrouble) {
        if waiting.isEmpty {
            waiting = 0..<0
        } else if waiting.lowerBound + count > buffer.count {
            buffer.withUnsafeMutableBytes { $0.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[waiting])) }
            waiting = 0..<waiting.count
        }
        while waiting.count < count {
            let left = ContinuousClock.now.duration(to: deadline)
            guard left > .zero else { throw .timedOut }
            try goOn()
            let end = waiting.upperBound
            let news = buffer.withUnsafeMutableBytes { bytes in
                channel.receive(
                    into: UnsafeMutableRawBufferPointer(rebasing: bytes[end...]), within: min(left, .seconds(1)))
            }
            switch news {
            case .bytes(let number): waiting = waiting.lowerBound..<min(end + number, buffer.count)
            case .nothingYet: break
            case .ended: throw .ended
            }
        }
    }

    private func goOn() throws(AskTrouble) {
        if let lastAsked, lastAsked.duration(to: .now) < .milliseconds(900) { return }
        lastAsked = .now
        if !goesOn() { throw .stopped }
    }
}
