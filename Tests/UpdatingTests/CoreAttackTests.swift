import DurableStorage
import FoundationEssentials
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What an administrator does at three in the morning, and what meets the agent at a bad moment.
@Suite struct CoreAttackTests {
    /// An instance on the last but one of `releases`, to which the last one is offered.
    private func instance(_ releases: HookedRelease...) throws -> HookedInstance {
        let hooked = try HookedInstance()
        for release in releases {
            if release.version != releases.first?.version { _ = try hooked.agent().update() }
            try release.add(to: hooked.repository)
        }
        _ = try hooked.ran()
        return hooked
    }

    /// Runs `body` until it comes to `program`, in which the machine stops.
    private func stop(_ hooked: HookedInstance, in program: String, _ body: (Agent) throws -> Void) throws {
        let faulty = try FaultyStorage()
        var agentInstance = hooked.instance
        let adjust = agentInstance.adjust
        agentInstance.adjust = { ports in
            adjust(&ports)
            ports.processes = { request in
                if request.executable.string.hasSuffix(program) { faulty.crash(losing: .nothing) }
                guard !faulty.hasCrashed else { throw FaultyStorage.crash }
                return try ProcessRunner().run(request)
            }
        }
        try? body(try agentInstance.agent(faulty.storage))
        #expect(faulty.hasCrashed)
        _ = try hooked.ran()
    }

    // MARK: going back

    @Test("a revert that was cut off and is typed again goes back once, not twice", arguments: ["post", "health"])
    func revertAgain(program: String) throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"), HookedRelease("1.2"))
        _ = try hooked.agent().update()
        try stop(hooked, in: "1.1/hooks/\(program)") { _ = try $0.revert() }
        let report = try hooked.agent().revert()
        #expect(report.before.version == (try Version("1.2")))
        #expect(report.installed.version == (try Version("1.1")))
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(try hooked.agent().revert().installed.version == (try Version("1.0")))
    }

    @Test("a revert that is typed while a failing release is being taken back goes no further than that")
    func revertAfterOwn() throws {
        let ill = HookedRelease("1.2", status: ["health": 1])
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"), ill)
        try stop(hooked, in: "1.2/hooks/health") { _ = try $0.update() }
        #expect(try hooked.agent().revert().installed.version == (try Version("1.1")))
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("revert is no way around approval: what only waits here was never installed")
    func revertToWaiting() throws {
        var release = HookedRelease("1.1")
        release.way = InstallSection.Migration.Return.none
        let hooked = try instance(HookedRelease("1.0"), release)
        #expect(try hooked.agent().update().held?.waiting.reason == .irreversible)
        for keepsData in [false, true] {
            #expect(
                code { try hooked.agent().revert(to: Version("1.1"), keepingData: keepsData) } == "agent/not-kept")
        }
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.ran() == [])
    }

    @Test("a newer release is not returned to without what it does to the data")
    func revertForward() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        _ = try hooked.agent().update()
        _ = try hooked.agent().revert()
        _ = try hooked.ran()
        #expect(code { try hooked.agent().revert(to: Version("1.1")) } == "agent/irreversible")
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.agent().revert(to: Version("1.1"), keepingData: true).isChange)
    }

    @Test("a revert that does not get the lock does not give it back: it is somebody else's")
    func foreignLock() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        hooked.configure {
            $0.install.lock.take = ["/bin/false"]
            $0.install.lock.giveBack = ["/bin/sh", "-c", "echo give back >> \"$SCEAU_SHARED/log\""]
        }
        #expect(code { try hooked.agent().revert() } == "agent/given-up")
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("after a release was mended, the way back from it is the one it was")
    func revertAfterMending() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        _ = try hooked.agent().update()
        for lost in ["prefix/versions/1.1", "state/releases/1.1"] {
            try DurableStorage().removeTree(hooked.instance.folder.path(lost))
        }
        try DurableStorage().remove(hooked.instance.folder.path("state/installed.json"))
        #expect(try hooked.agent().update().release != nil)
        #expect(try hooked.agent().status().installed?.previous == (try Version("1.0")))
        _ = try hooked.ran()
        #expect(try hooked.agent().revert().installed.version == (try Version("1.0")))
        #expect(try hooked.ran().contains("1.1 undo"))
    }

    @Test("a mended release that does not do well keeps its data: there is no release before it to go back to")
    func illAfterMending() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        _ = try hooked.agent().update()
        try DurableStorage().removeTree(hooked.instance.folder.path("prefix/versions/1.1"))
        hooked.configure { $0.health.run = ["/bin/false"] }
        _ = try hooked.ran()
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try !hooked.ran().contains("1.1 undo"))
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("nothing is undone where one of several releases cannot undo any more")
    func halfUndone() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"), HookedRelease("1.2"))
        _ = try hooked.agent().update()
        try DurableStorage().removeTree(hooked.instance.folder.path("prefix/versions/1.1"))
        _ = try hooked.ran()
        #expect(code { try hooked.agent().revert(to: Version("1.0")) } == "agent/given-up")
        #expect(try hooked.ran().filter { $0.hasSuffix("undo") } == [])
        #expect(try hooked.instance.wholeVersion() == "1.2")
    }

    // MARK: what must not be passed by

    private func window(from now: Date) throws -> UpdateWindows {
        let start = Int(now.timeIntervalSince1970) / 60 % (24 * 60)
        return try UpdateWindows([
            UpdateWindow(
                days: Set(UpdateWindow.Weekday.allCases), from: start, to: (start + 60) % (24 * 60), zone: .utc)
        ])
    }

    @Test("a window that closes while the release is being fetched is closed")
    func windowCloses() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        let windows = try window(from: hooked.instance.now)
        hooked.configure { $0.install.windows = windows }
        let adjust = hooked.instance.adjust
        var passed = Duration.zero
        hooked.instance.adjust = { ports in
            adjust(&ports)
            ports.elapsed = { passed }
            ports.progress = { if case .building = $0 { passed += .seconds(7200) } }
        }
        let held = try hooked.agent().update().held
        #expect(held?.waiting.reason == .window)
        #expect(held?.until == hooked.instance.now + 24 * 3600)
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test("a hold that somebody sets after a stop holds what had changed nothing yet", arguments: ["true", "pre"])
    func holdAfterStop(program: String) throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        hooked.configure {
            $0.install.lock.take = ["/bin/true"]
            $0.install.lock.giveBack = ["/bin/sh", "-c", "echo give back >> \"$SCEAU_SHARED/log\""]
        }
        try stop(hooked, in: program) { _ = try $0.update() }
        try hooked.agent().instance.setHold(Hold(until: nil, reason: "exams"))
        #expect(try hooked.agent().check().held?.waiting.reason == .hold)
        #expect(try hooked.ran() == [])
        #expect(try hooked.agent().update().held?.waiting.reason == .hold)
        #expect(try hooked.ran() == ["give back"])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        try hooked.agent().instance.setHold(nil)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
    }

    @Test("a hold with a note that is too long to be read holds")
    func longHold() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        let note = ByteString(String(repeating: "exams ", count: 1000))
        try hooked.agent().instance.setHold(Hold(until: nil, reason: note))
        #expect(try hooked.agent().update().held?.waiting.reason == .hold)
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test(
        "a hold that somebody made as a folder or a link holds, run after run, until it is taken back",
        arguments: ["folder", "link"])
    func oddHold(kind: String) throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        let hold = hooked.instance.folder.path("state/hold")
        if kind == "folder" {
            try hooked.instance.folder.write("", to: "state/hold/by-me")
        } else {
            try DurableStorage().replaceLink(at: hold, target: "/nowhere")
        }
        for _ in 0..<2 { #expect(try hooked.agent().update().held?.waiting.reason == .hold) }
        #expect(try hooked.instance.wholeVersion() == "1.0")
        _ = try hooked.agent().hold(until: nil, reason: "so")
        #expect(try hooked.agent().status().hold?.reason == "so")
        _ = try hooked.agent().unhold()
        _ = try hooked.agent().update()
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }

    @Test("what waits here stays here while updates are on hold")
    func holdKeeps() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        hooked.configure { $0.install.mode = .download }
        _ = try hooked.agent().update()
        try hooked.agent().instance.setHold(Hold(until: nil, reason: "exams"))
        #expect(try hooked.agent().update().held?.waiting.reason == .hold)
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0", "1.1"])
    }

    @Test("once somebody has said yes, or the window is open, check and status do not say that it waits")
    func notWaitingAnyMore() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        hooked.configure { $0.install.mode = .download }
        #expect(try hooked.agent().update().held?.waiting.reason == .approval)
        try hooked.agent().instance.setApproved(Version("1.1"))
        #expect(try hooked.agent().status().held == nil)
        let check = try hooked.agent().check()
        #expect(check.held == nil)
        #expect(check.available?.version == (try Version("1.1")))
        // And the other way round.
        try hooked.agent().instance.setApproved(nil)
        #expect(try hooked.agent().check().held?.waiting.reason == .approval)
        #expect(try hooked.agent().status().held?.waiting.reason == .approval)
    }

    // MARK: by hand, or damaged

    @Test("current that somebody set to another release after a stop stays so", arguments: ["pre", "post"])
    func currentByHand(program: String) throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"), HookedRelease("1.2"))
        try stop(hooked, in: "1.2/hooks/\(program)") { _ = try $0.update() }
        try DurableStorage().replaceLink(at: hooked.instance.folder.path("prefix/current"), target: "versions/1.0")
        _ = try? hooked.agent().collectGarbage()
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.instance.history().last?.event == .failed)
    }

    @Test("a release that was taken back stays out, also when somebody sets current to an older one")
    func pinByHand() throws {
        let ill = HookedRelease("1.2", status: ["post": 1])
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"), ill)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        try DurableStorage().replaceLink(at: hooked.instance.folder.path("prefix/current"), target: "versions/1.0")
        #expect(try hooked.agent().status().installed?.revertedFrom == (try Version("1.2")))
        #expect(try hooked.agent().update().release == nil)
    }

    @Test(
        "an installed tree that is gone comes back, also after the administrator went back to it",
        arguments: [true, false])
    func lostAfterRevert(hasLink: Bool) throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        _ = try hooked.agent().update()
        _ = try hooked.agent().revert()
        try DurableStorage().removeTree(hooked.instance.folder.path("prefix/versions/1.0"))
        if !hasLink { try DurableStorage().remove(hooked.instance.folder.path("prefix/current")) }
        #expect(try hooked.agent().update().release?.version == (try Version("1.0")))
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.agent().update().release == nil)
    }

    @Test("services are stopped before data are changed, though what is kept of the old release is damaged")
    func damagedOldRelease() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        try hooked.instance.folder.write("{", to: "state/releases/1.0/release.json")
        _ = try hooked.agent().update()
        #expect(try hooked.ran() == ["1.1 pre", "stop", "1.1 migrate", "start", "1.1 post", "1.1 health"])
    }

    @Test("a journal of a step that failed for no reason does not stop the agent for ever")
    func failedForNoReason() throws {
        let hooked = try instance(HookedRelease("1.0"), HookedRelease("1.1"))
        let step = UpdateStep(.update, from: try Version("1.0"), to: try Version("1.1"), tree: Digest.sha256(of: []))
        try hooked.agent().instance.writeJournal(UpdateState(.failed, step))
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
    }

    // MARK: what programs say, and what they get

    @Test("whatever a failing program says last, a stop on the way back loses nothing")
    func oddWords() throws {
        var release = HookedRelease("1.1")
        release.scripts["health"] = "#!/bin/sh\nprintf 'zero\\342\\200\\213width\\n'\nexit 1\n"
        let hooked = try instance(HookedRelease("1.0"), release)
        try stop(hooked, in: "1.1/hooks/undo") { _ = try $0.update() }
        _ = try? hooked.agent().update()
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.ran() == ["1.1 undo", "start", "1.0 post", "1.0 health"])
        #expect(try hooked.agent().status().installed?.revertedFrom == (try Version("1.1")))
    }

    @Test("the history can be read, whatever programs said")
    func longWords() throws {
        var release = HookedRelease("1.1")
        let words = "#!/bin/sh\nprintf '\"%.0s' $(seq 2000)\nexit 1\n"
        release.scripts["health"] = words
        var old = HookedRelease("1.0")
        old.scripts["health"] = words.replacing("sh\n", with: "sh\n[ \"$SCEAU_KIND\" = update ] && exit 0\n")
        let hooked = try instance(old, release)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        #expect(try hooked.instance.history().last?.event == .reverted)
    }

    @Test("a program gets its arguments as they were signed")
    func oddArguments() throws {
        var release = HookedRelease("1.1")
        release.scripts["pre"] = "#!/bin/sh\nprintf %s \"$1\" > \"$SCEAU_SHARED/argument\"\n"
        release.change = { $0.install.pre?.run.append("a\tb\nc\u{200b}d $HOME \\") }
        let hooked = try instance(HookedRelease("1.0"), release)
        _ = try hooked.agent().update()
        let text = String(decoding: try hooked.instance.folder.read("prefix/shared/argument") ?? [], as: UTF8.self)
        #expect(text == "a\tb\nc\u{200b}d $HOME \\")
    }

    @Test("a shared path of odd letters is linked under its own name")
    func oddSharedPath() throws {
        var release = HookedRelease("1.1")
        release.change = { $0.install.shared = ["da\u{200d}ta"] }
        let hooked = try instance(HookedRelease("1.0"), release)
        _ = try hooked.agent().update()
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(try hooked.agent().verify().differences == [])
    }
}
