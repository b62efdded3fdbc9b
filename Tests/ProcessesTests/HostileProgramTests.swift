import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport
import Testing

@Suite("Programs that do not end, or leave something behind")
struct HostileProgramTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test(
        "a program that hangs is ended when its time is up",
        arguments: [
            "echo $$ > pid; exec sleep 1000",
            "echo $$ > pid; trap '' TERM INT HUP; while :; do sleep 1000; done",
            "echo $$ > pid; exec >&- 2>&-; exec sleep 1000",
            "echo $$ > pid; kill -STOP $$; sleep 1000",
            "echo $$ > pid; while :; do :; done",
            "echo $$ > pid; exec cat /dev/zero",
            "echo $$ > pid; sleep 1000 | sleep 1000",
        ])
    func hanging(script: String) throws {
        let result = try runner.run(shell(script, in: folder, limit: .milliseconds(1500)))
        #expect(result.outcome == .timedOut)
        #expect(!result.succeeded)
        #expect(result.survivors == 0)
        #expect(result.duration >= .milliseconds(1500))
        let processes = try folder.processes("pid")
        #expect(processes.count == 1)
        #expect(processes.filter(isAlive) == [])
    }

    @Test("a program that handles SIGTERM may still say so within the grace; it has timed out all the same")
    func grace() throws {
        let request = shell(
            "trap 'echo tidied; exit 0' TERM; echo ready; while :; do sleep 0.01; done", in: folder,
            limit: .milliseconds(1500))
        let result = try ProcessRunner(grace: .seconds(60)).run(request)
        #expect(result.outcome == .timedOut)
        // Between them some shells say that SIGTERM came to their sleep too.
        #expect(result.text.hasPrefix("ready\n"))
        #expect(result.text.hasSuffix("tidied\n"))
    }

    /// Each leaves a process behind that holds the pipe open, writes its id into `left` and ignores SIGTERM; the program
    /// waits for that file only, and ends well.
    static let stray = "sh -c 'trap \"\" TERM HUP; echo $$ > left.new; mv left.new left; while :; do sleep 1000; done'"
    static let untilThere = "\nwhile ! [ -e left ]; do sleep 0.01; done; echo done"

    @Test(
        "what a program leaves running is ended with it, however it got away",
        arguments: [
            "\(stray) &",
            "setsid \(stray) &",
            "(setsid \(stray) &)",
            "setsid sh -c '(setsid sh ./stray &) &' &",
            "(setsid nohup \(stray) > /dev/null 2>&1 < /dev/null &)",
        ])
    func leftBehind(start: String) throws {
        try folder.write(Self.stray, to: "stray")
        let result = try runner.run(shell(start + Self.untilThere, in: folder))
        #expect(result.outcome == .exited(0))
        #expect(result.text == "done\n")
        #expect(result.leftProcesses)
        #expect(result.survivors == 0)
        let left = try folder.processes("left")
        #expect(left.count == 1)
        #expect(left.filter(isAlive) == [])
    }

    @Test("a chain of processes in which each starts the next and ends is ended")
    func chain() throws {
        try folder.write("echo $$ >> chain\nsetsid sh ./next &\n", to: "next")
        let result = try runner.run(
            shell("sh ./next; while [ $(wc -l < chain) -lt 20 ]; do sleep 0.01; done", in: folder))
        #expect(result.outcome == .exited(0))
        #expect(result.survivors == 0)
        let length = try folder.processes("chain").count
        #expect(length >= 20)
        #expect(try folder.processes("chain").filter(isAlive) == [])
        #expect(try folder.processes("chain").count == length)
    }

    @Test("many processes in many sessions are ended at once")
    func many() throws {
        let result = try runner.run(
            shell(
                "for n in $(seq 100); do setsid sh -c 'echo $$ >> many; exec sleep 1000' & done; "
                    + "while [ $(wc -l < many) -lt 100 ]; do sleep 0.01; done", in: folder))
        #expect(result.outcome == .exited(0))
        #expect(result.survivors == 0)
        let many = try folder.processes("many")
        #expect(many.count == 100)
        #expect(many.filter(isAlive) == [])
    }

    @Test("of a flood both ends are kept, and the rest is counted")
    func flood() throws {
        let result = try runner.run(
            shell("echo first; head -c 300000000 /dev/zero; echo last", in: folder, outputLimit: 100))
        #expect(result.outcome == .exited(0))
        #expect(result.isCut)
        #expect(result.text.hasPrefix("first\n\0"))
        #expect(result.text.hasSuffix("\0last\n"))
        #expect(result.text.contains("\n[299999911 bytes left out]\n"))
        #expect(result.output.count < 150)
    }

    @Test("a program that closes its output and goes on is waited for")
    func closedOutput() throws {
        let result = try runner.run(shell("echo a; exec >&- 2>&-; sleep 0.2; touch reached; exit 4", in: folder))
        #expect(result.outcome == .exited(4))
        #expect(result.text == "a\n")
        #expect(try folder.read("reached") != nil)
    }

    @Test(
        "a program that kills or stops the process that watches it fails, and is not left running",
        arguments: ["KILL", "STOP"])
    func keeper(signal: String) throws {
        let request = shell(
            "echo $$ > pid; kill -\(signal) $PPID; exec sleep 1000", in: folder, limit: .milliseconds(1500))
        let impatient = ProcessRunner(grace: .milliseconds(100), patience: .milliseconds(500))
        let failure = #expect(throws: ProcessFault.self) { try impatient.run(request) }
        #expect(failure?.code == .failed)
        let processes = try folder.processes("pid")
        #expect(processes.count == 1)
        // It is sent SIGKILL before the keeper's end can be seen, and needs a moment to go.
        let deadline = ContinuousClock.now + .seconds(60)
        while processes.contains(where: isAlive), deadline > .now { sched_yield() }
        #expect(processes.filter(isAlive) == [])
    }

    @Test("an agent that is killed takes the program that it runs with it, and what that started")
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
            ProcessRequest(executable: Probe.executable, arguments: ["run", script], timeLimit: .seconds(60)))
        #expect(result.outcome == .signalled(SIGKILL))
        #expect(start.duration(to: .now) < .seconds(60))
        for name in ["program", "child"] {
            let processes = try folder.processes(name)
            #expect(processes.count == 1)
            #expect(processes.filter(isAlive) == [])
        }
    }
}
