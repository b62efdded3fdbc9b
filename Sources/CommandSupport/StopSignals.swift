import Dispatch
internal import Glibc

/// SIGTERM and SIGINT as an event, instead of the sudden end.
package struct StopSignals {
    private static let numbers = [SIGTERM, SIGINT]
    private let arrival = DispatchSemaphore(value: 0)
    private let sources: [any DispatchSourceSignal]

    /// From now on these signals end nothing by themselves.
    package init() {
        let arrival = arrival
        sources = Self.numbers.map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { arrival.signal() }
            source.resume()
            return source
        }
    }

    /// Returns when one has come. The next one ends the process at once, as it would any other.
    package func wait() {
        arrival.wait()
        for source in sources { source.cancel() }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
