import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport
import Testing

/// A program that runs beside the agent, and may do as it likes.
@Suite("A companion")
struct CompanionTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func companion(_ script: String) throws -> Companion {
        try Companion(shell("cd '\(folder.path)'; \(script)", in: folder))
    }

    /// What comes next, or nil at the end.
    private func next(_ companion: Companion) -> String? {
        var buffer = [UInt8](repeating: 0, count: 1000)
        guard
            case .bytes(let count) = buffer.withUnsafeMutableBytes({ companion.receive(into: $0, within: .seconds(60)) }
            )
        else { return nil }
        return String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    @Test("talks both ways over its standard input, and gets nothing but what the request says")
    func talking() throws {
        let companion = try companion("while read line; do echo \"$line, $$\" >&0; env >&0; done")
        #expect(companion.send(Array("hello\n".utf8), within: .seconds(60)))
        let said = try #require(next(companion))
        #expect(said.hasPrefix("hello, "))
        #expect(companion.end() == .stopped)
        #expect(companion.end() == .unknown)
    }

    @Test(
        "that has ended says so, and how",
        arguments: [("exit 7", Companion.Ending.ended(.exited(7))), ("kill -SEGV $$", .ended(.signalled(11)))])
    func ended(script: String, ending: Companion.Ending) throws {
        let companion = try companion(script)
        #expect(next(companion) == nil)
        #expect(companion.end() == ending)
    }

    @Test("that is not there was never started")
    func missing() throws {
        let companion = try Companion(ProcessRequest(executable: "/nowhere/at-all", timeLimit: .zero))
        #expect(next(companion) == nil)
        guard case .notStarted(let fault) = companion.end() else {
            Issue.record("it was started")
            return
        }
        #expect(fault.code == .notFound)
    }

    @Test("that ignores SIGTERM and has children in sessions of their own is ended with them, at once")
    func stubborn() throws {
        let companion = try companion(
            """
            trap '' TERM
            setsid sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 1000; done' &
            echo $$ > program
            while ! [ -s child ]; do sleep 0.01; done
            echo ready >&0
            sleep 1000
            """)
        #expect(next(companion) == "ready\n")
        let start = ContinuousClock.now
        #expect(companion.end() == .stopped)
        #expect(start.duration(to: .now) < .seconds(9))
        for name in ["program", "child"] { #expect(try folder.processes(name).filter(isAlive) == []) }
    }

    @Test("that nobody holds any more is ended")
    func released() throws {
        do {
            let companion = try companion("echo $$ > program; echo ready >&0; sleep 1000")
            #expect(next(companion) == "ready\n")
        }
        #expect(try folder.processes("program").count == 1)
        #expect(try folder.processes("program").filter(isAlive) == [])
    }

    @Test("that does not read, or floods its output, makes nobody wait for longer than was said")
    func flooding() throws {
        let companion = try companion("echo ready >&0; exec yes")
        #expect(next(companion) == "ready\n")
        #expect(!companion.send([UInt8](repeating: 0, count: 16 << 20), within: .milliseconds(50)))
        var byte: UInt8 = 0
        let news = withUnsafeMutableBytes(of: &byte) { companion.receive(into: $0, within: .milliseconds(50)) }
        #expect(news == .nothingYet)
        #expect(companion.end() == .stopped)
    }

    @Test("goes with an agent that is killed, and so does what it started")
    func killedAgent() throws {
        let script = """
            trap '' TERM
            cd '\(folder.path)'
            setsid sh -c 'trap "" TERM; echo $$ > child; while :; do sleep 1000; done' &
            echo $$ > program
            while ! [ -s child ]; do sleep 0.01; done
            kill -KILL $(cut -d ' ' -f 4 < /proc/$PPID/stat)
            exec sleep 1000
            """
        // This run's own grace is long: what ignores SIGTERM has to be ended by the keeper of the agent that was killed.
        let start = ContinuousClock.now
        let result = try ProcessRunner(grace: .seconds(60)).run(
            ProcessRequest(executable: Probe.executable, arguments: ["accompany", script], timeLimit: .seconds(60)))
        #expect(result.outcome == .signalled(SIGKILL))
        #expect(start.duration(to: .now) < .seconds(60))
        for name in ["program", "child"] {
            let processes = try folder.processes(name)
            #expect(processes.count == 1)
            #expect(processes.filter(isAlive) == [])
        }
    }

    @Test("inherits no descriptor of the agent or of another companion")
    func descriptors() throws {
        let first = try companion("echo ready >&0; sleep 1000")
        #expect(next(first) == "ready\n")
        let second = try companion("all=$(ls /proc/self/fd); echo $all >&0; sleep 1000")
        // 3 is the folder that ls reads.
        #expect(next(second) == "0 1 2 3\n")
        withExtendedLifetime(first) {}
    }

    @Test("runs as another user, without a capability", .enabled(if: isRoot))
    func otherUser() throws {
        let nobody = try ProcessUser.named("nobody")
        let companion = try Companion(
            shell("echo $(id -u) $(grep CapEff /proc/self/status) >&0; sleep 1000", in: try opened(), user: nobody))
        #expect(next(companion) == "\(nobody.uid) CapEff: 0000000000000000\n")
    }

    private func opened() throws -> TemporaryFolder {
        chmod(folder.path.string, 0o755)
        return folder
    }
}
