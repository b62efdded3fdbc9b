import DurableStorage
import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport
import Testing

@Suite("Programs as another user")
struct UserTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        chmod(folder.path.string, 0o755)
    }

    @Test("root is in the user database, with its group and home")
    func root() throws {
        let root = try ProcessUser.named("root")
        #expect(root.uid == 0 && root.gid == 0)
        #expect(root.groups.contains(0))
        #expect(root.home == "/root")
    }

    private static let identity =
        "id -u; id -g; id -G; grep -E '^(Uid|Gid|CapEff|CapPrm|NoNewPrivs):' /proc/self/status"

    @Test("as nobody: all ids, only its groups, no capability, and none to be had again", .enabled(if: isRoot))
    func nobody() throws {
        let nobody = try ProcessUser.named("nobody")
        var before = [gid_t](repeating: 0, count: 65536)
        let count = Int(getgroups(Int32(before.count), &before))
        #expect(setgroups(2, [0, 4]) == 0)
        defer { setgroups(count, before) }
        let result = try runner.run(shell(Self.identity, in: folder, user: nobody))
        let (uid, gid) = (nobody.uid, nobody.gid)
        let none = "0000000000000000"
        #expect(
            result.text == """
                \(uid)
                \(gid)
                \(nobody.groups.map(String.init).joined(separator: " "))
                Uid:\t\(uid)\t\(uid)\t\(uid)\t\(uid)
                Gid:\t\(gid)\t\(gid)\t\(gid)\t\(gid)
                CapPrm:\t\(none)
                CapEff:\t\(none)
                NoNewPrivs:\t1

                """)
    }

    @Test("as the agent itself: a program may gain privileges, as sudo does")
    func asAgent() throws {
        let result = try runner.run(shell("grep NoNewPrivs: /proc/self/status", in: folder))
        #expect(result.text == "NoNewPrivs:\t0\n")
    }

    @Test("another user can write to /dev/stdout and /dev/stderr by name, and read /dev/stdin", .enabled(if: isRoot))
    func standardStreams() throws {
        let result = try runner.run(
            shell(
                "echo a > /dev/stdout; echo b > /dev/stderr; cat /dev/stdin", in: folder, user: try .named("nobody"),
                input: Array("c\n".utf8)))
        #expect(result.text == "a\nb\nc\n")
    }

    @Test("a folder that the user may not enter is refused, though root may", .enabled(if: isRoot))
    func closedFolder() throws {
        chmod(folder.path.string, 0o700)
        let failure = fault(of: shell("true", in: folder, user: try .named("nobody")))
        #expect(failure?.code == .notPermitted)
        #expect(failure?.location == folder.path.string)
    }

    @Test("what runs as another user is ended too, and cannot end its keeper", .enabled(if: isRoot))
    func ended() throws {
        chmod(folder.path.string, 0o777)
        let result = try runner.run(
            shell(
                "kill -KILL $PPID && echo killed; setsid sh -c 'trap \"\" TERM; echo $$ > left; while :; do sleep 9; done' &"
                    + " while ! [ -s left ]; do sleep 0.01; done", in: folder, user: try .named("nobody")))
        #expect(result.outcome == .exited(0))
        #expect(!result.text.contains("killed"))
        #expect(result.survivors == 0)
        #expect(try folder.processes("left").filter(isAlive) == [])
    }

    @Test("an agent without privileges may not", .enabled(if: !isRoot))
    func notPermitted() throws {
        let failure = fault(of: shell("true", in: folder, user: try .named("root")))
        #expect(failure?.code == .notPermitted)
    }
}
