import DurableStorage
import Foundation
import Glibc
import Primitives
import SystemPackage
import TestSupport
import Testing

@testable import Processes

/// What the helper program prints when it enters a sandbox and then tries things.
struct Probe {
    let gaps: [String]
    /// Error numbers by action and argument.
    let outcomes: [String: Int32]

    static let executable = FilePath(CommandLine.arguments[0]).folder.appending("process-probe")

    init(_ sandbox: [String], _ actions: [String]) throws {
        let result = try runner.run(
            ProcessRequest(
                executable: Self.executable, arguments: ["sandbox"] + sandbox + ["--"] + actions,
                timeLimit: .seconds(60)))
        #expect(result.outcome == .exited(0), "\(result.text)")
        var gaps: [String] = []
        var outcomes: [String: Int32] = [:]
        for line in result.text.split(separator: "\n") {
            let parts = line.split(separator: ": ", maxSplits: 1)
            if parts.first == "gap" {
                gaps.append(String(parts[1]))
            } else if let number = parts.last.flatMap({ Int32($0) }) {
                outcomes[String(parts[0])] = number
            }
        }
        self.gaps = gaps
        self.outcomes = outcomes
    }
}

@Suite("A process in a sandbox")
struct SandboxTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for name in ["in", "also", "out"] { try folder.write("x", to: "\(name)/file") }
    }

    private var options: [String] { ["--read", folder.path("in").string, "--write", folder.path("also").string] }

    /// What this kernel's Landlock can; a test does not ask for more.
    private static let version: Int = {
        guard let gaps = try? Probe([], []).gaps, !gaps.contains(where: { $0.hasPrefix("files are not confined") })
        else {
            return 0
        }
        return (1...5).first { gaps == Sandbox().gaps(ofLandlock: $0).map(\.description) } ?? 6
    }()

    @Test("without Landlock, that is what is reported first", .enabled(if: version == 0))
    func missing() throws {
        #expect(try Probe(options, []).gaps.contains { $0.hasPrefix("files are not confined") })
    }

    @Test("what is outside can neither be read, listed, written, made nor removed", .enabled(if: version >= 1))
    func outside() throws {
        let file = folder.path("out/file").string
        let new = folder.path("out/new").string
        let actions = [
            "read", file, "list", folder.path("out").string, "write", file, "write", new, "remove", file, "read",
            "/etc/passwd",
        ]
        let probe = try Probe(options, actions)
        for index in stride(from: 0, to: actions.count, by: 2) {
            #expect(probe.outcomes["\(actions[index]) \(actions[index + 1])"] == EACCES, "\(actions[index])")
        }
        #expect(try folder.read("out/file") == Array("x".utf8))
        #expect(try folder.read("out/new") == nil)
        // The same without a sandbox: it is the sandbox that refuses.
        #expect(try Probe(["--none"], actions).outcomes.values.allSatisfy { $0 == 0 })
    }

    @Test("what is outside cannot be cut to nothing", .enabled(if: version >= 3))
    func truncating() throws {
        let file = folder.path("out/file").string
        #expect(try Probe(options, ["truncate", file]).outcomes == ["truncate \(file)": EACCES])
        #expect(try folder.read("out/file") == Array("x".utf8))
    }

    @Test("what is within reach to read can be read, and not written", .enabled(if: version >= 1))
    func reading() throws {
        let file = folder.path("in/file").string
        let probe = try Probe(options, ["read", file, "write", file, "write", file + ".new", "remove", file])
        #expect(probe.outcomes["read \(file)"] == 0)
        #expect(probe.outcomes["write \(file)"] == EACCES)
        #expect(probe.outcomes["write \(file).new"] == EACCES)
        #expect(probe.outcomes["remove \(file)"] == EACCES)
    }

    @Test("what is within reach to write can be changed in every way", .enabled(if: version >= 1))
    func writing() throws {
        let file = folder.path("also/file").string
        let probe = try Probe(
            options, ["read", file, "write", file + ".new", "truncate", file, "move", file, "remove", file + ".moved"])
        #expect(probe.outcomes.count == 5)
        #expect(probe.outcomes.values.allSatisfy { $0 == 0 })
        #expect(try Set(folder.contents().keys.filter { $0.hasPrefix("also/") }) == ["also/file.new"])
    }

    @Test("a rule for a file is for that file", .enabled(if: version >= 1))
    func oneFile() throws {
        let file = folder.path("out/file").string
        try folder.write("y", to: "out/other")
        let other = folder.path("out/other").string
        let probe = try Probe(["--write", file], ["write", file, "write", other])
        #expect(probe.gaps.allSatisfy { !$0.contains("within reach") })
        #expect(probe.outcomes == ["write \(file)": 0, "write \(other)": EACCES])
    }

    @Test("programs are executed where that is allowed only", .enabled(if: version >= 1))
    func programs() throws {
        let system = ["--read", "/usr", "--read", "/bin", "--read", "/lib", "--read", "/etc/ld.so.cache"]
        #expect(try Probe(system, ["spawn", "/bin/true"]).outcomes == ["spawn /bin/true": EACCES])
        #expect(try Probe(system + ["--programs"], ["spawn", "/bin/true"]).outcomes == ["spawn /bin/true": 0])
    }

    @Test("a path that is not there is a gap, and the rest holds", .enabled(if: version >= 1))
    func missingPath() throws {
        let probe = try Probe(options + ["--read", "/nowhere"], ["read", folder.path("out/file").string])
        #expect(probe.gaps.contains("/nowhere is not within reach (no such file or directory)"))
        #expect(Array(probe.outcomes.values) == [EACCES])
    }

    @Test(
        "no socket can be made, this machine's neither: a service manager listens there; and io_uring makes none instead"
    )
    func sockets() throws {
        let probe = try Probe(
            [],
            [
                "socket", "\(AF_INET)", "socket", "\(AF_INET6)", "socket", "\(AF_NETLINK)", "socket", "\(AF_UNIX)",
                "ring", "1",
            ])
        if let gap = probe.gaps.first(where: { $0.hasPrefix("making sockets is not refused") }) {
            #expect(gap.contains("seccomp"))
            return
        }
        for family in [AF_INET, AF_INET6, AF_NETLINK, AF_UNIX] {
            #expect(probe.outcomes["socket \(family)"] == EAFNOSUPPORT)
        }
        #expect(probe.outcomes["ring 1"] == ENOSYS)
    }

    @Test("a socket that was made earlier connects to nobody", .enabled(if: version >= 4))
    func earlierSocket() throws {
        let listener = try Listener()
        let actions = ["connect-earlier", "\(listener.port)"]
        #expect(try Array(Probe([], actions).outcomes.values) == [EACCES])
        #expect(try Array(Probe(["--network"], actions).outcomes.values) == [0])
    }

    @Test("with the network allowed, connections can be made")
    func network() throws {
        let listener = try Listener()
        #expect(try Array(Probe(["--network"], ["connect", "\(listener.port)"]).outcomes.values) == [0])
    }

    @Test("processes outside get no signals", .enabled(if: version >= 6))
    func signals() throws {
        #expect(try Array(Probe([], ["signal", "\(getpid())"]).outcomes.values) == [EPERM])
        #expect(try Array(Probe(["--none"], ["signal", "\(getpid())"]).outcomes.values) == [0])
    }

    /// Landlock lets it do everything here: it is the filter that refuses.
    @Test("one that only reads changes no file in any way, runs nothing and signals nobody, without Landlock too")
    func onlyReading() throws {
        let file = folder.path("in/file").string
        let actions = [
            "write", file, "write", file + ".new", "truncate", file, "cut", file, "move", file, "remove", file, "chmod",
            file, "make", folder.path("new").string, "spawn", "/bin/true", "signal", "\(getpid())",
        ]
        let before = try folder.contents()
        let all = ["--write", "/", "--read", "/", "--programs"]
        let probe = try Probe(all + ["--reads"], actions + ["read", file, "list", folder.path("in").string])
        if let gap = probe.gaps.first(where: { $0.hasPrefix("changing files") }) {
            #expect(gap.contains("seccomp"))
            return
        }
        for index in stride(from: 0, to: actions.count, by: 2) {
            #expect(probe.outcomes["\(actions[index]) \(actions[index + 1])"] == EACCES, "\(actions[index])")
        }
        #expect(probe.outcomes["read \(file)"] == 0)
        #expect(probe.outcomes["list \(folder.path("in").string)"] == 0)
        #expect(try folder.read("in/file") == Array("x".utf8))
        #expect(try folder.contents().mapValues(\.permissions) == before.mapValues(\.permissions))
    }

    @Test("one that only reads connects to others, waits for nobody, and makes no socket that listens in")
    func onlyAsking() throws {
        let listener = try Listener()
        let probe = try Probe(
            ["--network", "--reads"],
            [
                "connect", "\(listener.port)", "socket", "\(AF_INET6)", "socket", "\(AF_UNIX)", "socket",
                "\(AF_NETLINK)",
                "socket", "\(AF_PACKET)", "socket", "40", "raw", "\(AF_INET)", "raw", "\(AF_INET6)", "listen", "1",
                "ring", "1",
            ])
        if probe.gaps.contains(where: { $0.hasPrefix("changing files") }) { return }
        #expect(
            probe.outcomes == [
                "connect \(listener.port)": 0, "socket \(AF_INET6)": 0, "socket \(AF_UNIX)": 0,
                "socket \(AF_NETLINK)": 0, "socket \(AF_PACKET)": EAFNOSUPPORT, "socket 40": EAFNOSUPPORT,
                "raw \(AF_INET)": EAFNOSUPPORT, "raw \(AF_INET6)": EAFNOSUPPORT, "listen 1": EACCES, "ring 1": ENOSYS,
            ])
    }

    @Test("what the filter of one that only reads closes is no gap; that nothing is confined is one")
    func closedGaps() {
        let left = Sandbox(allowsNetwork: true).gaps(ofLandlock: 1).filter { !$0.isClosedByReadingOnly }
        #expect(left == [])
        #expect(!SandboxGap.files(.noFunction).isClosedByReadingOnly)
    }

    @Test("a sandbox that is entered when there are other threads says how many it leaves out")
    func threads() throws {
        #expect(try Probe(["--thread"], []).gaps.first == "other threads are not confined (1)")
        #expect(try !Probe([], []).gaps.contains { $0.contains("threads") })
    }

    @Test("what an older Landlock lacks is said", arguments: [(1, 4), (2, 4), (3, 3), (4, 2), (5, 1), (6, 0), (7, 0)])
    func gaps(version: Int, count: Int) {
        #expect(Sandbox().gaps(ofLandlock: version).count == count)
    }

    @Test("a rule gives only what a version handles", arguments: 1...7)
    func rights(version: Int) {
        let handled = LandlockAccess.handledFiles(version)
        for rule in [LandlockAccess.reading(version, allowsPrograms: true), LandlockAccess.writing(version)] {
            #expect(rule.folder & ~handled == 0)
            #expect(rule.file & ~rule.folder == 0)
        }
        #expect(LandlockAccess.writing(version).folder & (LandlockAccess.execute | 1 << 6 | 1 << 11) == 0)
        #expect(LandlockAccess.reading(version, allowsPrograms: false).folder & ~0b1100 == 0)
    }
}

/// A TCP port of this machine on which somebody listens.
private final class Listener {
    private let descriptor: Int32
    let port: UInt16

    init() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let outcome = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, size) + listen(descriptor, 5) + getsockname(descriptor, $0, &size)
            }
        }
        port = UInt16(bigEndian: address.sin_port)
        if outcome != 0 { throw Errno(rawValue: errno) }
    }

    deinit { close(descriptor) }
}
