import DurableStorage
import Primitives
import SystemPackage
import TestSupport
import Testing
import Transport

/// Servers that others wrote.
@Suite("With real servers")
struct PeerTests {
    private let folder: TemporaryFolder
    private let content = bytes(300_000)

    init() throws {
        folder = try TemporaryFolder()
        for name in ["1", "2", "3"] { try folder.write(name, to: "served/\(name)") }
        try folder.write(content, to: "served/archive")
    }

    private func nginx() throws -> Nginx {
        try Nginx(
            serving: folder.path("served"), scratch: folder,
            rules: "location /moved/ { rewrite ^/moved/(.*)$ /$1 redirect; } location = /round { return 307 /round; }")
    }

    private func client(_ server: Nginx, pins: [String] = []) throws -> HTTPClient {
        try HTTPClient(TransportConfiguration(authorities: server.certificate, pinnedKeys: pins))
    }

    @Test("nginx serves small files and a resumed archive over one connection of HTTP/2, redirects and all")
    func http2() throws {
        let server = try nginx()
        let client = try client(server)
        for name in ["1", "2", "3"] {
            #expect(try client.fetch(HTTPRequest(url: server.url + name, limit: 1)) == .ok(Array(name.utf8)))
        }
        #expect(try client.fetch(HTTPRequest(url: server.url + "moved/1", limit: 1)) == .ok(Array("1".utf8)))
        #expect(try client.fetch(HTTPRequest(url: server.url + "none", limit: 1)) == .notFound)
        try folder.write(Array(content.prefix(100_000)), to: "a.part")
        try client.download(
            server.url + "moved/archive", to: folder.path("a.part"), expectedLength: content.count,
            storage: DurableStorage())
        #expect(try folder.read("a.part") == content)
        let fault = try fault { _ = try client.fetch(HTTPRequest(url: server.url + "round", limit: 1)) }
        #expect(fault.code == .redirected)

        let requests = try server.requests(12)
        #expect(requests.count == 12)
        #expect(Set(requests.map { $0[0] }) == ["HTTP/2.0"])
        #expect(Set(requests.map { $0[1] }).count == 1)
    }

    @Test("a pinned key is asked for besides the certificate: one of several is enough, another one is refused")
    func pinnedKeys() throws {
        let server = try nginx()
        let other = "sha256//" + String(repeating: "A", count: 43) + "="
        let request = HTTPRequest(url: server.url + "1", limit: 1)
        #expect(try client(server, pins: [other, server.pin]).fetch(request) == .ok(Array("1".utf8)))
        let refusal = try fault { _ = try client(server, pins: [other]).fetch(request) }
        #expect(refusal.code == .otherKey)
        #expect(refusal.family == .refusal)
        // Knowing the key makes no certificate good that nobody vouches for.
        let trusting = try HTTPClient(TransportConfiguration(pinnedKeys: [server.pin]))
        #expect(try fault { _ = try trusting.fetch(request) }.code == .tlsFailed)
        #expect(try server.requests(1).count == 1)
    }

    @Test("a real SOCKS proxy looks up the names, which nobody can here")
    func socks() throws {
        let server = try HostileServer(["/a": .file([7])])
        let proxy = try SOCKSServer(names: ["releases.invalid"], scratch: folder)
        let client = try HTTPClient(TransportConfiguration(proxy: proxy.address))
        let url = "http://releases.invalid:\(server.port)/a"
        #expect(try client.fetch(HTTPRequest(url: url, limit: 1)) == .ok([7]))
        #expect(try client.fetch(HTTPRequest(url: url, limit: 1)) == .ok([7]))
        #expect(
            server.requests.map { $0.header("host") } == Array(repeating: "releases.invalid:\(server.port)", count: 2))
        #expect(server.connectionCount == 1)
        // What the proxy cannot look up is not looked up here either.
        let fault = try fault {
            _ = try client.fetch(HTTPRequest(url: "http://localhost.invalid:\(server.port)/a", limit: 1))
        }
        #expect(fault.code == .connectFailed)
    }
}
