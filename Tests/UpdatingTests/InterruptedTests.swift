import DurableStorage
import FoundationEssentials
import Primitives
import Processes
import Releases
import Synchronization
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// An update that was cut off while a program ran, and what people type next.
@Suite struct InterruptedTests {
    /// Once it has come, nothing is written any more.
    private final class PowerCut: EffectObserver {
        let hasCome = Mutex(false)

        func willPerform(_ effect: DurableEffect) throws(StorageFault) {
            if hasCome.withLock({ $0 }) { throw StorageFault(.failed, at: "\(effect)") }
        }
    }

    /// 1.0 is installed; the update to 1.1 was cut off when its `hook` had ended.
    private func instance(cutOffAfter hook: String) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        try HookedRelease("1.1").add(to: hooked.repository)
        let (before, cut) = (hooked.instance.adjust, PowerCut())
        hooked.instance.adjust = {
            before(&$0)
            $0.storage = DurableStorage(observer: cut)
            let run = $0.processes
            $0.processes = { request in
                let result = try run(request)
                if request.executable.string.hasSuffix("versions/1.1/hooks/\(hook)") {
                    cut.hasCome.withLock { $0 = true }
                }
                return result
            }
        }
        #expect(code { try hooked.agent().update() } == "storage/failed")
        #expect(cut.hasCome.withLock { $0 })
        hooked.instance.adjust = before
        _ = try hooked.ran()
        return hooked
    }

    @Test(
        "a check tells of it and goes on with nothing", arguments: [("pre", StateName.preparing), ("post", .restarted)])
    func check(hook: String, state: StateName) throws {
        let hooked = try instance(cutOffAfter: hook)
        let journal = try hooked.instance.folder.read("state/journal")
        for _ in 0..<5 {
            let report = try hooked.agent().check()
            #expect(report.interrupted?.state == state)
            #expect(report.interrupted?.step.to == (try Version("1.1")))
        }
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.folder.read("state/journal") == journal)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.1")))
    }

    @Test(
        "a revert takes it back from where it was, and it does not begin again by itself",
        arguments: [
            ("pre", []), ("migrate", ["stop", "1.1 undo", "start", "1.0 post", "1.0 health"]),
            ("post", ["stop", "1.1 undo", "start", "1.0 post", "1.0 health"]),
            ("health", ["stop", "1.1 undo", "start", "1.0 post", "1.0 health"]),
        ])
    func revert(hook: String, expected: [String]) throws {
        let hooked = try instance(cutOffAfter: hook)
        let report = try hooked.agent().revert()
        #expect(report.before.version == (try Version("1.1")))
        #expect(report.installed.version == (try Version("1.0")))
        #expect(try hooked.ran() == expected)
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.agent().update().release == nil)
        #expect(try hooked.ran() == [])
        #expect(try hooked.agent().update(to: Version("1.1")).installed?.version == (try Version("1.1")))
    }

    @Test(
        "a revert that keeps data undoes nothing, and one that is named does the same",
        arguments: ["migrate", "health"])
    func keepingData(hook: String) throws {
        let hooked = try instance(cutOffAfter: hook)
        let report = try hooked.agent().revert(to: Version("1.0"), keepingData: true)
        #expect(try report.isChange && report.installed.version == Version("1.0"))
        #expect(try hooked.ran() == ["start", "1.0 post", "1.0 health"])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }
}

/// What was installed is out of sight, or what is known of it is lost.
@Suite struct LostInstallationTests {
    private func instance() throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        return instance
    }

    @Test("nothing is installed into the place where a file system is not mounted, unless a version is asked for")
    func unmounted() throws {
        let instance = try instance()
        let (prefix, away) = (instance.folder.path("prefix"), instance.folder.path("away"))
        try DurableStorage().renameExclusively(prefix, to: away)
        try DurableStorage().makeDirectory(prefix)
        for run in [
            { _ = try instance.agent().update() }, { _ = try instance.agent().check() },
            { _ = try instance.agent().verify() }, { _ = try instance.agent().revert() },
            { _ = try instance.agent().collectGarbage() },
        ] as [() throws -> Void] {
            #expect(code { try run() } == "agent/lost-installation")
        }
        #expect(try DurableStorage().list(prefix) == [])
        #expect(try instance.agent().status().lost == (try Version("1.0")))
        try DurableStorage().removeTree(prefix)
        try DurableStorage().renameExclusively(away, to: prefix)
        #expect(try instance.agent().verify().differences == [])
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().revert().installed.version == (try Version("1.0")))
        // It is really gone.
        try DurableStorage().removeTree(prefix)
        _ = try instance.agent().update(to: Version("1.1"))
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("what the installed tree is checked against is fetched again, and then there is a way back to it")
    func lostReleases() throws {
        let instance = try instance()
        try DurableStorage().removeTree(instance.folder.path("state/releases"))
        #expect(code { try instance.agent().verify() } == "agent/unknown-listing")
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().revert().installed.version == (try Version("1.0")))
        #expect(try instance.agent().verify().differences == [])
    }

    @Test("with the whole state lost and the root trusted again, there is a way back too")
    func lostState() throws {
        let instance = try instance()
        try DurableStorage().removeTree(instance.folder.path("state"))
        try instance.initialise()
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().revert().installed.version == (try Version("1.0")))
        #expect(try instance.wholeVersion() == "1.0")
    }
}

/// What monitoring sees.
@Suite struct LastRunTests {
    @Test("a check that goes well does not hide that updates fail")
    func standingError() throws {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        let good = try hooked.agent().status().lastSuccess
        #expect(good == hooked.instance.now)
        var release = HookedRelease("1.1")
        release.scripts["post"] = "#!/no/such/interpreter\n"
        try release.add(to: hooked.repository)
        hooked.instance.now += 60
        #expect(code { try hooked.agent().update() } == "agent/missing-tool")
        hooked.instance.now += 60
        _ = try hooked.agent().check()
        _ = try hooked.agent().collectGarbage()
        let status = try hooked.agent().status()
        #expect(status.lastError?.code == "agent/missing-tool")
        #expect(status.lastRun == hooked.instance.now)
        #expect(status.lastSuccess == good)
        // What is typed wrongly is no error of the instance.
        #expect(code { try hooked.agent().revert(to: Version("9.9")) } == "agent/not-kept")
        #expect(try hooked.agent().status().lastError?.code == "agent/missing-tool")
        try HookedRelease("1.2").add(to: hooked.repository)
        _ = try hooked.agent().update()
        let mended = try hooked.agent().status()
        #expect(mended.lastError == nil && mended.lastSuccess == hooked.instance.now)
    }
}
