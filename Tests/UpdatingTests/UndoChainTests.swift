import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// Going back over releases of which not each one went as it should.
@Suite("The way back over several releases") struct UndoChainTests {
    private func instance(_ second: HookedRelease) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        try second.add(to: hooked.repository)
        return hooked
    }

    @Test("knows one that was given up and stands")
    func givenUpAndStanding() throws {
        // Its data cannot be changed back at first.
        var second = HookedRelease("1.1", status: ["health": 1])
        second.scripts["undo"] =
            "#!/bin/sh\necho \"1.1 undo\" >> \"$SCEAU_SHARED/log\"\ntest -e \"$SCEAU_SHARED/mended\"\n"
        let hooked = try instance(second)
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try hooked.instance.wholeVersion() == "1.1")
        let entry = try #require(try hooked.agent().history().last)
        #expect(entry.from == (try Version("1.0")))
        #expect(entry.release == (try Version("1.1")))
        try HookedRelease("1.2").add(to: hooked.repository)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
        _ = try hooked.ran()
        try hooked.instance.folder.write("", to: "prefix/shared/mended")
        let report = try hooked.agent().revert(to: Version("1.0"))
        #expect(report.installed.version == (try Version("1.0")))
        #expect(try hooked.ran() == ["stop", "1.2 undo", "1.1 undo", "start", "1.0 post", "1.0 health"])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test("is not led astray by tries that changed nothing")
    func triesBetween() throws {
        var second = HookedRelease("1.1")
        second.scripts["pre"] = "#!/bin/sh\ntest -e \"$SCEAU_SHARED/room\"\n"
        let hooked = try instance(second)
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        try hooked.instance.folder.write("", to: "prefix/shared/room")
        _ = try hooked.agent().update()
        try HookedRelease("1.2").add(to: hooked.repository)
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        _ = try hooked.agent().revert(to: Version("1.0"))
        #expect(try hooked.ran() == ["stop", "1.2 undo", "1.1 undo", "start", "1.0 post", "1.0 health"])
    }

    @Test(
        "that ends half-way changes forward again what was changed back: code and data belong together",
        arguments: [0, 1])
    func halfWay(migrateAgain: Int) throws {
        let hooked = try instance(HookedRelease("1.1", status: ["undo": 1]))
        _ = try hooked.agent().update()
        var third = HookedRelease("1.2")
        third.scripts["migrate"] =
            "#!/bin/sh\necho \"1.2 migrate $SCEAU_KIND $SCEAU_FROM $SCEAU_TO\" >> \"$SCEAU_SHARED/log\"\n"
            + "test ! -e \"$SCEAU_SHARED/broken\"\n"
        try third.add(to: hooked.repository)
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        if migrateAgain == 1 { try hooked.instance.folder.write("", to: "prefix/shared/broken") }
        #expect(code { try hooked.agent().revert(to: Version("1.0")) } == "agent/given-up")
        #expect(
            try hooked.ran() == ["stop", "1.2 undo", "1.1 undo", "1.2 migrate update 1.1 1.2", "start"])
        #expect(try hooked.instance.wholeVersion() == "1.2")
        let reason = try #require(try hooked.agent().history().last?.reason).description
        #expect(reason.contains("hooks/undo ended with status 1"), "\(reason)")
        #expect(
            reason.contains(
                migrateAgain == 0
                    ? "what 1.2 did to the data was undone before that, and done again"
                    : "what 1.2 did to the data was undone before that, and could not be done again"), "\(reason)")
        // Both undo again once the older one can.
        #expect(try hooked.agent().status().installed?.version == (try Version("1.2")))
    }
}
