import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// A release whose tree was made ready and is not in use.
@Suite("What is here of a release") struct HereTests {
    private func instance(_ second: HookedRelease = HookedRelease("1.1")) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try second.add(to: hooked.repository)
        return hooked
    }

    @Test("on hold is said to be here; what is not, is said not to be")
    func onHold() throws {
        let hooked = try instance()
        _ = try hooked.agent().hold(until: nil, reason: "")
        #expect(try hooked.agent().update().held?.line.hasSuffix("(not fetched yet)") == true)
        _ = try hooked.agent().unhold()
        hooked.configure { $0.install.mode = .download }
        #expect(try hooked.agent().update().held?.line.hasSuffix("(here and verified)") == true)
        _ = try hooked.agent().hold(until: nil, reason: "")
        for _ in 0..<2 {
            for held in [
                try hooked.agent().check().held, try hooked.agent().update().held, try hooked.agent().status().held,
            ] {
                #expect(held?.waiting == Waiting(try Version("1.1"), .hold, isReady: true))
                #expect(held?.line.hasSuffix("(here and verified)") == true)
            }
        }
        // A tree that is gone is not here, whatever was written down of it.
        try DurableStorage().removeTree(hooked.instance.folder.path("prefix/versions/1.1"))
        #expect(try hooked.agent().status().held?.waiting.isReady == false)
        #expect(try hooked.agent().check().held?.waiting.isReady == false)
    }

    @Test("stays when its own look before the switch says no, and only what is said about it is fetched again")
    func refusedBefore() throws {
        let hooked = try instance(HookedRelease("1.1", status: ["pre": 1]))
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0", "1.1"])
        #expect(try hooked.instance.names(in: "state/downloads") == [])
        for _ in 0..<2 {
            hooked.repository.requests = []
            #expect(code { try hooked.agent().update() } == "agent/given-up")
            let targets = hooked.repository.requests.filter { $0.hasPrefix("targets/") }
            #expect(targets.allSatisfy { $0.hasSuffix("release.json") }, "\(targets)")
        }
        #expect(try hooked.ran() == ["1.1 pre", "1.1 pre", "1.1 pre"])
        // It is verified again: what was changed meanwhile is fetched anew.
        try hooked.instance.folder.write("port 26", to: "prefix/versions/1.1/etc/default.conf")
        hooked.repository.requests = []
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(hooked.repository.requests.contains { $0.contains("tar.zst") })
        #expect(try hooked.instance.folder.read("prefix/versions/1.1/etc/default.conf") == Array("port 25".utf8))
        // A newer one takes its place, and nothing of it is left.
        try HookedRelease("1.2").add(to: hooked.repository)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0", "1.2"])
        #expect(try hooked.instance.names(in: "state/releases") == ["1.0", "1.2"])
    }

    @Test("where nothing is installed, a change of data without a way back waits for nobody")
    func firstInstallation() throws {
        var release = HookedRelease("1.0")
        release.way = InstallSection.Migration.Return.none
        let hooked = try HookedInstance(release)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.0")))
        #expect(try hooked.instance.wholeVersion() == "1.0")
        // Only the link is gone: the data are still there.
        var next = HookedRelease("1.1")
        next.way = InstallSection.Migration.Return.none
        try next.add(to: hooked.repository)
        try DurableStorage().remove(hooked.instance.folder.path("prefix/current"))
        #expect(try hooked.agent().update().held?.waiting.reason == .irreversible)
        #expect(try hooked.agent().check().held?.waiting.reason == .irreversible)
        #expect(try hooked.agent().status().held?.waiting.reason == .irreversible)
        #expect(try hooked.instance.wholeVersion() == nil)
    }

    @Test("a first installation that waits for its window does not wait for approval in what is said meanwhile")
    func firstInWindow() throws {
        var release = HookedRelease("1.0")
        release.way = InstallSection.Migration.Return.none
        let hooked = try HookedInstance(release)
        hooked.configure { $0.install.mode = .download }
        #expect(try hooked.agent().update().held?.waiting.reason == .approval)
        #expect(try hooked.agent().check().held?.waiting.reason == .approval)
    }
}
