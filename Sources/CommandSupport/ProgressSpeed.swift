/// How fast work goes, by its last seconds. Knows no clock: it is told the time with each measure.
struct ProgressSpeed: Hashable, Sendable {
    private struct Sample: Hashable {
        let done: Int
        let time: Duration
    }

    /// What is longer ago does not count.
    private static let window = Duration.seconds(10)
    /// Samples are this far apart at least: a download tells of thousands of pieces.
    private static let interval = Duration.milliseconds(250)
    /// Too little to tell by.
    private static let patience = Duration.seconds(2)

    /// In order of time.
    private var samples: [Sample] = []
    private var newest: Sample?

    /// `done` bytes by `time`, from any beginning that stays the same. Work that goes back begins anew.
    mutating func add(_ done: Int, at time: Duration) {
        if let newest, done < newest.done || time < newest.time { samples = [] }
        newest = Sample(done: done, time: time)
        guard let last = samples.last else {
            samples = [Sample(done: done, time: time)]
            return
        }
        if time - last.time >= Self.interval { samples.append(Sample(done: done, time: time)) }
        // The first one that is too old stays: the window begins there.
        while samples.count > 2, time - samples[1].time >= Self.window { samples.removeFirst() }
    }

    /// Nil as long as there is too little to tell by.
    var bytesPerSecond: Int? { rate.flatMap { Int(exactly: $0.rounded()) } }

    private var rate: Double? {
        guard let first = samples.first, let newest, newest.time - first.time >= Self.patience else { return nil }
        return (Double(newest.done) - Double(first.done)) / ((newest.time - first.time) / .seconds(1))
    }

    /// Nil when nobody can tell, and at the end.
    func left(done: Int, total: Int?) -> Duration? {
        guard let total, done < total, let rate, rate > 0 else { return nil }
        let seconds = ((Double(total) - Double(done)) / rate).rounded()
        // Nobody needs a fraction of a second of what is only an estimate, or believes in years.
        return seconds < 366 * 86_400 ? .seconds(max(1, seconds)) : nil
    }
}
