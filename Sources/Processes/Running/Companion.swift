internal import Glibc
import Primitives
import SystemPackage

/// A program that runs beside the agent and talks with it, until one of them ends it.
///
/// Everything of `ProcessRunner` holds: what it gets, who keeps it, and that nothing of it is left running, whoever is killed.
/// Its standard input is one end of a channel that goes both ways; nobody reads its output. It has no time limit: whoever
/// waits for it has one. Not for two threads at once.
package final class Companion {
    /// How it ended.
    package enum Ending: Equatable, Sendable {
        case notStarted(ProcessFault)
        case ended(ProcessResult.Outcome)
        /// It was running still.
        case stopped
        /// Its keeper was ended from outside, or does not answer.
        case unknown
    }

    package enum News: Hashable, Sendable {
        /// So many are in the buffer.
        case bytes(Int)
        case nothingYet
        /// It closed its end, or is gone.
        case ended
    }

    private let request: ProcessRequest
    private let channel: OpenDescriptor
    private var keeper: Keeper?
    private var hasClosed = false

    /// Against SIGKILL and for a keeper that does not answer, as in `ProcessRunner`.
    private static let killTime = Duration.seconds(10)
    private static let patience = Duration.seconds(20)

    /// Starts it. `timeLimit`, `outputLimit` and `input` of the request mean nothing.
    package init(_ request: ProcessRequest) throws(ProcessFault) {
        var request = request
        (request.timeLimit, request.input) = (.seconds(1 << 40), [])
        try request.check()
        self.request = request
        do throws(Errno) {
            let ends = try Pipe(bothWays: true)
            keeper = try Keeper(request, grace: .zero, killTime: Self.killTime, channel: ends.writing.raw)
            channel = ends.keepReading()
        } catch {
            throw ProcessFault(.failed, found: error.description.lowercased(), at: request.executable.string)
        }
    }

    deinit { _ = end() }

    /// Hands it `bytes`, waiting for `time` at most. False when it did not take them all: then it is of no more use.
    package func send(_ bytes: [UInt8], within time: Duration) -> Bool {
        let deadline = ContinuousClock.now + time
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(channel.raw, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
            }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                guard isReady(for: Int16(POLLOUT), until: deadline) else { return false }
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    /// Takes what it has sent, waiting for `time` at most.
    package func receive(into buffer: UnsafeMutableRawBufferPointer, within time: Duration) -> News {
        let deadline = ContinuousClock.now + time
        while true {
            let count = recv(channel.raw, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
            if count > 0 { return .bytes(count) }
            if count < 0, errno == EAGAIN {
                guard isReady(for: Int16(POLLIN), until: deadline) else { return .nothingYet }
            } else if count == 0 || errno != EINTR {
                hasClosed = true
                return .ended
            }
        }
    }

    /// False when time is up.
    private func isReady(for events: Int16, until deadline: ContinuousClock.Instant) -> Bool {
        let left = ContinuousClock.now.duration(to: deadline).milliseconds
        guard left > 0 else { return false }
        var source = pollfd(fd: channel.raw, events: events, revents: 0)
        return poll(&source, 1, Int32(clamping: left)) != 0
    }

    /// Ends it and all that descends from it, at once; how it had ended if it had. Once it is ended, `unknown`.
    @discardableResult
    package func end() -> Ending {
        guard let keeper = keeper.take() else { return .unknown }
        // One that has just ended is seen by its keeper in a moment, which then knows how.
        if hasClosed {
            var source = pollfd(fd: keeper.reports.raw, events: Int16(POLLIN), revents: 0)
            _ = poll(&source, 1, 500)
        }
        let reports = keeper.letGo().farewell(patience: Self.patience)
        if let fault = reports.fault(request) { return .notStarted(fault) }
        switch reports.outcome {
        case .timedOut: return .stopped
        case .some(let outcome): return .ended(outcome)
        case nil: return .unknown
        }
    }
}
