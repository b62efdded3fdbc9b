import Primitives
import Synchronization
import SystemPackage

/// One line on a terminal's standard error that says how far work is, drawn once the work has lasted a second.
///
/// May be told from any thread, as often as its work likes; it draws ten times a second. Silent without a terminal.
package final class ProgressLine: Sendable {
    private struct State {
        var lastDrawn: Duration?
        var speed = ProgressSpeed()
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

    /// Bytes done so far, and of how many when that is known; with the speed of the last seconds and the time that is
    /// left by it. What was done before the first call does not count for the speed.
    package func update(bytes done: Int, of total: Int? = nil) {
        guard isShown else { return }
        let elapsed = start.duration(to: .now)
        let speed = state.withLock { state in
            state.speed.add(done, at: elapsed)
            return state.speed
        }
        update { Self.line(done: done, total: total, speed) }
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
        guard isDue else { return }
        let text = "\(title): \(measure().escapingUnprintable()), \(HumanFormat.duration(elapsed))"
        draw(Self.fitted(text, width: Terminal.width))
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

    private static let barWidth = 20

    static func line(done: Int, total: Int?, _ speed: ProgressSpeed) -> String {
        let rate = speed.bytesPerSecond.map { ", \(HumanFormat.bytes($0))/s" } ?? ""
        let left = speed.left(done: done, total: total).map { ", about \(HumanFormat.duration($0)) left" } ?? ""
        return text(done: done, total: total) + rate + left
    }

    static func text(done: Int, total: Int?) -> String {
        guard let total, total > 0 else { return HumanFormat.bytes(done) }
        let part = min(1, max(0, Double(done) / Double(total)))
        let filled = Int((part * Double(barWidth)).rounded(.down))
        let bar = String(repeating: "#", count: filled) + String(repeating: "-", count: barWidth - filled)
        let percent = Int((part * 100).rounded(.down))
        return "[\(bar)] \(HumanFormat.bytes(done)) of \(HumanFormat.bytes(total)) (\(percent) %)"
    }

    /// Cut to `width` columns, so that the line does not wrap: what wraps stays when the line is removed.
    static func fitted(_ text: String, width: Int?) -> String {
        guard let width, width > 1, text.count >= width else { return text }
        return text.prefix(width - 2) + "…"
    }

    private func draw(_ text: String) {
        // Back to the first column and clear the line. Progress that cannot be drawn is no reason to stop.
        _ = try? FileDescriptor.standardError.writeAll(Array("\r\u{1b}[K\(text)".utf8))
    }
}
