import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// SIGTERM while the agent works: before the lock it stops, from there on it goes through.
@Suite("Stopping the agent")
struct StopTests {
    @Test(
        "before the lock it ends with agent/stopped, changes nothing, and the next run does the rest", arguments: 1...8)
    func beforeTheLock(questions: Int) throws {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try HookedRelease("1.1").add(to: hooked.repository)
        var asked = 0
        let adjust = hooked.instance.adjust
        hooked.instance.adjust = {
            adjust(&$0)
            $0.isStopping = {
                asked += 1
                return asked >= questions
            }
        }
        #expect(code { try hooked.agent().update() } == "agent/stopped")
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.agent().status().lastError == nil, "it is no error")
        hooked.instance.adjust = adjust
        _ = try hooked.agent().update()
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(try hooked.instance.names(in: "prefix/versions").sorted() == ["1.0", "1.1"])
    }

    @Test(
        "from the lock on it goes through to the end", arguments: ["lock", "pre", "stop", "migrate", "post", "health"])
    func fromTheLockOn(moment: String) throws {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        hooked.configure { $0.install.lock.take = ["/bin/sh", "-c", "echo lock >> \"$SCEAU_SHARED/log\""] }
        try HookedRelease("1.1").add(to: hooked.repository)
        let adjust = hooked.instance.adjust
        let log = hooked.instance.folder.path("prefix/shared/log")
        hooked.instance.adjust = {
            adjust(&$0)
            $0.isStopping = {
                let text = (try? DurableStorage().read(log, limit: 1 << 20)) ?? []
                return String(decoding: text, as: UTF8.self).contains(moment)
            }
        }
        let stopped = code { try hooked.agent().update() }
        #expect(stopped == nil || stopped == "agent/stopped", "the next release is not begun")
        #expect(try hooked.ran().filter { $0.hasSuffix("health") } == ["1.1 health"])
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(try hooked.agent().instance.journalledState().step == nil)
    }

    @Test("while patches come it is no refusal of patches")
    func patches() async throws {
        let repository = try ReleaseRepository()
        let noise = (0..<2000).map { "\(Digest.sha256(of: [UInt8($0 & 255), UInt8($0 >> 8)]))" }.joined()
        try repository.add("1.0", Sample.first.merging(["noise": noise]) { $1 })
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try await repository.add("1.1", Sample.second.merging(["noise": noise]) { $1 }, patchesFrom: ["1.0"])
        var stops = 0
        for questions in 1...50 {
            var asked = 0
            instance.adjust = {
                $0.isStopping = {
                    asked += 1
                    return asked == questions
                }
            }
            guard let code = code({ try instance.agent().update() }) else { break }
            #expect(code == "agent/stopped")
            #expect(try instance.agent().instance.history().allSatisfy { $0.event == .updated })
            stops += 1
        }
        #expect(stops > 5)
        #expect(try instance.agent().instance.history().last?.delivery?.way == .patch)
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test(
        "while the machine is switched off no release is to blame, and the next start goes on",
        arguments: ["stop", "migrate", "start", "post", "health"])
    func machineStops(moment: String) throws {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try HookedRelease("1.1", status: ["migrate", "post", "health"].contains(moment) ? [moment: 1] : [:])
            .add(to: hooked.repository)
        let adjust = hooked.instance.adjust
        hooked.instance.adjust = {
            adjust(&$0)
            let log = hooked.instance.folder.path("prefix/shared/log")
            // From 'pre' on, which is after the last moment at which a run is broken off.
            $0.isStopping = { ((try? DurableStorage().read(log, limit: 1 << 20)) ?? []).isEmpty == false }
            $0.isMachineStopping = { true }
        }
        hooked.configure {
            if moment == "start" { $0.services.start = ["/bin/false"] }
            if moment == "stop" { $0.services.stop = ["/bin/false"] }
        }
        #expect(code { try hooked.agent().update() } == "agent/stopped")
        #expect(try hooked.agent().isInterrupted)
        #expect(try hooked.agent().instance.history().count == 1, "nothing is told of 1.1 yet")
        #expect(try !hooked.ran().contains("1.1 undo"))
        // Where what failed still fails without a machine that stops, the release is taken back as ever.
        hooked.instance.adjust = adjust
        hooked.configure {
            $0.services.start = ["/bin/sh", "-c", "echo start >> \"$SCEAU_SHARED/log\""]
            $0.services.stop = ["/bin/true"]
        }
        let outcome = code { try hooked.agent().update() }
        #expect(outcome == (["migrate", "post", "health"].contains(moment) ? "agent/reverted" : nil))
        #expect(try hooked.ran().contains("start"))
    }
}
