import Foundation
import NIOCore
import StaticHTTP
import SystemPackage
import TestSupport
import Testing

@Suite("Hostile requests")
struct HostileRequestTests {
    @Test(
        "for what is not published get nothing",
        arguments: [
            "/../secret.txt", "/metadata/../../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
            "/%2e%2e%2fsecret.txt",
            "/%252e%252e/secret.txt", "/..\\secret.txt", "/%5c..%5csecret.txt", "//secret.txt", "/./digits.txt",
            "/metadata/..", "/metadata/", "/metadata", "/targets/", "/digits.txt/", "/digits.txt%00", "/%00",
            "/.hidden", "/%2ehidden", "/.git/config", "/metadata/.timestamp.json.tmp",
            "/link.txt", "/linkdir/secret.txt", "/inside.txt", "/pipe", "/metadata%2ftimestamp.json",
            "http://127.0.0.1/../secret.txt", "/a%", "/%zz", "*",
        ])
    func traversal(target: String) throws {
        let folder = try TestServer.publication(withLarge: false)
        try folder.write("hidden secret", to: "Releases/.hidden")
        try folder.write("hidden secret", to: "Releases/.git/config")
        try folder.write("unfinished secret", to: "Releases/metadata/.timestamp.json.tmp")
        for (name, aim) in [("link.txt", "../secret.txt"), ("linkdir", ".."), ("inside.txt", "digits.txt")] {
            #expect(symlink(aim, folder.path("Releases/" + name).string) == 0)
        }
        #expect(mkfifo(folder.path("Releases/pipe").string, 0o644) == 0)
        let server = try TestServer(folder) { $0.threads = 1 }
        #expect(server.events.words == ["serving 5"])
        let client = try server.client()
        client.send("GET \(target) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let text = String(decoding: client.untilClosed(), as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 40"))
        #expect(!text.contains("secret"))
    }

    @Test(
        "that are malformed are refused, close the connection and harm nobody",
        arguments: [
            ("\0\0\0\0\r\n\r\n", 400), ("GET\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400), ("GET / HTTP/9.9\r\n\r\n", 505),
            ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505), ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999999\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /", 413),
            ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
            ("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\na=b", 405),
            ("DELETE / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
            ("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("OPTIONS * HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 405),
            ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n", 400), ("GET /\u{1} HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 20_000) + "\r\n\r\n", 431),
            ("GET /" + String(repeating: "a", count: 20_000) + " HTTP/1.1\r\nHost: a\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 200) + "\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\nGET / HTTP/1.1\r\n\r\n", 200),
        ])
    func malformed(bytes: String, status: Int) throws {
        let server = try TestServer(TestServer.publication(withLarge: false)) { $0.threads = 1 }
        let client = try server.client()
        // The answer to the request before is not lost.
        client.send("GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n" + bytes)
        #expect(try client.response().text == "0123456789")
        let answer = try client.response()
        #expect(answer.status == status)
        #expect(answer.head.contains("\nConnection: close"))
        #expect(answer.head.contains("\nAllow: GET, HEAD") == (status == 405))
        #expect(client.untilClosed().isEmpty)
        #expect(try server.client().get("/digits.txt").status == 200)
    }

    @Test("of any bytes never stop the server")
    func random() throws {
        let server = try TestServer(TestServer.publication(withLarge: false)) { configuration in
            configuration.lingerTimeout = .milliseconds(20)
            configuration.headTimeout = .milliseconds(20)
        }
        var state: UInt64 = 20_261_123
        let pieces = [
            "GET ", "/", " HTTP/1.1", "\r\n", "\n", ":", "Host: a", "Range: bytes=", "-", "9", ",", "\0", "%", "\u{ff}",
        ]
        for _ in 0..<150 {
            var text = ""
            for _ in 0..<30 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text += pieces[Int(state >> 33) % pieces.count]
            }
            let client = try server.client()
            client.send(text)
            client.endInput()
            _ = client.untilClosed()
        }
        #expect(try server.client().get("/digits.txt").text == "0123456789")
    }
}
