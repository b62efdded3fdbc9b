import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What stands between a release and its installation, besides verification.
@Suite struct WaitingTests {
    private func instance() throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try HookedRelease("1.1").add(to: hooked.repository)
        return hooked
    }

    private func expectWaiting(
        _ hooked: HookedInstance, _ reason: WaitReason, until: Date? = nil, isReady: Bool, version: String = "1.1",
        said: String? = nil
    ) throws {
        let waiting = Waiting(try Version(version), reason, until: until, isReady: isReady, said: said)
        #expect(try hooked.agent().update().held?.waiting == waiting)
        let check = try hooked.agent().check()
        #expect(check.held?.waiting == waiting)
        #expect(check.available == nil)
        #expect(try hooked.agent().status().held?.waiting == waiting)
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.instance.names(in: "prefix/versions") == (isReady ? ["1.0", version] : ["1.0"]))
    }

    @Test("mode download makes ready and waits; what is here is not fetched a second time")
    func download() throws {
        let hooked = try instance()
        hooked.configure { $0.install.mode = .download }
        try expectWaiting(hooked, .approval, isReady: true)
        hooked.repository.requests = []
        #expect(try hooked.agent().update(to: Version("1.1")).installed?.version == (try Version("1.1")))
        #expect(!hooked.repository.requests.contains { $0.contains("tar.zst") })
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("a newer release replaces one that waits")
    func replaced() throws {
        let hooked = try instance()
        hooked.configure { $0.install.mode = .download }
        try expectWaiting(hooked, .approval, isReady: true)
        try HookedRelease("1.2").add(to: hooked.repository)
        try expectWaiting(hooked, .approval, isReady: true, version: "1.2")
        try hooked.agent().instance.setApproved(Version("1.2"))
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
    }

    @Test("what waits and was changed meanwhile is made anew")
    func changedMeanwhile() throws {
        let hooked = try instance()
        hooked.configure { $0.install.mode = .download }
        _ = try hooked.agent().update()
        try hooked.instance.folder.write("port 26", to: "prefix/versions/1.1/etc/default.conf")
        #expect(try hooked.agent().update(to: Version("1.1")).installed?.version == (try Version("1.1")))
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("mode notify fetches nothing until somebody approves")
    func notify() throws {
        let hooked = try instance()
        hooked.configure { $0.install.mode = .notify }
        try expectWaiting(hooked, .approval, isReady: false)
        #expect(!hooked.repository.requests.contains { $0.contains("1.1/") && $0.contains("tar.zst") })
        try hooked.agent().instance.setApproved(Version("1.1"))
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
        // It was approved once: that is no word about the next one.
        #expect(try hooked.agent().instance.approved() == nil)
    }

    @Test("a hold stops everything but going back, until it is over")
    func hold() throws {
        let hooked = try instance()
        let until = hooked.instance.now + 3600
        try hooked.agent().instance.setHold(Hold(until: until, reason: "exams"))
        try expectWaiting(hooked, .hold, until: until, isReady: false)
        #expect(try hooked.agent().update(to: Version("1.1"), now: true).held?.waiting.reason == .hold)
        hooked.instance.now = until
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
        try hooked.agent().instance.setHold(Hold(until: nil, reason: "exams"))
        #expect(try hooked.agent().revert().installed.version == (try Version("1.0")))
    }

    @Test("a hold that cannot be read holds")
    func damagedHold() throws {
        let hooked = try instance()
        try hooked.instance.folder.write("{", to: "state/hold")
        #expect(try hooked.agent().update().held?.waiting.reason == .hold)
    }

    /// 2026-11-20T12:00:00Z is a Friday, whatever `now` is: two hours from it on.
    private func window(from now: Date, after hours: Int) throws -> UpdateWindows {
        let minute = Int(now.timeIntervalSince1970) / 60 + hours * 60
        let start = minute % (24 * 60)
        return try UpdateWindows([
            UpdateWindow(
                days: Set(UpdateWindow.Weekday.allCases), from: start, to: (start + 60) % (24 * 60), zone: .utc)
        ])
    }

    @Test("outside of the window all is made ready; inside it is installed; a critical one may come at any time")
    func window() throws {
        let hooked = try instance()
        let windows = try window(from: hooked.instance.now, after: 3)
        hooked.configure { $0.install.windows = windows }
        let opening = try #require(windows.nextOpening(after: hooked.instance.now))
        #expect(opening > hooked.instance.now)
        try expectWaiting(hooked, .window, until: opening, isReady: true)
        hooked.instance.now = opening
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
    }

    @Test(
        "--now stands for no approval; a release that is named is approved",
        arguments: [UpdateMode.notify, .download, .automatic])
    func nowIsNoApproval(mode: UpdateMode) throws {
        let hooked = try instance()
        var release = HookedRelease("1.2")
        if mode == .automatic { release.way = InstallSection.Migration.Return.none }
        try release.add(to: hooked.repository)
        hooked.configure { $0.install.mode = mode }
        let expected = mode == .automatic ? WaitReason.irreversible : .approval
        let report = try hooked.agent().update(now: true)
        #expect(report.held?.waiting == Waiting(try Version("1.2"), expected, isReady: mode != .notify))
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.agent().update(to: Version("1.2")).installed?.version == (try Version("1.2")))
    }

    @Test("--now ignores window and rollout")
    func now() throws {
        let hooked = try instance()
        let windows = try window(from: hooked.instance.now, after: 3)
        hooked.configure { $0.install.windows = windows }
        #expect(try hooked.agent().update(now: true).installed?.version == (try Version("1.1")))
    }

    @Test("a window and a lock hold both: a busy lock in the window waits, and is asked again")
    func windowAndLock() throws {
        let hooked = try instance()
        let windows = try window(from: hooked.instance.now, after: 0)
        let busy = hooked.instance.folder.path("busy").string
        try hooked.instance.folder.write("", to: "busy")
        hooked.configure {
            $0.install.windows = windows
            $0.install.lock.take = ["/bin/sh", "-c", "test ! -e \(busy) && echo take >> \"$SCEAU_SHARED/log\""]
            $0.install.lock.giveBack = ["/bin/sh", "-c", "echo give back >> \"$SCEAU_SHARED/log\""]
        }
        try expectWaiting(hooked, .lock, isReady: true, said: "/bin/sh ended with status 1")
        try DurableStorage().remove(hooked.instance.folder.path("busy"))
        _ = try hooked.agent().update()
        let ran = try hooked.ran()
        #expect(ran.first == "take")
        #expect(ran.last == "give back")
        #expect(ran.count == 8)
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("what the lock command said is said: it may be no other node, but a fault of its own")
    func lockFault() throws {
        let hooked = try instance()
        hooked.configure {
            $0.install.lock.take = ["/bin/sh", "-c", "echo trying; echo 'ssh: no route to host' >&2; exit 255"]
        }
        let said = "/bin/sh ended with status 255; it said last: ssh: no route to host"
        try expectWaiting(hooked, .lock, isReady: true, said: said)
        let line = try hooked.agent().status().held?.line ?? ""
        #expect(line.contains("waits for the lock, which this node did not get: \(said) (here"), "\(line)")
    }

    @Test("a lock command that cannot be run is no lock that another node has")
    func brokenLock() throws {
        let hooked = try instance()
        hooked.configure { $0.install.lock.take = ["/no/such/command"] }
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try hooked.instance.history().last?.reason?.description.contains("could not be run") == true)
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test("the lock is given back also when the release is taken back")
    func lockAfterRevert() throws {
        let hooked = try instance()
        try HookedRelease("1.2", status: ["post": 1]).add(to: hooked.repository)
        hooked.configure {
            $0.install.lock.take = ["/bin/sh", "-c", "echo take >> \"$SCEAU_SHARED/log\""]
            $0.install.lock.giveBack = ["/bin/sh", "-c", "echo give back >> \"$SCEAU_SHARED/log\""]
        }
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        let ran = try hooked.ran()
        #expect(ran.filter { $0 == "take" }.count == 1)
        #expect(ran.last == "give back")
    }

    @Test("in a staged rollout an instance waits for its turn, which only it can reckon")
    func rollout() throws {
        let hooked = try instance()
        let start = hooked.instance.now
        var release = HookedRelease("1.2")
        let steps = [Rollout.Step(hours: 0, perMille: 0), .init(hours: 100, perMille: 1000)]
        let rollout = try Rollout(start: start, steps: steps)
        release.change = { $0.rollout = rollout }
        try release.add(to: hooked.repository)
        let agent = try hooked.agent()
        let seed = try agent.instance.seed(random: agent.ports.random)
        #expect(seed.count == 32)
        let opening = try #require(rollout.opening(for: RolloutNumber(seed: seed, version: Version("1.2"))))
        #expect(opening > start)
        // The newest waits; one that is for everybody is taken meanwhile.
        let report = try hooked.agent().update()
        #expect(report.installed?.version == (try Version("1.1")))
        #expect(report.held?.waiting == Waiting(try Version("1.2"), .rollout, until: opening))
        #expect(try hooked.agent().update().release == nil)
        hooked.instance.now = opening
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
    }

    @Test("a release that can only follow on a newer one is reached over it, in one run")
    func steps() throws {
        let hooked = try instance()
        var release = HookedRelease("2.0")
        release.change = { $0.updateFrom = try? Version("1.1") }
        try release.add(to: hooked.repository)
        #expect(code { try hooked.agent().update(to: Version("2.0")) } == "plan/step-needed")
        let report = try hooked.agent().update()
        #expect(report.before == (try Version("1.0")))
        #expect(report.installed?.version == (try Version("2.0")))
        #expect(try hooked.ran().filter { $0.hasSuffix("migrate") } == ["1.1 migrate", "2.0 migrate"])
    }

    @Test("when nothing leads to the newest release, that is said")
    func unreachable() throws {
        let hooked = try instance()
        _ = try hooked.agent().update()
        var release = HookedRelease("2.0")
        release.change = { $0.updateFrom = try? Version("1.5") }
        try release.add(to: hooked.repository)
        let check = try hooked.agent().check()
        #expect(check.available == nil)
        #expect(check.unreachable?.version == (try Version("2.0")))
    }
}
