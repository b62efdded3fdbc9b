import FoundationEssentials
import Primitives

/// When the daemon looks next. Two clocks count: one that goes on evenly, for polls; and the time of day, for what waits
/// until a time. Pure: times and chance come from outside.
///
/// Between two looks there is always a pause, and always an end to it, wherever somebody sets the time of day.
struct DaemonSchedule: Hashable, Sendable {
    /// By the even clock.
    private(set) var due: Duration
    /// By the time of day: when something that waits may go on.
    private(set) var wish: Date?
    /// No wish is heard before.
    private var earliest: Duration
    /// In a row.
    private(set) var failures = 0

    /// After a start, so that machines that start together do not ask together.
    static let firstWithin = Duration.seconds(30)
    /// The same after a time that many wait for, such as a window's opening.
    static let wishWithin: TimeInterval = 60
    static let firstRetry = Duration.seconds(60)
    static let shortestPause = Duration.seconds(10)
    /// Then the clocks are looked at again.
    static let longestPause = Duration.seconds(900)

    enum Outcome: Hashable, Sendable {
        /// What waits may go on at this time; nil when nothing waits, or for somebody.
        case good(until: Date?)
        case failed
    }

    /// - Parameter chance: 0 or more, less than 1; here and below.
    init(startingAt now: Duration, within time: Duration = Self.firstWithin, chance: Double) {
        due = now + time * chance
        earliest = now
    }

    /// - Parameters:
    ///   - poll: between two looks, on the average.
    ///   - now: the even clock.
    mutating func looked(
        _ outcome: Outcome, poll: Duration, at now: Duration, _ timeOfDay: Date, chance: (Double, Double)
    ) {
        earliest = now + Self.shortestPause
        switch outcome {
        case .good(let until):
            failures = 0
            due = now + Self.around(poll, chance.0)
            // A time that has come did not help.
            wish = until.flatMap { $0 > timeOfDay ? $0 + chance.1 * Self.wishWithin : nil }
        case .failed:
            failures = min(failures + 1, Self.mostDoublings)
            due = now + Self.around(min(Self.firstRetry * (1 << (failures - 1)), poll), chance.0)
            wish = nil
        }
        due = max(due, earliest)
    }

    /// Enough for the longest poll.
    private static let mostDoublings = 16

    /// A quarter less to a quarter more.
    private static func around(_ time: Duration, _ chance: Double) -> Duration { time * (0.75 + chance / 2) }

    func isDue(at now: Duration, _ timeOfDay: Date) -> Bool {
        if now >= due { return true }
        return now >= earliest && wish.map { timeOfDay >= $0 } ?? false
    }

    /// How long to wait before asking `isDue` again.
    func pause(at now: Duration, _ timeOfDay: Date) -> Duration {
        let toWish = wish.map { wish in
            let seconds = min(
                max(wish.timeIntervalSince(timeOfDay), 0), TimeInterval(Self.longestPause.components.seconds))
            return max(Duration.seconds(seconds), earliest - now)
        }
        let time = min(due - now, toWish ?? Self.longestPause, Self.longestPause)
        // What rounding leaves over is not worth waking up for.
        return max(time, .milliseconds(100))
    }
}
