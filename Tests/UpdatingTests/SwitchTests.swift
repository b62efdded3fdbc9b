import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import Processes
import Releases
import SystemPackage
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

/// Updates with programs around the switch, which really run.
@Suite struct SwitchTests {
    private static let first = ["1.0 pre", "stop", "1.0 migrate", "start", "1.0 post", "1.0 health"]
    private static let all = ["1.1 pre", "stop", "1.1 migrate", "start", "1.1 post", "1.1 health"]

    /// An instance on 1.0, to which `second` is offered.
    private func instance(_ second: HookedRelease) throws -> HookedInstance {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        try second.add(to: hooked.repository)
        return hooked
    }

    @Test("all that a release brings runs in its order, and its data are linked in from outside")
    func order() throws {
        let hooked = try HookedInstance(HookedRelease("1.0"))
        _ = try hooked.agent().update()
        // Nothing runs yet that could be stopped.
        #expect(try hooked.ran() == Self.first.filter { $0 != "stop" })
        try HookedRelease("1.1").add(to: hooked.repository)
        let report = try hooked.agent().update()
        #expect(try hooked.ran() == Self.all)
        #expect(report.installed?.version == (try Version("1.1")))
        #expect(report.troubles == [])
        #expect(try hooked.instance.wholeVersion() == "1.1")
        // What it links to is not there yet, which is no fault, and is said.
        let data = hooked.instance.folder.path("prefix/shared/data")
        #expect(report.missingShared == [data])
        func remarks() throws -> [String] {
            let check = ConfigurationCheck(try hooked.agent().configuration, storage: DurableStorage())
            return check.release().map { "\($0.about): \($0.problem), \($0.isFatal)" }
        }
        #expect(try remarks() == ["prefix: \(data) is not there yet, and 1.1 links to it, false"])
        try DurableStorage().makeDirectory(data)
        #expect(try remarks() == [])
        let link = try DurableStorage().linkTarget(hooked.instance.folder.path("prefix/versions/1.1/data"))
        #expect(link == ["..", "..", "shared", "data"].joined(separator: "/"))
        #expect(try hooked.agent().verify().differences == [])
        #expect(try hooked.instance.names(in: "state/output").contains("preparing.txt"))
    }

    @Test("what a program gets is what is documented, and nothing of the agent's own environment")
    func environment() throws {
        var release = HookedRelease("1.1")
        release.scripts["pre"] =
            "#!/bin/sh\n/usr/bin/env | /usr/bin/sort > \"$SCEAU_SHARED/env\"\npwd >> \"$SCEAU_SHARED/env\"\n"
        let hooked = try instance(release)
        _ = try hooked.agent().update()
        let folder = hooked.instance.folder
        let text = String(decoding: try folder.read("prefix/shared/env") ?? [], as: UTF8.self)
        let tree = folder.path("prefix/versions/1.1").string
        #expect(
            text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("_=") } == [
                "HOME=/", "LANG=C.UTF-8", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "PWD=\(tree)", "SCEAU_CHANNEL=stable", "SCEAU_FROM=1.0", "SCEAU_KIND=update",
                "SCEAU_PREFIX=\(folder.path("prefix"))", "SCEAU_PRODUCT=mail-suite",
                "SCEAU_SHARED=\(folder.path("prefix/shared"))", "SCEAU_TO=1.1", "SCEAU_TREE=\(tree)", tree,
            ])
    }

    @Test(
        "a release that does not do well is taken back by itself, its data changed back, and is not tried again",
        arguments: [
            ("migrate", ["1.1 pre", "stop", "1.1 migrate"]),
            ("post", ["1.1 pre", "stop", "1.1 migrate", "start", "1.1 post"]),
            // The health check is tried again until its time is over.
            ("health", all + ["1.1 health", "1.1 health", "1.1 health", "1.1 health"]),
        ])
    func takenBack(failing: String, before: [String]) throws {
        let hooked = try instance(HookedRelease("1.1", status: [failing: 3]))
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        #expect(try hooked.ran() == before + ["stop", "1.1 undo", "start", "1.0 post", "1.0 health"])
        #expect(try hooked.instance.wholeVersion() == "1.0")
        let status = try hooked.agent().status()
        #expect(status.installed?.version == (try Version("1.0")))
        #expect(status.installed?.revertedFrom == (try Version("1.1")))
        #expect(status.lastError?.code == "agent/reverted")
        let entry = try #require(try hooked.instance.history().last)
        #expect(entry.event == .reverted)
        #expect(
            entry.reason?.description.contains("hooks/\(failing) ended with status 3 (output/") == true
                && entry.reason?.description.contains("it said last: \(failing) says no") == true)
        // However often it runs again: no loop.
        for _ in 0..<3 { #expect(try hooked.agent().update().release == nil) }
        #expect(try hooked.ran() == [])
        #expect(try hooked.agent().check().notOffered?.version == (try Version("1.1")))
        // A newer one is taken, and so is this one when it is asked for.
        #expect(code { try hooked.agent().update(to: Version("1.1")) } == "agent/reverted")
        try HookedRelease("1.2").add(to: hooked.repository)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
    }

    @Test("the way back needs nothing of the new release to run")
    func brokenPayload() throws {
        var release = HookedRelease("1.1")
        release.migrates = false
        // Not a program of this machine at all.
        for name in ["post", "health"] { release.scripts[name] = "\u{7f}ELF, but no more" }
        let hooked = try instance(release)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        #expect(try hooked.ran() == ["1.1 pre", "start", "start", "1.0 post", "1.0 health"])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test(
        "a release whose programs cannot run here is refused before anything is done",
        arguments: [
            ("#! /no/such/interpreter -x\n", "no /no/such/interpreter"),
            ("#!/usr/bin/env no-such-python\n", "no no-such-python for /usr/bin/env to find"),
            ("#!/usr/bin/env -S no-such-python -u\n", "no no-such-python for /usr/bin/env to find"),
            ("#!/bin/sh\r\nexit 0\r\n", "carriage return"),
            ("echo no first line\n", "does not begin with #! and is no ELF program"),
        ])
    func cannotRun(script: String, words: String) throws {
        var release = HookedRelease("1.1")
        release.scripts["post"] = script
        let hooked = try instance(release)
        let fault = #expect(throws: AgentFault.self) { try hooked.agent().update() }
        #expect(fault?.code == .missingTool)
        #expect(fault?.message.contains(words) == true, "\(fault?.message ?? "")")
        #expect(fault?.message.contains("(hooks/post)") == true)
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test(
        "programs that cannot be run as whom they should, and services that nobody can start, are refused before the download",
        arguments: [
            ("agent/cannot-be-user", "no-such-user-here", ServiceSettings.Way.none, ""),
            ("agent/no-service-manager", nil, .systemd, "Failed to connect to bus: Host is down\n"),
            // As in a chroot: nothing was asked of anybody.
            ("agent/no-service-manager", nil, .systemd, "Running in chroot, ignoring command 'show'\n"),
        ] as [(String, String?, ServiceSettings.Way, String)])
    func nobodyToRun(code expected: String, user: String?, way: ServiceSettings.Way, output: String) throws {
        let hooked = try instance(HookedRelease("1.1"))
        hooked.configure { ($0.hooks.user, $0.services.through) = (user, way) }
        let before = hooked.instance.adjust
        hooked.instance.adjust = {
            before(&$0)
            $0.processes = { request in
                #expect(request.arguments == ["show", "--property=Version"])
                return ProcessResult(
                    outcome: .exited(output.hasPrefix("Failed") ? 1 : 0), output: Array(output.utf8))
            }
        }
        #expect(code { try hooked.agent().update() } == expected)
        #expect(try hooked.instance.wholeVersion() == "1.0")
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0"])
        #expect(try hooked.instance.history().count == 1)
    }

    @Test("a file system on which no more files can be made is noticed before the download")
    func inodes() throws {
        let hooked = try instance(HookedRelease("1.1"))
        let before = hooked.instance.adjust
        hooked.instance.adjust = {
            before(&$0)
            $0.freeEntries = { _ in 3 }
        }
        #expect(code { try hooked.agent().update() } == "agent/not-enough-space")
        #expect(try hooked.instance.names(in: "prefix/versions") == ["1.0"])
    }

    @Test("a release that says no before the switch changes nothing, and is tried again the next time")
    func refusedBefore() throws {
        let hooked = try instance(HookedRelease("1.1", status: ["pre": 1]))
        for _ in 0..<2 {
            #expect(code { try hooked.agent().update() } == "agent/given-up")
            #expect(try hooked.ran() == ["1.1 pre"])
            #expect(try hooked.instance.wholeVersion() == "1.0")
        }
        #expect(try hooked.instance.history().last?.event == .failed)
        #expect(try hooked.agent().status().installed?.revertedFrom == nil)
    }

    @Test("data that cannot be changed back stay with the code that knows them")
    func undoFails() throws {
        let hooked = try instance(HookedRelease("1.1", status: ["health": 1, "undo": 1]))
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try hooked.ran().suffix(3) == ["stop", "1.1 undo", "start"])
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(try hooked.agent().status().installed?.version == (try Version("1.1")))
        // A release that mends it comes by itself.
        try HookedRelease("1.2").add(to: hooked.repository)
        #expect(try hooked.agent().update().installed?.version == (try Version("1.2")))
    }

    @Test("a migration without a way back waits for approval; approved, it is not taken back")
    func irreversible() throws {
        var release = HookedRelease("1.1", status: ["health": 1])
        release.way = InstallSection.Migration.Return.none
        let hooked = try instance(release)
        let report = try hooked.agent().update()
        #expect(report.release == nil)
        #expect(report.held?.waiting == Waiting(try Version("1.1"), .irreversible, isReady: true))
        #expect(try hooked.ran() == [])
        #expect(try hooked.agent().check().held?.waiting.reason == .irreversible)
        #expect(try hooked.agent().status().held?.waiting.reason == .irreversible)
        #expect(code { try hooked.agent().update(to: Version("1.1")) } == "agent/given-up")
        #expect(try hooked.instance.wholeVersion() == "1.1")
        #expect(code { try hooked.agent().revert() } == "agent/irreversible")
        #expect(try hooked.agent().revert(keepingData: true).installed.version == (try Version("1.0")))
    }

    @Test("a migration that the release before can live with is not undone")
    func compatible() throws {
        var release = HookedRelease("1.1", status: ["health": 1])
        release.way = .compatible
        let hooked = try instance(release)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        #expect(try hooked.ran().suffix(4) == ["1.1 health", "start", "1.0 post", "1.0 health"])
    }

    @Test("going back over several releases undoes what each of them did, the newest first")
    func undoInOrder() throws {
        let hooked = try instance(HookedRelease("1.1"))
        _ = try hooked.agent().update()
        try HookedRelease("1.2").add(to: hooked.repository)
        _ = try hooked.agent().update()
        _ = try hooked.ran()
        let report = try hooked.agent().revert(to: Version("1.0"))
        #expect(report.installed.version == (try Version("1.0")))
        #expect(try hooked.ran() == ["stop", "1.2 undo", "1.1 undo", "start", "1.0 post", "1.0 health"])
    }

    @Test("going back to a release that is not well says so, to programs too")
    func illBefore() throws {
        var first = HookedRelease("1.0")
        first.scripts["health"] = "#!/bin/sh\n[ ! -e \"$SCEAU_SHARED/ill\" ]\n"
        let hooked = try HookedInstance(first)
        _ = try hooked.agent().update()
        try HookedRelease("1.1").add(to: hooked.repository)
        _ = try hooked.agent().update()
        try hooked.instance.folder.write("", to: "prefix/shared/ill")
        let report = try hooked.agent().revert()
        #expect(try hooked.instance.wholeVersion() == "1.0")
        let trouble = try #require(report.troubles.first?.line)
        #expect(trouble.contains("hooks/health ended with status 1"))
        #expect(report.json["trouble"] == .string(ByteString(trouble)))
    }

    @Test("health that comes and goes is none; health that comes and stays is")
    func flapping() throws {
        let script = """
            #!/bin/sh
            n=$(cat "$SCEAU_SHARED/n" 2>/dev/null || echo 0); n=$((n + 1)); echo $n > "$SCEAU_SHARED/n"
            """
        for (test, isGood) in [("[ $((n % 2)) = 1 ]", false), ("[ $n -ge 3 ]", true)] {
            var release = HookedRelease("1.1")
            release.scripts["health"] = script + "\n\(test)\n"
            release.inARow = 2
            let hooked = try instance(release)
            #expect(code { try hooked.agent().update() } == (isGood ? nil : "agent/reverted"))
            #expect(try hooked.instance.wholeVersion() == (isGood ? "1.1" : "1.0"))
        }
    }

    @Test("a service that is down is no health, whatever the release's own check says")
    func ownCheck() throws {
        let hooked = try instance(HookedRelease("1.1"))
        hooked.configure { $0.health.run = ["/bin/false"] }
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        // The old release's health is looked at too, and that it is no better is said.
        let entry = try #require(try hooked.instance.history().last)
        #expect(
            entry.reason?.description
                == "checking: /bin/false ended with status 1; then 1.0, which was gone back to, had trouble too, so this machine may be at fault: checking: /bin/false ended with status 1"
        )
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }

    @Test("a program that takes too long is ended, and the release taken back")
    func hanging() throws {
        var release = HookedRelease("1.1")
        release.scripts["post"] = "#!/bin/sh\nwhile true; do sleep 1; done\n"
        release.change = { $0.install.post?.seconds = 1 }
        let hooked = try instance(release)
        #expect(code { try hooked.agent().update() } == "agent/reverted")
        let reason = try #require(try hooked.instance.history().last?.reason?.description)
        #expect(reason.contains("hooks/post took too long"))
    }

    @Test("programs run as the user that the administrator names")
    func otherUser() throws {
        var release = HookedRelease("1.1")
        release.scripts["pre"] = "#!/bin/sh\nid -un\nexit 1\n"
        let hooked = try instance(release)
        hooked.configure { $0.hooks.user = "nobody" }
        // The temporary folder is its owner's alone.
        try hooked.instance.folder.openToAll()
        #expect(code { try hooked.agent().update() } == "agent/given-up")
        #expect(try hooked.instance.history().last?.reason?.description.hasSuffix("it said last: nobody") == true)
    }

    @Test("a release whose programs are not in its tree is refused before anything is done")
    func missingProgram() throws {
        var release = HookedRelease("1.1")
        release.change = { $0.install.post = .init(["bin/serve"], seconds: 5) }
        let hooked = try instance(release)
        #expect(code { try hooked.agent().update() } == "release/invalid-install")
        #expect(try hooked.ran() == [])
        #expect(try hooked.instance.wholeVersion() == "1.0")
    }
}
