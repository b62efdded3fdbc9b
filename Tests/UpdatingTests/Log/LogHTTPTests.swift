import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TestSupport
import Testing
import TransparencyLog
import Transport

@testable import Updating

/// The log over real connections, from servers that do what the test says.
@Suite struct LogHTTPTests {
    /// 1.0 is installed; 1.1 is published with its log in a folder.
    private struct Site {
        var logged: LoggedInstance
        let folder: TemporaryFolder
        let bundlePath: String
        let bundle: [UInt8]
        /// Bytes of the bundle that the instance has read.
        let offset: Int

        init() throws {
            logged = try LoggedInstance()
            offset = try #require(try logged.instance.rememberedLog()).state.bundleBytes
            try logged.repository.add("1.1", Sample.second)
            folder = try TemporaryFolder()
            try logged.repository.dump(to: folder)
            let path = "log/tile/entries/000.p/\(logged.log.size)"
            bundlePath = "/" + path
            bundle = try #require(logged.log.files[path])
        }

        mutating func use(_ servers: HostileServer...) throws {
            var configuration = TransportConfiguration()
            configuration.limits.fetch = .seconds(2)
            let client = try HTTPClient(configuration)
            logged.instance.mirrors = servers.map {
                HTTPMirror($0.url, client: client, storage: DurableStorage())
            }
        }
    }

    private func logRequests(_ server: HostileServer) -> [String] {
        server.requests.filter { $0.path.hasPrefix("/log/") }
            .map { $0.path + ($0.header("range").map { " \($0)" } ?? "") }
    }

    @Test("the end of a bundle is asked for by its range; a server that does not know ranges is asked for all of it")
    func ranges() throws {
        for ignores in [false, true] {
            var site = try Site()
            let server = try HostileServer(
                publishing: site.folder.path,
                except: ignores ? [site.bundlePath: .fileIgnoringRange(site.bundle)] : [:])
            try site.use(server)
            try site.logged.updates()
            let ranged = "\(site.bundlePath) bytes=\(site.offset)-"
            #expect(
                logRequests(server) == ["/log/checkpoint", ranged] + (ignores ? [site.bundlePath] : []))
            server.stop()
        }
    }

    @Test(
        "a bundle or checkpoint that breaks off, is too short or too long, never ends or is another part is refused",
        arguments: [
            ("breaks off", "log/unreachable"), ("too short", "log/malformed-bundle"),
            ("an entry more", "log/malformed-bundle"), ("endless", "log/malformed-entry"),
            ("not there", "log/unreachable"), ("another part", "transport/unexpected-range"),
            ("shorter than before", "log/unreachable"), ("endless checkpoint", "transport/too-long"),
            ("no checkpoint", "log/unreachable"), ("redirected", "log/unreachable"),
            ("half a checkpoint", "log/malformed-note"),
        ])
    func hostile(what: String, code: String) throws {
        var site = try Site()
        let (bundle, offset) = (site.bundle, site.offset)
        let note = try #require(site.logged.log.files["log/checkpoint"])
        let behaviours: [String: (String, ServerBehaviour)] = [
            "breaks off": (site.bundlePath, .breakOff(file: bundle, after: 100)),
            "too short": (site.bundlePath, .file(Array(bundle.dropLast(10)))),
            "an entry more": (site.bundlePath, .file(bundle + [0, 1, 65])),
            "endless": (site.bundlePath, .endless), "not there": (site.bundlePath, .status(404)),
            "another part": (
                site.bundlePath,
                .status(206, headers: ["Content-Range: bytes 0-9/100"], body: Array(bundle.prefix(10)))
            ),
            "shorter than before": (site.bundlePath, .file(Array(bundle.prefix(offset - 1)))),
            "endless checkpoint": ("/log/checkpoint", .endless), "no checkpoint": ("/log/checkpoint", .status(404)),
            "redirected": ("/log/checkpoint", .redirect(to: "http://127.0.0.1:1/")),
            "half a checkpoint": ("/log/checkpoint", .file(Array(note.prefix(note.count / 2)))),
        ]
        let (path, behaviour) = try #require(behaviours[what])
        let server = try HostileServer(publishing: site.folder.path, except: [path: behaviour])
        try site.use(server)
        try site.logged.refusesUpdate(code)
        server.stop()

        let honest = try HostileServer(publishing: site.folder.path, except: [:])
        try site.use(honest)
        try site.logged.updates()
        honest.stop()
    }

    @Test("a mirror whose log is behind or gone is passed over, and the next one used")
    func nextMirror() throws {
        var site = try Site()
        let first = try HostileServer(publishing: site.folder.path, except: ["/log/checkpoint": .status(503)])
        let second = try HostileServer(publishing: site.folder.path, except: [:])
        try site.use(first, second)
        let report = try site.logged.instance.agent().update()
        #expect(report.complaints.map(\.fault.codeText) == ["log/unreachable"])
        #expect(try site.logged.instance.wholeVersion() == "1.1")
        first.stop()
        second.stop()
    }
}
