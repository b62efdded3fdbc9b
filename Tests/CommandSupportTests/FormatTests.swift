import Logging
import Testing

@testable import CommandSupport

@Suite struct FormatTests {
    @Test(
        "sizes in decimal units, three digits",
        arguments: [
            (-1, "0 B"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (5_832_110, "5.8 MB"), (99_949, "99.9 kB"),
            (99_950, "100 kB"), (999_499, "999 kB"), (999_500, "1.0 MB"), (Int.max, "9.2 EB"),
        ])
    func bytes(count: Int, text: String) {
        #expect(HumanFormat.bytes(count) == text)
    }

    @Test(
        "durations from milliseconds to days",
        arguments: [
            (Duration.zero, "0 ms"), (.milliseconds(-5), "0 ms"), (.milliseconds(12), "12 ms"),
            (.microseconds(999_400), "999 ms"), (.microseconds(999_600), "1.0 s"), (.milliseconds(1230), "1.2 s"),
            (.milliseconds(59_960), "1 min"), (.seconds(125), "2 min 5 s"), (.seconds(3600), "1 h"),
            (.seconds(11_100), "3 h 5 min"), (.seconds(187_200), "2 d 4 h"), (.seconds(Int64.max), "ages"),
        ])
    func durations(duration: Duration, text: String) {
        #expect(HumanFormat.duration(duration) == text)
    }

    @Test("columns are aligned, short rows are allowed, no line ends in a space, hostile cells are escaped")
    func table() {
        var table = TextTable(header: ["NAME", "SIZE"], alignments: [.left, .right])
        table.append(["a", "1 B"])
        table.append(["long\u{1b}", "120 MB"])
        table.append(["alone"])
        #expect(table.lines == ["NAME          SIZE", "a              1 B", "long\\u{1b}  120 MB", "alone"])
        #expect(TextTable().lines.isEmpty)
    }

    @Test("progress is silent in the first second and then drawn ten times a second")
    func progressPace() {
        #expect(!ProgressLine.isDue(elapsed: .milliseconds(999), lastDrawn: nil))
        #expect(ProgressLine.isDue(elapsed: .seconds(1), lastDrawn: nil))
        #expect(!ProgressLine.isDue(elapsed: .milliseconds(1099), lastDrawn: .seconds(1)))
        #expect(ProgressLine.isDue(elapsed: .milliseconds(1100), lastDrawn: .seconds(1)))
    }

    @Test(
        "the time that is left is told once there is enough to tell by",
        arguments: [
            (0, 0, 100, 10, nil), (0, 1, 100, 10, 990), (0, 50, 100, 10, 10), (0, 50, 100, 1, nil),
            (0, 99, 100, 10, 1), (0, 100, 100, 10, nil), (0, 200, 100, 10, nil), (0, 5, nil, 10, nil),
            (0, Int.max / 2, Int.max, 60, 60), (0, 1, Int.max, 10, nil), (0, 1, 0, 10, nil), (-1, -1, 100, 10, nil),
            (90, 95, 100, 10, 10),
        ] as [(Int, Int, Int?, Int, Int?)])
    func timeLeft(before: Int, done: Int, total: Int?, elapsed: Int, left: Int?) {
        var speed = ProgressSpeed()
        speed.add(before, at: .zero)
        speed.add(done, at: .seconds(elapsed))
        #expect(speed.left(done: done, total: total) == left.map { Duration.seconds($0) })
    }

    @Test("the speed is that of the last seconds: a mirror that slows down is seen to, one that goes back begins anew")
    func speed() {
        var speed = ProgressSpeed()
        // What stood there before it began was not fetched.
        speed.add(80_000_000, at: .zero)
        #expect(speed.bytesPerSecond == nil)
        for tick in 1...200 { speed.add(80_000_000 + tick * 100_000, at: .milliseconds(tick * 100)) }
        #expect(speed.bytesPerSecond == 1_000_000)
        for tick in 1...120 { speed.add(100_000_000 + tick * 1_000, at: .milliseconds(20_000 + tick * 100)) }
        #expect(speed.bytesPerSecond == 10_000)
        speed.add(5, at: .seconds(40))
        #expect(speed.bytesPerSecond == nil)
        speed.add(2_005, at: .seconds(42))
        #expect(speed.bytesPerSecond == 1000)
    }

    @Test("progress says how far, whatever the server promised")
    func progressText() {
        #expect(
            ProgressLine.text(done: 2_900_000, total: 5_800_000) == "[##########----------] 2.9 MB of 5.8 MB (50 %)")
        #expect(ProgressLine.text(done: 7, total: 5) == "[####################] 7 B of 5 B (100 %)")
        #expect(ProgressLine.text(done: -7, total: 5).hasPrefix("[--------------------]"))
        #expect(ProgressLine.text(done: 7, total: 0) == "7 B")
        #expect(ProgressLine.text(done: 7, total: nil) == "7 B")
        var speed = ProgressSpeed()
        speed.add(0, at: .zero)
        speed.add(2_000_000, at: .seconds(2))
        #expect(
            ProgressLine.line(done: 2_000_000, total: 8_000_000, speed)
                == "[#####---------------] 2.0 MB of 8.0 MB (25 %), 1.0 MB/s, about 6.0 s left")
    }

    @Test("a line that would wrap is cut, since what wraps would stay on the terminal")
    func narrowTerminal() {
        #expect(ProgressLine.fitted("twelve chars", width: 13) == "twelve chars")
        #expect(ProgressLine.fitted("twelve chars", width: 12) == "twelve cha…")
        #expect(ProgressLine.fitted("twelve chars", width: nil) == "twelve chars")
        #expect(ProgressLine.fitted("twelve chars", width: 0) == "twelve chars")
    }

    @Test("a log line cannot be broken in two by what it tells")
    func logLine() {
        var log = StandardErrorLog(name: "sceau-serve")
        log[metadataKey: "peer"] = "::1"
        let event = LogEvent(
            level: .warning, message: "refused \n x", metadata: ["a": "1"], source: "", file: "", function: "", line: 0)
        #expect(log.line(for: event) == "sceau-serve: warning: refused \\u{a} x a=1 peer=::1")
    }
}
