import CanonicalJSON
import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// What programs said, and where that can be read afterwards.
@Suite("What programs around a switch said") struct OutputTests {
    private func instance(_ second: HookedRelease = HookedRelease("1.1")) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try second.add(to: hooked.repository)
        return hooked
    }

    @Test("is kept of both health checks, and the reasons point to the one that they are about")
    func bothHealthChecks() throws {
        let hooked = try instance(HookedRelease("1.1", status: ["health": 3]))
        // The old release is no better now.
        hooked.configure {
            $0.health.run = ["/bin/sh", "-c", "test ! -e \"$SCEAU_SHARED/worse\" || { echo worse; false; }"]
        }
        try hooked.instance.folder.write("", to: "prefix/shared/worse")
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        func output(_ name: String) throws -> String {
            String(decoding: try hooked.instance.folder.read("state/output/\(name)") ?? [], as: UTF8.self)
        }
        #expect(try output("checking.txt").contains("health says no"))
        #expect(try output("checking-back.txt").contains("worse"))
        let reason = try #require(try hooked.instance.agent().history().last?.reason).description
        #expect(
            reason.contains(
                "checking: hooks/health ended with status 3 (output/checking.txt); it said last: health says no"))
        #expect(
            reason.contains("checking: /bin/sh ended with status 1 (output/checking-back.txt); it said last: worse"))
        #expect(try hooked.agent().status().lastStep?.reason?.description == reason)
    }

    @Test(
        "a lock that cannot be given back is in the report, the history and a notice, with what to do",
        arguments: [0, 1])
    func lockNotGivenBack(pre: Int) throws {
        let hooked = try instance(HookedRelease("1.1", status: ["pre": pre]))
        hooked.configure {
            $0.install.lock.take = ["/bin/true"]
            $0.install.lock.giveBack = ["/bin/sh", "-c", "echo 'no route to the other node'; exit 9"]
            $0.notify.command = ["/bin/sh", "-c", "cat >> \"\(hooked.instance.folder.path("told"))\""]
        }
        let isGood = pre == 0
        var trouble: String?
        #expect(
            code { trouble = try hooked.agent().update().json["trouble"].map { "\($0)" } }
                == (isGood ? nil : "agent/given-up"))
        let wanted = "the lock is still taken; run /bin/sh -c "
        if isGood { #expect(trouble?.contains(wanted) == true) }
        let entry = try #require(try hooked.agent().history().last)
        #expect(entry.event == (isGood ? .updated : .failed))
        let reason = entry.reason?.description ?? ""
        #expect(reason.contains(wanted), "\(reason)")
        #expect(reason.contains("ended with status 9"), "\(reason)")
        #expect(reason.contains("no route to the other node"), "\(reason)")
        if !isGood { #expect(reason.hasPrefix("preparing: hooks/pre ended with status 1")) }
        let told = String(decoding: try hooked.instance.folder.read("told") ?? [], as: UTF8.self)
        #expect(told.contains(wanted))
        #expect(try hooked.instance.wholeVersion() == (isGood ? "1.1" : "1.0"))
    }

    @Test("a lock that cannot be given back after a revert is said too")
    func lockAfterRevert() throws {
        let hooked = try instance()
        _ = try hooked.agent().update()
        hooked.configure {
            ($0.install.lock.take, $0.install.lock.giveBack) = (["/bin/true"], ["/bin/false", "now"])
        }
        let report = try hooked.agent().revert()
        #expect(report.installed.version == (try Version("1.0")))
        #expect(report.json["trouble"] != .null)
        let reason = try #require(try hooked.agent().history().last?.reason).description
        #expect(reason.contains("the lock is still taken; run /bin/false now"))
    }
}
