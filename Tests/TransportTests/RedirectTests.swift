import DurableStorage
import Primitives
import Signatures
import SystemPackage
import TestSupport
import Testing

@testable import Transport

@Suite("A server that points elsewhere")
struct RedirectTests {
    @Test(
        "is followed on the same server, however the place is spelled",
        arguments: ["/c/b", "b", "b?x=1", "//127.0.0.1:PORT/c/b", "http://127.0.0.1:PORT/c/b", "/c/b#part"])
    func sameServer(location: String) throws {
        let server = try HostileServer { request, _ in
            switch request.path {
            case "/c/a":
                let port = request.header("host")?.split(separator: ":").last ?? ""
                return .redirect(to: location.replacing("PORT", with: port))
            case "/c/b", "/c/b?x=1": return .file(bytes(9))
            default: return .status(404)
            }
        }
        #expect(try HTTPClient().fetch(HTTPRequest(url: server.url + "c/a", limit: 9)) == .ok(bytes(9)))
        #expect(server.requests.count == 2)
        #expect(server.connectionCount == 1)
    }

    @Test("gets the same request again: no Referer, no cookie, the digest of what we hold")
    func sameRequest() throws {
        let server = try HostileServer([
            "/a": .status(302, headers: ["Location: /b", "Set-Cookie: id=1"], body: bytes(100)), "/b": .file(bytes(9)),
        ])
        let held = Digest.sha256(of: bytes(9))
        let answer = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 9, ifNoneMatch: held))
        #expect(answer == .notModified)
        #expect(server.requests.map(\.path) == ["/a", "/b"])
        #expect(Set(server.requests.map(\.headerLines)).count == 1)
    }

    @Test("three times in a row is followed; in a circle, or longer, it is a fault")
    func circle() throws {
        let server = try HostileServer([
            "/1": .redirect(to: "/2"), "/2": .redirect(to: "/3"), "/3": .redirect(to: "/4"), "/4": .file([7]),
            "/0": .redirect(to: "/1"), "/round": .redirect(to: "/and-round"), "/and-round": .redirect(to: "/round"),
        ])
        let client = try HTTPClient()
        #expect(try client.fetch(HTTPRequest(url: server.url + "1", limit: 1)) == .ok([7]))
        for path in ["0", "round"] {
            let before = server.requests.count
            let fault = try fault { _ = try client.fetch(HTTPRequest(url: server.url + path, limit: 1)) }
            #expect(fault.code == .redirected)
            #expect(fault.expected == "at most 3 redirects in a row")
            #expect(fault.family == .transport)
            #expect(server.requests.count == before + 4)
        }
    }

    @Test("is not followed where the configuration says never")
    func never() throws {
        let server = try HostileServer(["/a": .redirect(to: "/b"), "/b": .file([7])])
        var limits = TransportLimits()
        limits.redirects = 0
        let client = try HTTPClient(TransportConfiguration(limits: limits))
        #expect(try fault { _ = try client.fetch(HTTPRequest(url: server.url + "a", limit: 1)) }.code == .redirected)
        #expect(server.requests.map(\.path) == ["/a"])
    }

    @Test("keeps to all limits at the place it points to")
    func limits() throws {
        let server = try HostileServer([
            "/long": .redirect(to: "/endless"), "/endless": .endless, "/late": .redirect(to: "/silent"),
            "/silent": .silence, "/heads": .redirect(to: "/endless-heads"), "/endless-heads": .endlessHeaders,
            "/page": .status(302, headers: ["Location: /b"], body: bytes(100_000)), "/b": .file([7]),
        ])
        let client = try impatientClient()
        for (path, code) in [
            ("long", TransportFaultCode.tooLong), ("late", .timedOut), ("heads", .tooLong),
        ] {
            let fault = try fault { _ = try client.fetch(HTTPRequest(url: server.url + path, limit: 10)) }
            #expect(fault.code == code, "\(path)")
        }
        // The page of a redirect is no answer: too long, it is cut off, and the redirect counts all the same.
        #expect(try client.fetch(HTTPRequest(url: server.url + "page", limit: 1)) == .ok([7]))
    }

    @Test("cannot bring one part of a download in the place of another, nor more than was asked for")
    func download() throws {
        let content = bytes(300_000)
        let server = try HostileServer([
            "/a": .redirect(to: "/b"), "/b": .sequence([.breakOff(file: content, after: 100_000), .file(content)]),
            "/wrong": .redirect(to: "/part"),
            "/part": .status(206, headers: ["Content-Range: bytes 0-9/300000"], body: bytes(10)),
        ])
        let folder = try TemporaryFolder()
        let storage = DurableStorage()
        let client = try HTTPClient()
        func get(_ name: String) throws {
            try client.download(
                server.url + name, to: folder.path("a.part"), expectedLength: content.count, storage: storage)
        }
        #expect(try fault { try get("a") }.code == .truncated)
        #expect(try folder.read("a.part") == Array(content.prefix(100_000)))
        #expect(try fault { try get("wrong") }.code == .unexpectedRange)
        #expect(try folder.read("a.part") == Array(content.prefix(100_000)))
        try get("a")
        #expect(try folder.read("a.part") == content)
        #expect(server.requests.last?.header("range") == "bytes=100000-")
    }
}

@Suite("Where a redirect may lead")
struct RedirectRuleTests {
    private func follows(_ location: String, from url: String) throws -> String? {
        switch try #require(Redirect(from: url)).judge(ByteString(location)) {
        case .follow(let target): target
        case .refuse: nil
        }
    }

    @Test(arguments: [
        ("https://a.example/x", "https://cdn.example/y?token=1", "https://cdn.example/y?token=1"),
        ("https://a.example/x", "https://A.EXAMPLE.:443/y", "https://a.example/y"),
        ("https://user:pw@a.example/x", "/y", "https://user:pw@a.example/y"),
        ("https://user:pw@a.example/x", "https://me:too@cdn.example/y", "https://cdn.example/y"),
        ("http://a.example:8080/x", "http://a.example:8080/y", "http://a.example:8080/y"),
        ("http://abc.onion/x", "/y", "http://abc.onion/y"),
        ("https://[::1]:8443/x", "//[::1]:8443/y", "https://[::1]:8443/y"),
        ("https://a.example", "y", "https://a.example/y"),
    ])
    func `what stays as safe as it was is followed`(url: String, location: String, target: String) throws {
        #expect(try follows(location, from: url) == target)
    }

    @Test(arguments: [
        // To the other scheme.
        ("https://a.example/x", "http://a.example/x"), ("http://a.example/x", "https://a.example/x"),
        // Over http to another server.
        ("http://a.example/x", "http://b.example/x"), ("http://a.example/x", "http://a.example:81/x"),
        ("http://a.example/x", "http://169.254.169.254/latest"), ("http://a.example/x", "//localhost/x"),
        // Over https to what others cannot reach or name.
        ("https://a.example/x", "https://localhost/x"), ("https://a.example/x", "https://10.0.0.1/x"),
        ("https://a.example/x", "https://[fd00::1]/x"), ("https://a.example/x", "https://127.0x1/x"),
        // Into Tor's net and out of it.
        ("https://a.example/x", "https://abc.onion/x"), ("https://abc.onion/x", "https://a.example/x"),
        ("http://abc.onion/x", "http://def.onion/x"),
        // What is no address, or one that two readers understand differently.
        ("https://a.example/x", ""), ("https://a.example/x", "../x"), ("https://a.example/x", "file:///etc/passwd"),
        ("https://a.example/x", "https://b.example\\@c.example/x"), ("https://a.example/x", "https://b.example%2ec/x"),
        ("https://a.example/x", "https://b.example/x y"), ("https://a.example/x", "https://b.example:0/x"),
        ("https://a.example/x", "https://b.example:99999/x"), ("https://a.example/x", "https:///x"),
        ("https://a.example/x", "https://b.example?x"), ("https://a.example/x", "HTTPS://b.example/x"),
    ])
    func `everything else is not`(url: String, location: String) throws {
        #expect(try follows(location, from: url) == nil)
    }

    @Test func `an address of any length is judged, but a very long one not followed`() throws {
        #expect(try follows("/" + String(repeating: "a", count: 4096), from: "https://a.example/") == nil)
        #expect(try follows("/" + String(repeating: "a", count: 4000), from: "https://a.example/") != nil)
    }
}
