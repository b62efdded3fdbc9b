import Glibc
import Primitives
import Processes
import SystemPackage
import TestSupport
import Testing

@Suite("What a program gets, and what is heard of it")
struct RunningTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test("a program's status is its outcome", arguments: [0, 1, 7, 127, 255] as [Int32])
    func status(status: Int32) throws {
        let result = try runner.run(shell("exit \(status)", in: folder))
        #expect(result.outcome == .exited(status))
        #expect(result.succeeded == (status == 0))
        #expect(!result.leftProcesses)
        #expect(result.survivors == 0)
    }

    @Test("a program that ends itself by a signal has been signalled", arguments: [SIGTERM, SIGKILL, SIGSEGV])
    func signalled(number: Int32) throws {
        let result = try runner.run(shell("kill -\(number) $$", in: folder))
        #expect(result.outcome == .signalled(number))
        #expect(!result.succeeded)
    }

    @Test("standard output and standard error come in the order in which they were written")
    func order() throws {
        let result = try runner.run(shell("echo a; echo b >&2; echo c; exit 3", in: folder))
        #expect(result.text == "a\nb\nc\n")
        #expect(!result.isCut)
    }

    @Test("arguments reach the program as they are: no shell reads them, whatever is in them")
    func arguments() throws {
        let arguments = ["%s|", "a b", "", "$(id)", "`id`", "*", "'\"\\", "ä\n", "; rm -rf x"]
        let result = try runner.run(
            ProcessRequest(executable: "/usr/bin/printf", arguments: arguments, timeLimit: .seconds(60)))
        #expect(result.text == arguments.dropFirst().map { $0 + "|" }.joined())
    }

    @Test("the environment is what was asked for, and nothing of the agent's")
    func environment() throws {
        setenv("SCEAU_TEST_SECRET", "inherited", 1)
        let result = try runner.run(
            ProcessRequest(
                executable: "/usr/bin/env", environment: ["B": "2=3\nC", "A": "1"], timeLimit: .seconds(60)))
        #expect(result.text == "A=1\nB=2=3\nC\n")
    }

    @Test("working directory and umask")
    func place() throws {
        let before = umask(0o077)
        defer { umask(before) }
        let result = try runner.run(shell("pwd; umask", in: folder))
        #expect(result.text == "\(folder.path)\n0022\n")
    }

    @Test("descriptors of the agent do not reach the program, also those that exec would not close")
    func descriptors() throws {
        let open = [100, 250, 777].map { fcntl(1, F_DUPFD, $0) }
        defer { for descriptor in open { close(descriptor) } }
        // The highest one is the folder that ls itself reads.
        let result = try runner.run(
            ProcessRequest(executable: "/bin/ls", arguments: ["/proc/self/fd"], timeLimit: .seconds(60)))
        #expect(result.text == "0\n1\n2\n3\n")
    }

    @Test("the program does not inherit which signals the agent blocks and ignores")
    func signals() throws {
        var blocked = sigset_t()
        var before = sigset_t()
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGUSR1)
        pthread_sigmask(SIG_BLOCK, &blocked, &before)
        signal(SIGUSR2, SIG_IGN)
        defer {
            signal(SIGUSR2, SIG_DFL)
            pthread_sigmask(SIG_SETMASK, &before, nil)
        }
        let result = try runner.run(
            ProcessRequest(
                executable: "/bin/grep", arguments: ["-E", "^Sig(Blk|Ign):", "/proc/self/status"],
                timeLimit: .seconds(60)))
        #expect(result.text == "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
        var after = sigset_t()
        pthread_sigmask(SIG_SETMASK, nil, &after)
        #expect(sigismember(&after, SIGUSR1) == 1)
        #expect(sigismember(&after, SIGTERM) == sigismember(&before, SIGTERM))
    }

    @Test("the program leads a session and a group of its own")
    func session() throws {
        let result = try runner.run(
            shell(
                "read pid name state parent group session rest < /proc/self/stat; echo $pid $group $session", in: folder
            ))
        let numbers = result.text.split { " \n".contains($0) }
        #expect(numbers.count == 3 && Set(numbers).count == 1, "\(result.text)")
        #expect(numbers.first.flatMap { pid_t($0) } != getsid(0))
    }

    @Test("standard input holds the bytes given, more than a pipe does, also where nobody reads them")
    func input() throws {
        let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
        #expect(try runner.run(shell("cat", in: folder, outputLimit: 1 << 20, input: bytes)).output == bytes)
        #expect(try runner.run(shell("exit 0", in: folder, input: bytes)).succeeded)
        #expect(try runner.run(shell("cat; readlink /proc/self/fd/0", in: folder)).text == "/dev/null\n")
    }

    @Test("runs at the same time do not get each other's output or end")
    func together() async throws {
        let folder = folder
        try await withThrowingTaskGroup(of: (Int, ProcessResult).self) { group in
            for number in 0..<8 {
                group.addTask {
                    (number, try runner.run(shell("setsid sleep 1000 & echo \(number); exit \(number)", in: folder)))
                }
            }
            for try await (number, result) in group {
                #expect(result.outcome == .exited(Int32(number)))
                #expect(result.text == "\(number)\n")
                #expect(result.leftProcesses)
            }
        }
    }

    @Test("no descriptor of the agent is left open, whether a program ran, failed or could not be started")
    func leftDescriptors() throws {
        // Other tests of this process run meanwhile and have theirs; so this looks at what a program's pipes would be.
        let before = try openPipes()
        for _ in 0..<200 {
            _ = try runner.run(shell("exit 1", in: folder, input: [1]))
            _ = fault(of: ProcessRequest(executable: "/nowhere", timeLimit: .seconds(60)))
        }
        #expect(try openPipes() < before + 100)
    }

    private func openPipes() throws -> Int {
        guard let directory = opendir("/proc/self/fd") else { throw Errno(rawValue: errno) }
        defer { closedir(directory) }
        var count = 0
        while readdir(directory) != nil { count += 1 }
        return count
    }
}
