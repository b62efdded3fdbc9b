import DurableStorage
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// `current` as people set it, and as a hostile program does. Release 1.0 is installed, 1.1 is offered.
@Suite struct HandmadeLinkTests {
    private func instance(_ second: HookedRelease = HookedRelease("1.1")) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try second.add(to: hooked.repository)
        return hooked
    }

    private func setCurrent(_ hooked: HookedInstance, to target: String) throws {
        try DurableStorage().replaceLink(at: hooked.instance.folder.path("prefix/current"), target: target)
    }

    @Test(
        "a link to the release is that release, however somebody typed it, so that its services are stopped before data change",
        arguments: [
            "PREFIX/versions/1.0", "versions/1.0/", "./versions/1.0", "PREFIX//versions/./1.0/",
            "../prefix/versions/1.0",
        ])
    func spelled(target: String) throws {
        let hooked = try instance()
        try setCurrent(hooked, to: target.replacing("PREFIX", with: hooked.instance.folder.path("prefix").string))
        #expect(try hooked.agent().status().installed?.version == (try Version("1.0")))
        #expect(try hooked.agent().verify().differences == [])
        #expect(try hooked.agent().update().before == (try Version("1.0")))
        #expect(try hooked.ran().prefix(3) == ["1.1 pre", "stop", "1.1 migrate"])
        #expect(try hooked.instance.wholeVersion() == "1.1")
        _ = try hooked.agent().revert()
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test(
        "a link that leads elsewhere is in use by somebody, and stays: nothing is run beside it",
        arguments: [
            "/srv/app/releases/20240101", "releases/1.0", "versions", "versions/main", "../versions/1.0",
            "versions/1.0/bin",
        ])
    func foreign(target: String) throws {
        let hooked = try instance()
        try setCurrent(hooked, to: target)
        #expect(code { try hooked.agent().update() } == "agent/occupied")
        #expect(try DurableStorage().linkTarget(hooked.instance.folder.path("prefix/current")) == target)
        #expect(try hooked.ran() == [])
        #expect(!hooked.repository.requests.contains { $0.contains("1.1") && $0.hasSuffix(".tar.zst") })
    }

    @Test("a release whose program sets current elsewhere is not called installed", arguments: ["post", "health"])
    func switchedByHook(program: String) throws {
        var second = HookedRelease("1.1")
        second.scripts[program] = "#!/bin/sh\nln -sfn versions/1.0 \"$SCEAU_PREFIX/current\"\n"
        let hooked = try instance(second)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        #expect(try hooked.instance.wholeVersion() == "1.0")
        let status = try hooked.agent().status()
        #expect(status.installed?.version == (try Version("1.0")))
        #expect(status.lastStep?.event == .reverted)
        #expect(status.lastStep?.reason?.description.contains("current was set to 1.0 by somebody else") == true)
        #expect(try hooked.agent().update().release == nil)
    }
}
