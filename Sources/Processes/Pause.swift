internal import Glibc

/// Waiting, by a clock that nobody sets.
package enum Pause {
    /// Blocks the thread, a signal or not, for as long as was asked.
    package static func sleep(for time: Duration) {
        let (seconds, attoseconds) = time.components
        guard seconds >= 0, attoseconds >= 0 else { return }
        var wanted = timespec(tv_sec: Int(seconds), tv_nsec: Int(attoseconds / 1_000_000_000))
        var rest = wanted
        while clock_nanosleep(CLOCK_MONOTONIC, 0, &wanted, &rest) == EINTR { wanted = rest }
    }
}
