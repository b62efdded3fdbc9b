import Primitives
import Synchronization
import SystemPackage

/// One line on a terminal's standard error that says how far work is, drawn once the work has lasted a second.
///
/// May be told from any thread, as often as its work likes; it draws ten times a second. Silent without a terminal.
package final class ProgressLine: Sendable {
    private struct State {
        var lastDrawn: Duration?
    }

    private static let patience = Duration.seconds(1)
    private static let interval = Duration.milliseconds(100)

    private let title: String
    private let isShown: Bool
    private let start = ContinuousClock.now
    private let state = Mutex(State())

    package init(_ title: String, isShown: Bool = Terminal.showsProgress) {
        self.title = title.escapingUnprintable()
        self.isShown = isShown
    }

    /// Bytes done so far, and of how many when that is known.
    package func update(bytes done: Int, of total: Int? = nil) {
        update { Self.text(done: done, total: total) }
    }

    /// Any other measure, such as `412 of 3120 files`.
    package func update(_ measure: () -> String) {
        guard isShown else { return }
        let elapsed = start.duration(to: .now)
        let isDue = state.withLock { state in
            guard Self.isDue(elapsed: elapsed, lastDrawn: state.lastDrawn) else { return false }
            state.lastDrawn = elapsed
            return true
        }
        if isDue { draw("\(title): \(measure().escapingUnprintable()), \(HumanFormat.duration(elapsed))") }
    }

    /// Removes the line. Call it when the work is over, however it went.
    package func finish() {
        let wasDrawn = state.withLock { $0.lastDrawn != nil }
        if wasDrawn { draw("") }
    }

    static func isDue(elapsed: Duration, lastDrawn: Duration?) -> Bool {
        guard let lastDrawn else { return elapsed >= patience }
        return elapsed - lastDrawn >= interval
    }

    static func text(done: Int, total: Int?) -> String {
        guard let total, total > 0 else { return HumanFormat.bytes(done) }
        let percent = Int((Double(done) / Double(total) * 100).rounded(.down))
        return "\(HumanFormat.bytes(done)) of \(HumanFormat.bytes(total)) (\(min(100, max(0, percent))) %)"
    }

    private func draw(_ text: String) {
        // Back to the first column and clear the line. Progress that cannot be drawn is no reason to stop.
        _ = try? FileDescriptor.standardError.writeAll(Array("\r\u{1b}[K\(text)".utf8))
    }
}
