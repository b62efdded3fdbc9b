import CanonicalJSON
import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What an automatic revert would go back to is looked at before it may be needed.
@Suite("The tree of before") struct OldTreeTests {
    /// 1.0 is installed and was changed since, 1.1 is offered.
    private func instance(_ status: [String: Int] = [:]) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try hooked.instance.folder.write("port 26", to: "prefix/versions/1.0/etc/default.conf")
        try HookedRelease("1.1", status: status).add(to: hooked.repository)
        hooked.configure {
            $0.notify.command = ["/bin/sh", "-c", "cat >> \"\(hooked.instance.folder.path("told"))\""]
        }
        return hooked
    }

    private func damages(_ hooked: HookedInstance) throws -> [HistoryEntry] {
        try hooked.agent().history().filter { $0.event.rawValue == "damaged-tree" }
    }

    @Test("that is damaged stops no update, which mends it, and is said in the report, the history and a notice")
    func damaged() throws {
        let hooked = try instance()
        let report = try hooked.agent().update()
        #expect(report.installed?.version == (try Version("1.1")))
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(report.json["trouble"].map { "\($0)" }?.contains("the installed tree of 1.0 was not as signed") == true)
        let damages = try damages(hooked)
        #expect(damages.count == 1)
        #expect(damages.first?.release == (try Version("1.0")))
        #expect(damages.first?.reason?.description.contains("etc/default.conf content") == true)
        #expect(try hooked.agent().history().last?.event == .updated)
        let told = String(decoding: try hooked.instance.folder.read("told") ?? [], as: UTF8.self)
        #expect(told.contains("etc/default.conf"))
        #expect(told.contains("\"code\":\"agent/damaged-tree\""))
    }

    @Test("that is damaged is said once, however often an update is tried")
    func once() throws {
        let hooked = try instance(["pre": 1])
        for _ in 0..<3 { #expect(code { try hooked.agent().update() } == "agent/given-up") }
        #expect(try damages(hooked).count == 1)
    }

    @Test("is not looked at when nothing is installed anew, and a whole one is not spoken of")
    func notLookedAt() throws {
        let hooked = try instance()
        _ = try hooked.agent().hold(until: nil, reason: "")
        _ = try hooked.agent().update()
        _ = try hooked.agent().unhold()
        hooked.configure { $0.install.mode = .download }
        _ = try hooked.agent().update()
        #expect(try damages(hooked) == [])
        try hooked.instance.folder.write("port 25", to: "prefix/versions/1.0/etc/default.conf")
        _ = try hooked.agent().update(to: Version("1.1"))
        #expect(try damages(hooked) == [])
        #expect(try hooked.instance.wholeVersion() == "1.1")
    }
}
