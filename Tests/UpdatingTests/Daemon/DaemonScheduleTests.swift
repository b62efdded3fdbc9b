import Foundation
import Primitives
import Testing

@testable import Updating

/// When the daemon looks next, by two clocks.
@Suite("The daemon's schedule")
struct DaemonScheduleTests {
    private let day = Date(timeIntervalSince1970: 1_893_456_000)
    private let poll = Duration.seconds(3600)

    private func schedule(_ outcomes: [DaemonSchedule.Outcome], chance: Double = 0.5) -> DaemonSchedule {
        var schedule = DaemonSchedule(startingAt: .zero, chance: chance)
        for outcome in outcomes { schedule.looked(outcome, poll: poll, at: .zero, day, chance: (chance, chance)) }
        return schedule
    }

    @Test("the first look comes within half a minute", arguments: [(0, 0), (0.5, 15), (0.75, 22.5)])
    func first(chance: Double, seconds: Double) {
        #expect(schedule([], chance: chance).due == .seconds(seconds))
    }

    @Test("a poll is a quarter shorter or longer by chance", arguments: [(0, 2700), (0.5, 3600), (0.999, 4498.2)])
    func jitter(chance: Double, seconds: Double) {
        let difference = schedule([.good(until: nil)], chance: chance).due - .seconds(seconds)
        #expect(difference < .milliseconds(1) && difference > .milliseconds(-1))
    }

    @Test("failures are retried after a minute, then twice as long each time, and no later than a poll")
    func backOff() {
        let dues = (1...9).map { schedule(Array(repeating: .failed, count: $0)).due.components.seconds }
        #expect(dues == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
        #expect(schedule(Array(repeating: .failed, count: 1000)).due == poll)
        #expect(schedule([.failed, .failed, .good(until: nil), .failed]).due == .seconds(60))
    }

    @Test("a short poll caps the first retry too")
    func shortPoll() {
        var schedule = schedule([])
        schedule.looked(.failed, poll: .seconds(30), at: .zero, day, chance: (0.5, 0.5))
        #expect(schedule.due == .seconds(30))
    }

    @Test("what waits until a time is looked at a little after it, if that is before the poll")
    func wish() {
        let schedule = schedule([.good(until: day + 600)])
        #expect(!schedule.isDue(at: .seconds(629), day + 629))
        #expect(schedule.isDue(at: .seconds(630), day + 630))
        #expect(schedule.pause(at: .zero, day) == .seconds(630))
        let late = self.schedule([.good(until: day + 7200)])
        #expect(late.isDue(at: .seconds(3600), day + 3600))
    }

    @Test("a time that has come already is no reason to look again at once", arguments: [-86_400.0, -1, 0])
    func pastWish(offset: Double) {
        let schedule = schedule([.good(until: day + offset)], chance: 0)
        #expect(!schedule.isDue(at: .seconds(2699), day + 2699))
    }

    @Test("there is a pause after each look, whatever waits", arguments: [0.001, 1, 9])
    func shortestPause(offset: Double) {
        let schedule = schedule([.good(until: day + offset)], chance: 0)
        #expect(!schedule.isDue(at: .seconds(9), day + 1_000_000))
        #expect(schedule.isDue(at: .seconds(10), day + 10))
        #expect(schedule.pause(at: .zero, day) == .seconds(10))
    }

    @Test("a clock that is set back or ahead stops nothing and hurries nothing for long")
    func jumpingClock() {
        let schedule = schedule([.good(until: day + 600)])
        let (past, future) = (day - 10_000_000_000, day + 10_000_000_000)
        #expect(schedule.pause(at: .zero, past) == .seconds(900))
        #expect(schedule.isDue(at: .seconds(3600), past))
        #expect(schedule.isDue(at: .seconds(10), future))
        #expect(self.schedule([.good(until: nil)]).isDue(at: .seconds(10), future) == false)
    }

    @Test("no pause is longer than a quarter of an hour, or none at all")
    func pauses() {
        #expect(schedule([.good(until: nil)]).pause(at: .zero, day) == .seconds(900))
        #expect(schedule([.good(until: nil)]).pause(at: .seconds(3599), day) == .seconds(1))
        #expect(schedule([.good(until: nil)]).pause(at: .seconds(3600), day) > .zero)
    }
}
