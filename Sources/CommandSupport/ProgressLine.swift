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

    /// Bytes done so far, and of how many when that is known; then with the time that is left, by the speed so far.
    package func update(bytes done: Int, of total: Int? = nil) {
        let elapsed = start.duration(to: .now)
        update {
            let left = Self.left(done: done, total: total, elapsed: elapsed)
            return Self.text(done: done, total: total) + (left.map { ", about \(HumanFormat.duration($0)) left" } ?? "")
        }
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

    /// Nil as long as there is too little to tell by, and at the end.
    static func left(done: Int, total: Int?, elapsed: Duration) -> Duration? {
        guard let total, done > 0, done < total, elapsed >= .seconds(2), done >= total / 50 else { return nil }
        let seconds = (elapsed / .seconds(1)) * (Double(total) / Double(done) - 1)
        // Nobody needs a fraction of a second of what is only an estimate.
        return .seconds(max(1, seconds.rounded()))
    }

    private func draw(_ text: String) {
        // Back to the first column and clear the line. Progress that cannot be drawn is no reason to stop.
        _ = try? FileDescriptor.standardError.writeAll(Array("\r\u{1b}[K\(text)".utf8))
    }
}
