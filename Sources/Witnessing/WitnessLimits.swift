/// What one log, and whoever speaks for it, may cost a witness.
package struct WitnessLimits: Hashable, Sendable {
    /// Larger trees that are cosigned in a day, for one log.
    package var growthsPerDay = 1440
    /// Seconds for which a cosignature is given out again when somebody asks for the same tree. Whoever has a checkpoint
    /// can ask: it is public. So asking again and again costs neither a signature nor a write.
    package var refreshInterval = 60
    /// Seconds by which the clock may be behind the last cosignature. Then the time is cosigned again; it never goes back.
    package var clockTolerance = 60

    package init() {}
}

/// How fast a log may grow: a token bucket, full at the start. Only cosigning takes from it, so nobody but the holder of
/// the log's key can empty it.
struct GrowthLimit {
    private static let day = 86_400.0
    private let perDay: Double
    private var tokens: Double
    private var lastTime: Double?

    init(perDay: Int) {
        self.perDay = Double(max(1, perDay))
        tokens = self.perDay
    }

    /// Seconds until there is something to take; nil when there is now. `time`: POSIX seconds. A clock set back gives
    /// nothing.
    mutating func wait(at time: Double) -> Int? {
        let elapsed = max(0, time - (lastTime ?? time))
        lastTime = max(time, lastTime ?? time)
        tokens = min(perDay, tokens + elapsed * perDay / Self.day)
        return tokens >= 1 ? nil : Int(((1 - tokens) * Self.day / perDay).rounded(.up))
    }

    mutating func take() {
        tokens -= 1
    }
}
