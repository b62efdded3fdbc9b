import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import Transport
import UpdatePlan

@testable import Updating

/// Several mirrors over several runs, over real connections.
@Suite("Several mirrors")
struct MirrorTests {
    /// 1.0 is installed, 1.1 is published.
    fileprivate struct Site {
        let repository: ReleaseRepository
        let folder: TemporaryFolder
        let archive: [UInt8]
        let archivePath: String
        var instance: TestInstance

        init() throws {
            repository = try ReleaseRepository()
            try repository.add("1.0", Sample.first)
            instance = try TestInstance(repository)
            try instance.initialise()
            _ = try instance.agent().update()
            let noise = (0..<400).map { "\(Digest.sha256(of: [UInt8($0 & 255), UInt8($0 >> 8)]))" }.joined()
            let release = try repository.add("1.1", Sample.second.merging(["noise": noise]) { $1 })
            archive = release.archive
            let target = repository.paths.archive(release.manifest.version)
            archivePath = "/targets/\(ReleasePaths.stored(target, sha256: Digest.sha256(of: archive)))"
            folder = try TemporaryFolder()
            try repository.dump(to: folder)
        }

        func server(_ table: [String: ServerBehaviour] = [:]) throws -> HostileServer {
            try HostileServer(publishing: folder.path, except: table)
        }

        mutating func use(_ servers: HostileServer...) throws {
            let client = try HTTPClient()
            instance.mirrors = servers.map { HTTPMirror($0.url, client: client, storage: DurableStorage()) }
        }

        func memory() throws -> MirrorMemory? {
            try instance.folder.read("state/mirrors.json").flatMap(MirrorMemory.decode)
        }
    }

    private let liar: [String: ServerBehaviour] = ["/metadata/timestamp.json": .file(Array("{}".utf8))]

    @Test("when none serves, all of them are named")
    func allDead() throws {
        var site = try Site()
        let servers = try [503, 404].map { try site.server(["/metadata/timestamp.json": .status($0)]) }
        try site.use(servers[0], servers[1])
        let error = #expect(throws: (any Error).self) { try site.instance.agent().update() }
        let fault = error as? any ReportableFault
        #expect(fault?.family == .transport)
        for server in servers { #expect(fault?.hint?.contains(server.url) == true, "\(fault?.hint ?? "")") }
        #expect(fault?.hint?.hasPrefix("none of these serves: ") == true)
    }

    @Test(
        "a web page or nothing at all in the place of metadata is no lie, but a wrong address, which is named",
        arguments: [
            ("/metadata/2.root.json", ServerBehaviour.file(Array("<!DOCTYPE html>".utf8)), "agent/no-repository"),
            ("/metadata/timestamp.json", .file(Array(" \n<html>".utf8)), "agent/no-repository"),
            ("/metadata/timestamp.json", .status(404), "tuf/missing"),
        ])
    func wrongAddress(path: String, behaviour: ServerBehaviour, code: String) throws {
        var site = try Site()
        let server = try site.server([path: behaviour])
        try site.use(server)
        let error = #expect(throws: (any Error).self) { try site.instance.agent().update() }
        let fault = error as? any ReportableFault
        #expect(fault?.codeText == code)
        #expect(fault?.family == .transport)
        #expect(fault?.message.hasSuffix("(\(server.url))") == true, "\(fault?.message ?? "")")
        #expect(try site.instance.wholeVersion() == "1.0")
    }

    @Test("the one that served last is asked first, and what is remembered is written only when it is new")
    func lastGood() throws {
        var site = try Site()
        let absent = try site.server(["/metadata/2.root.json": .status(503)])
        let good = try site.server()
        try site.use(absent, good)
        #expect(try site.instance.agent().check().complaints.map(\.fault.codeText) == ["transport/http-status"])
        #expect(try site.memory()?.lastGood == good.url)
        // A mirror that was merely away does not stand aside.
        #expect(try site.memory()?.aside == [])
        let observer = try FaultyStorage()
        let requests = absent.requests.count
        #expect(try site.instance.agent(observer.storage).check().complaints.isEmpty)
        #expect(absent.requests.count == requests)
        let file = site.instance.folder.path("state/mirrors.json")
        #expect(!observer.effects.contains { "\($0)".contains(file.string) })
    }

    @Test("one that gave something wrong stands aside, is named for it in each run, and comes back")
    func aside() throws {
        var site = try Site()
        let wrong = try site.server(liar)
        let good = try site.server()
        try site.use(wrong, good)
        #expect(try site.instance.agent().check().complaints.map(\.fault.codeText) == ["tuf/malformed"])
        #expect(try site.memory()?.aside.map(\.mirror) == [wrong.url])
        #expect(try site.memory()?.aside.map(\.code) == ["tuf/malformed"])
        let requests = wrong.requests.count

        let complaints = try site.instance.agent().check().complaints
        #expect(complaints.map(\.mirror) == [wrong.url])
        #expect(complaints.map(\.fault.codeText) == ["agent/mirror-aside"])
        #expect(complaints.first?.fault.found == "tuf/malformed")
        #expect(wrong.requests.count == requests)

        // Its time is over, and the other one is away: it is asked, and a second time costs more.
        site.instance.now = site.instance.now.addingTimeInterval(MirrorMemory.shortest)
        good.stop()
        #expect(code { try site.instance.agent().check() } == "tuf/malformed")
        #expect(wrong.requests.count > requests)
        #expect(try site.memory()?.aside.map(\.times) == [2])
    }

    @Test("those that stand aside are asked when no other serves, and an honest one among them is enough")
    func asideAsLast() throws {
        var site = try Site()
        let (first, second) = (try site.server(liar), try site.server())
        try site.use(first, second)
        _ = try site.instance.agent().check()
        // Now it is the other one that serves nothing right.
        let changed = try site.server(liar)
        let healed = try site.server()
        var memory = MirrorMemory()
        for server in [changed, healed] { memory.misbehaved(server.url, code: "tuf/malformed", at: site.instance.now) }
        try site.instance.folder.write(memory.encode(), to: "state/mirrors.json")
        try site.use(changed, healed)
        let report = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(report.complaints.map(\.mirror) == [changed.url])
        #expect(report.complaints.map(\.fault.codeText) == ["tuf/malformed"])
        #expect(try site.memory()?.lastGood == healed.url)
    }

    @Test("an archive that is not the signed one puts its mirror aside, and comes from the other in the same run")
    func wrongArchive() throws {
        var site = try Site()
        let wrong = try site.server([site.archivePath: .file(site.archive.map { $0 ^ 1 })])
        let good = try site.server()
        try site.use(wrong, good)
        let report = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(report.complaints.map(\.fault.codeText) == ["agent/wrong-hash"])
        #expect(try site.memory()?.aside.map(\.mirror) == [wrong.url])
        #expect(!good.requests.contains { $0.path.hasPrefix("/metadata/") })
    }

    @Test("half an archive from one mirror is completed from another")
    func otherHalf() throws {
        var site = try Site()
        let half = site.archive.count / 2
        let breaking = try site.server([site.archivePath: .breakOff(file: site.archive, after: half)])
        let good = try site.server()
        try site.use(breaking, good)
        let report = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(report.complaints.map(\.fault.codeText) == ["transport/truncated"])
        #expect(good.requests.filter { $0.path == site.archivePath }.map { $0.header("range") } == ["bytes=\(half)-"])
        #expect(try site.memory()?.aside == [])
    }

    @Test("what chance says is the order, and only chance")
    func shuffle() throws {
        var site = try Site()
        let servers = [try site.server(), try site.server(), try site.server()]
        try site.use(servers[0], servers[1], servers[2])
        site.instance.habits.shuffle = { [2] + $0.dropLast() }
        _ = try site.instance.agent().check()
        #expect(servers.map { !$0.requests.isEmpty } == [false, false, true])
    }

    @Test(
        "damaged or missing, what is remembered is forgotten and nothing else happens",
        arguments: [[], Array("{".utf8), [UInt8](repeating: 0xFF, count: 1 << 20)] as [[UInt8]])
    func damaged(bytes: [UInt8]) throws {
        var site = try Site()
        let (first, second) = (try site.server(), try site.server())
        try site.use(first, second)
        try site.instance.folder.write(bytes, to: "state/mirrors.json")
        _ = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(try site.memory()?.lastGood == first.url)
    }

    @Test("an onion mirror without Tor is passed over with a plain sentence, and does not stand aside for it")
    func onion() throws {
        var site = try Site()
        let good = try site.server()
        let client = try HTTPClient()
        site.instance.mirrors = ["http://\(String(repeating: "a", count: 56)).onion/", good.url].map {
            HTTPMirror($0, client: client, storage: DurableStorage())
        }
        let complaints = try site.instance.agent().update().complaints
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(complaints.map(\.fault.codeText) == ["transport/onion-without-tor"])
        #expect(complaints.first?.fault.hint == "run tor on this machine and set the proxy to socks5h://127.0.0.1:9050")
        #expect(try site.memory()?.aside == [])
    }

    // MARK: once more

    @Test("a server in trouble for a moment is asked again after growing pauses, and everything arrives in one run")
    func passing() throws {
        var site = try Site()
        let tenth = site.archive.count / 10
        let trouble = ServerBehaviour.status(503, headers: ["Retry-After: 86400"])
        let server = try site.server([
            "/metadata/timestamp.json": .sequence([trouble, trouble, .file(try site.published("timestamp.json"))]),
            site.archivePath: .sequence([
                .breakOff(file: site.archive, after: tenth), .breakOff(file: site.archive, after: tenth),
                .file(site.archive),
            ]),
        ])
        try site.use(server)
        let pauses = Pauses()
        site.instance.habits.repetitions = 2
        site.instance.habits.wait = { pauses.seconds.append($0) }
        let report = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        #expect(pauses.seconds == [1, 3, 1, 3])
        let ranges = server.requests.filter { $0.path == site.archivePath }.map { $0.header("range") }
        #expect(ranges == [nil, "bytes=\(tenth)-", "bytes=\(2 * tenth)-"])
        #expect(Set(report.complaints.map(\.fault.codeText)) == ["transport/http-status", "transport/truncated"])
    }

    @Test("nobody waits while another mirror serves, nor for what will not go away")
    func noPause() throws {
        var site = try Site()
        let pauses = Pauses()
        site.instance.habits.repetitions = 2
        site.instance.habits.wait = { pauses.seconds.append($0) }
        let absent = try site.server(["/metadata/2.root.json": .status(503)])
        let (good, wrong) = (try site.server(), try site.server(liar))
        try site.use(absent, good)
        _ = try site.instance.agent().check()
        #expect(pauses.seconds == [])
        try site.use(wrong)
        #expect(code { try site.instance.agent().check() } == "tuf/malformed")
        #expect(pauses.seconds == [])
        try site.use(absent)
        #expect(code { try site.instance.agent().check() } == "transport/http-status")
        #expect(pauses.seconds == [1, 3])
    }

    @Test("closed at each tenth of the archive, the next run goes on from there; at the end the file is the signed one")
    func tenths() throws {
        var site = try Site()
        for part in 1..<10 {
            let end = site.archive.count * part / 10
            let so = site.archive.count * (part - 1) / 10
            let server = try site.server([site.archivePath: .breakOff(file: site.archive, after: end - so)])
            try site.use(server)
            #expect(code { try site.instance.agent().update() } == "transport/truncated")
            #expect(try site.instance.wholeVersion() == "1.0")
            let here = try site.instance.folder.read("state/downloads/\(Digest.sha256(of: site.archive))")
            #expect(here == Array(site.archive.prefix(end)))
        }
        let server = try site.server()
        try site.use(server)
        _ = try site.instance.agent().update()
        #expect(try site.instance.wholeVersion() == "1.1")
        let ranges = server.requests.filter { $0.path == site.archivePath }.map { $0.header("range") }
        #expect(ranges == ["bytes=\(site.archive.count * 9 / 10)-"])
    }
}

extension MirrorTests.Site {
    fileprivate func published(_ name: String) throws -> [UInt8] {
        try DurableStorage().read(folder.path("metadata/\(name)"), limit: 1 << 20)
    }
}

private final class Pauses {
    var seconds: [Double] = []
}
