import DurableStorage
import Glibc
import Primitives
import Processes
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import Transport

@testable import Updating

/// `sceau-agent fetch-worker` itself, and servers on loopback.
@Suite("A process that asks servers")
struct RealProcessTests {
    private let bytes = (0..<400_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    @Test("gives what asking from here gives, and sends the same bytes over as many connections")
    func same() throws {
        let server = try HostileServer([
            "/file": .file(bytes), "/moved": .redirect(to: "/file"), "/trouble": .status(503), "/gone": .status(404),
            "/cut": .breakOff(file: bytes, after: 5000), "/none": .hangUp,
        ])
        func ask(_ client: any HTTPFetching) -> [String] {
            var answers: [String] = []
            func note(_ body: () throws -> String) {
                do { answers.append(try body()) } catch let fault as TransportFault {
                    // Who hangs up is heard as one thing or another, as it comes.
                    answers.append(fault.location?.hasSuffix("/none") == true ? fault.codeText : "\(fault)")
                } catch { answers.append("\(error)") }
            }
            func short(_ response: HTTPResponse) -> String {
                if case .ok(let bytes) = response { "\(Digest.sha256(of: bytes))" } else { "\(response)" }
            }
            let held = Digest.sha256(of: [1])
            for path in ["file", "moved", "trouble", "gone", "cut", "none"] {
                let url = server.url + path
                note { short(try client.fetch(HTTPRequest(url: url, limit: 1 << 20, ifNoneMatch: held))) }
                note { short(try client.fetch(HTTPRequest(url: url, limit: 100))) }
                for offset in [0, 100, 500_000] {
                    var got: [UInt8] = []
                    note { "\(try client.fetch(url, from: offset, limit: 1 << 20) { got += $0 }) \(got.count)" }
                    note { "\(try client.fetchRest(url, from: min(offset, 399_999), of: 400_000) { got += $0 })" }
                    answers.append("\(Digest.sha256(of: got))")
                }
            }
            return answers
        }
        let here = ask(try HTTPClient())
        let (first, connections) = (server.requests, server.connectionCount)
        let there = ask(Asking.processes().client(for: server.url))
        #expect(here == there)
        #expect(first.map(\.head) == server.requests.dropFirst(first.count).map(\.head))
        #expect(server.connectionCount == 2 * connections)
    }

    @Test("a mirror whose process lies or ends is passed over; the next one is asked by another process")
    func nextMirror() throws {
        let site = try AskedSite()
        for (says, code, isMisbehaviour) in [
            (Asking.ready + Asking.end(.unchanged), "transport/worker-answer", true),
            (Asking.ready, "transport/worker-ended", false),
        ] {
            let server = try site.server()
            var instance = try site.instance()
            var starts = 0
            let processes = Asking.processes {
                starts += 1
                return starts == 1 ? ScriptedChannel(says) : try Asking.real()
            }
            let bases = ["http://liar.invalid/", server.url]
            instance.mirrors = bases.map {
                HTTPMirror($0, client: processes.client(for: $0), storage: DurableStorage())
            }
            let report = try instance.agent().update()
            #expect(report.complaints.map(\.fault.codeText) == [code])
            #expect(report.complaints.map(\.fault.isMisbehaviour) == [isMisbehaviour])
            #expect(try instance.wholeVersion() == "1.1")
            #expect(starts == 2)
        }
    }

    @Test("one that dies in the middle of the archive leaves what came; the next run goes on there")
    func death() throws {
        let site = try AskedSite()
        let server = try site.server()
        var instance = try site.instance()
        var starts = 0
        let mortal = Asking.processes {
            starts += 1
            return MortalChannel(try Asking.real(), after: 60_000)
        }
        instance.mirrors = [HTTPMirror(server.url, client: mortal.client(for: server.url), storage: DurableStorage())]
        #expect(code { try instance.agent().update() } == "transport/worker-ended")
        #expect(try instance.wholeVersion() == "1.0")
        let kept = try #require(try instance.folder.read("state/downloads/\(Digest.sha256(of: site.archive))")).count
        #expect(kept > 10_000 && kept < site.archive.count)
        let before = server.requests.count
        let processes = Asking.processes()
        instance.mirrors = [
            HTTPMirror(server.url, client: processes.client(for: server.url), storage: DurableStorage())
        ]
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        let ranges = server.requests.dropFirst(before).filter { $0.path == site.archivePath }.map { $0.header("range") }
        #expect(ranges == ["bytes=\(kept)-"])
    }

    @Test("a disk that is full is this machine's fault, and no mirror's")
    func fullDisk() throws {
        struct Full: Error {}
        let server = try HostileServer(["/file": .file(bytes)])
        let processes = Asking.processes()
        let client = processes.client(for: server.url)
        #expect(throws: Full.self) {
            _ = try client.fetchRest(server.url + "file", from: 0, of: 400_000) { _ in throw Full() }
        }
        // What was still on its way is no answer to the next request.
        #expect(try client.fetch(HTTPRequest(url: server.url + "file", limit: 1 << 20)) == .ok(bytes))
    }

    @Test("cannot be started: that is said, and nobody is blamed")
    func missing() throws {
        let processes = Asking.processes { try AskingProcesses.channel("/nowhere/at-all", []) }
        let client = processes.client(for: "http://mirror.example/")
        processes.prepare()
        #expect(code { try client.fetch(HTTPRequest(url: "http://mirror.example/a", limit: 1)) } == "process/not-found")
    }

    @Test("is gone when there is nothing left to ask, and comes back when there is")
    func release() throws {
        let server = try HostileServer(["/file": .file([1])])
        var ids: [Int] = []
        let processes = Asking.processes {
            ids.append(ids.count)
            return try Asking.real()
        }
        let client = processes.client(for: server.url)
        for _ in 1...2 {
            processes.prepare()
            #expect(try client.fetch(HTTPRequest(url: server.url + "file", limit: 1)) == .ok([1]))
            processes.release()
        }
        #expect(ids.count == 2)
    }

    /// The very sandbox, entered by another program that tries things.
    @Test("reaches names, authorities and libraries, and nothing else of this machine")
    func sandbox() throws {
        let folder = try TemporaryFolder()
        try folder.write("state", to: "state/root.json")
        let authorities = try folder.write("pem", to: "ca.pem")
        let state = folder.path("state/root.json").string
        let sandbox = AskingWorker.sandbox(TransportConfiguration(authorities: authorities))
        #expect(sandbox.onlyReads && sandbox.readWrite.isEmpty && !sandbox.allowsPrograms)
        let refused = [
            "read", state, "read", "/etc/passwd", "list", "/etc", "list", "/proc", "list", "/", "list", "/home",
        ]
        let result = try ProcessRunner().run(
            ProcessRequest(
                executable: Asking.tools.appending("process-probe"),
                arguments: ["sandbox", "--network", "--reads"] + sandbox.readOnly.flatMap { ["--read", $0.string] }
                    + ["--"] + refused
                    + ["read", authorities.string, "read", "/etc/hosts", "write", state, "write", authorities.string],
                timeLimit: .seconds(60)))
        let lines = String(decoding: result.output, as: UTF8.self).split(separator: "\n").map(String.init)
        if lines.contains(where: { $0.hasPrefix("gap: files are not confined") }) { return }
        for index in stride(from: 0, to: refused.count, by: 2) {
            #expect(lines.contains("\(refused[index]) \(refused[index + 1]): \(EACCES)"), "\(lines)")
        }
        #expect(lines.contains("read \(authorities): 0"))
        #expect(lines.contains("read /etc/hosts: 0"))
        #expect(lines.contains("write \(state): \(EACCES)"))
        #expect(lines.contains("write \(authorities): \(EACCES)"))
        #expect(try folder.read("state/root.json") == Array("state".utf8))
    }
}

/// A published folder with 1.0 and 1.1, whose archive does not compress to nothing.
private struct AskedSite {
    let repository: ReleaseRepository
    let folder: TemporaryFolder
    let archivePath: String
    let archive: [UInt8]

    init() throws {
        repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let noise = (0..<4000).map { "\(Digest.sha256(of: [UInt8($0 & 255), UInt8($0 >> 8)]))" }.joined()
        let release = try repository.add("1.1", Sample.second.merging(["noise": noise]) { $1 })
        archive = release.archive
        let target = repository.paths.archive(release.manifest.version)
        archivePath = "/targets/\(ReleasePaths.stored(target, sha256: Digest.sha256(of: archive)))"
        folder = try TemporaryFolder()
        try repository.dump(to: folder)
    }

    func server() throws -> HostileServer { try HostileServer(publishing: folder.path) }

    /// Has 1.0 installed.
    func instance() throws -> TestInstance {
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update(to: Version("1.0"))
        return instance
    }
}
