internal import CProcess
internal import Glibc
import Primitives
import SystemPackage

/// What somebody outside tells a process by signals: a daemon SIGTERM and SIGINT to end, SIGHUP to read its configuration
/// again; one that ends by itself SIGTERM alone. No signal interrupts anything; it is noticed when it is asked for. One for a
/// process, used by one thread.
package final class DaemonSignals {
    private let source: OpenDescriptor
    private var stops = false
    private var reloads = false

    package enum Life {
        case daemon
        case untilDone
    }

    /// From now on these signals end nothing by themselves.
    package init(_ life: Life = .daemon) throws(ProcessFault) {
        let numbers = life == .daemon ? [SIGTERM, SIGINT, SIGHUP] : [SIGTERM]
        let descriptor = sceau_signals(numbers, numbers.count)
        guard descriptor >= 0 else {
            throw ProcessFault(.failed, found: Errno(rawValue: errno).description.lowercased(), expected: "signals")
        }
        source = OpenDescriptor(raw: descriptor)
    }

    /// Whether it was told to end; stays true.
    package var isStopping: Bool {
        look()
        return stops
    }

    /// Whether it was told to read its configuration again since this was asked last.
    package func takeReload() -> Bool {
        look()
        defer { reloads = false }
        return reloads
    }

    /// Returns after `time`, or as soon as there is something to be asked for.
    package func wait(for time: Duration) {
        let deadline = ContinuousClock.now + time
        while !isStopping, !reloads {
            let rest = ContinuousClock.now.duration(to: deadline).milliseconds
            guard rest > 0 else { return }
            var request = pollfd(fd: source.raw, events: Int16(POLLIN), revents: 0)
            _ = poll(&request, 1, Int32(min(rest, 3_600_000)))
        }
    }

    private func look() {
        var buffer = [UInt8](repeating: 0, count: 256)
        while true {
            let outcome = buffer.withUnsafeMutableBytes { source.read(into: $0) }
            guard case .bytes(let count) = outcome else { return }
            for number in buffer.prefix(count) {
                if number == UInt8(SIGHUP) { reloads = true } else { stops = true }
            }
        }
    }
}
