import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import Transport

@testable import Updating

/// The agent against a server that does what the test says, over real connections.
@Suite struct HTTPTests {
    /// A folder as a server publishes it: 1.0 and 1.1, both large enough to break off in the middle.
    private struct Site {
        let repository: ReleaseRepository
        let folder: TemporaryFolder
        let archivePath: String
        let archive: [UInt8]

        init() throws {
            repository = try ReleaseRepository()
            try repository.add("1.0", Sample.first)
            // Text that does not compress to nothing.
            let noise = (0..<4000).map { "\(Digest.sha256(of: [UInt8($0 & 255), UInt8($0 >> 8)]))" }.joined()
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

        /// An instance that has 1.0 installed and asks these servers.
        /// - Parameter isConfined: by a process of their own.
        func instance(_ servers: [HostileServer], isConfined: Bool = false) throws -> TestInstance {
            var instance = try TestInstance(repository)
            try instance.initialise()
            _ = try instance.agent().update(to: Version("1.0"))
            instance.mirrors = try mirrors(servers, isConfined)
            return instance
        }

        private func mirrors(_ servers: [HostileServer], _ isConfined: Bool) throws -> [HTTPMirror] {
            var configuration = TransportConfiguration()
            configuration.limits.fetch = .seconds(2)
            configuration.limits.download = .seconds(2)
            let client = try HTTPClient(configuration)
            let processes = Asking.processes(configuration)
            return servers.map {
                HTTPMirror(
                    $0.url, client: isConfined ? processes.client(for: $0.url) : client, storage: DurableStorage())
            }
        }
    }

    @Test("a release is installed over HTTP; what is held is not sent again")
    func install() throws {
        let site = try Site()
        let server = try site.server()
        let instance = try site.instance([server])
        #expect(try instance.agent().check().available?.version == (try Version("1.1")))
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        let paths = server.requests.map(\.path)
        #expect(paths.prefix(2) == ["/metadata/2.root.json", "/metadata/timestamp.json"])
        #expect(
            Set(server.requests.filter { $0.path == "/metadata/timestamp.json" }.map { $0.header("if-none-match") })
                == ["\"\(Digest.sha256(of: try instance.folder.read("state/metadata/timestamp.json") ?? []))\""])
        #expect(paths.filter { $0.hasPrefix("/targets/") }.count == 3)
        #expect(paths.filter { $0.hasSuffix(".snapshot.json") } == [])
        server.stop()
    }

    @Test(
        "an archive that breaks off, never ends, is stalled or is not HTTP changes nothing, and a later run completes",
        arguments: [
            ("breaks off", "transport/truncated"), ("endless", "transport/too-long"),
            ("stalled", "transport/timed-out"),
            ("hangs up", "transport/truncated"), ("redirected", "transport/redirected"),
            ("forbidden", "transport/http-status"), ("wrong", "agent/wrong-hash"), ("circle", "transport/redirected"),
            ("drips", "transport/timed-out"), ("in trouble", "transport/http-status"), ("short", "transport/truncated"),
            ("long", "transport/too-long"),
        ], [false, true])
    func hostileArchive(row: (what: String, expected: String), isConfined: Bool) throws {
        let (what, expected) = row
        let site = try Site()
        let other = site.archive.map { $0 ^ 1 }
        let behaviours: [String: ServerBehaviour] = [
            "breaks off": .breakOff(file: site.archive, after: 5000), "endless": .endless,
            "stalled": .stall(file: site.archive, after: 5000), "hangs up": .hangUp,
            "redirected": .redirect(to: "http://127.0.0.1:1/"), "forbidden": .status(403), "wrong": .file(other),
            "circle": .redirect(to: site.archivePath), "drips": .drip(file: site.archive), "in trouble": .status(500),
            "short": .file(site.archive.dropLast()), "long": .file(site.archive + [0]),
        ]
        let server = try site.server([site.archivePath: try #require(behaviours[what])])
        let instance = try site.instance([server], isConfined: isConfined)
        let trusted = try instance.trustedVersions()
        #expect(code { try instance.agent().update() } == expected)
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
        #expect(try instance.trustedVersions() == trusted)
        let download = try instance.folder.read("state/downloads/\(Digest.sha256(of: site.archive))") ?? []
        #expect(download.count <= site.archive.count)
        server.stop()

        let honest = try site.server()
        var later = instance
        later.mirrors = [HTTPMirror(honest.url, client: try HTTPClient(), storage: DurableStorage())]
        _ = try later.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        if what == "breaks off" {
            let ranges = honest.requests.filter { $0.path == site.archivePath }.map { $0.header("range") }
            #expect(ranges == ["bytes=\(download.count)-"])
            #expect(download.count == 5000)
        }
        honest.stop()
    }

    @Test("a partial download that is not a beginning of the file is dropped, and the file fetched anew, once")
    func wrongPartial() throws {
        let site = try Site()
        let server = try site.server()
        let instance = try site.instance([server])
        let partial = "state/downloads/\(Digest.sha256(of: site.archive))"
        try instance.folder.write([UInt8](repeating: 7, count: 100), to: partial)
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        let ranges = server.requests.filter { $0.path == site.archivePath }.map { $0.header("range") }
        #expect(ranges == ["bytes=100-", nil])
        server.stop()
    }

    @Test("a mirror that is away, stale or lying is passed over; metadata never comes from two of them")
    func nextMirror() throws {
        let site = try Site()
        let bad: [(ServerBehaviour, String)] = [
            (.status(503), "transport/http-status"), (.file(Array("{}".utf8)), "tuf/malformed"),
            (.endless, "transport/too-long"),
        ]
        for (behaviour, code) in bad {
            let first = try site.server(["/metadata/timestamp.json": behaviour])
            let second = try site.server()
            let instance = try site.instance([first, second])
            let report = try instance.agent().update()
            #expect(try instance.wholeVersion() == "1.1")
            #expect(report.complaints.map(\.fault.codeText) == [code])
            #expect(first.requests.map(\.path) == ["/metadata/2.root.json", "/metadata/timestamp.json"])
            #expect(second.requests.prefix(2).map(\.path) == ["/metadata/2.root.json", "/metadata/timestamp.json"])
            first.stop()
            second.stop()
        }
    }

    @Test("when every mirror fails, a refusal is reported before a mirror that was merely away")
    func worstFault() throws {
        let site = try Site()
        let liar = try site.server(["/metadata/timestamp.json": .file(Array("{}".utf8))])
        let absent = try site.server(["/metadata/2.root.json": .hangUp])
        let instance = try site.instance([liar, absent])
        #expect(code { try instance.agent().update() } == "tuf/malformed")
        #expect(try instance.wholeVersion() == "1.0")
        let alone = try site.instance([absent])
        #expect(code { try alone.agent().update() } == "transport/truncated")
        liar.stop()
        absent.stop()
    }
}
