import Foundation
import NIOCore
import Primitives
import StaticHTTP
import Synchronization
import TestSupport
import Testing

/// A server whose text says how often it was made.
private final class CountingServer {
    let server: TextServer
    private let made = Counter()

    final class Counter: Sendable {
        let value = Mutex(0)
        let isAway = Mutex(false)
    }

    init(
        on address: ListenAddress = ListenAddress(host: "127.0.0.1", port: 0),
        _ configure: (inout TextServerConfiguration) -> Void = { _ in }
    ) throws {
        var configuration = TextServerConfiguration()
        configuration.freshness = .nanoseconds(0)
        configuration.lingerTimeout = .milliseconds(50)
        configure(&configuration)
        let made = made
        server = try TextServer(
            TextServerContent(path: "metrics", contentType: "text/plain; version=0.0.4; charset=utf-8"), on: address,
            configuration: configuration, clock: { Date(timeIntervalSince1970: 784_111_777) }
        ) {
            if made.isAway.withLock({ $0 }) { return nil }
            let count = made.value.withLock { value in
                value += 1
                return value
            }
            return Array("made \(count)\n".utf8)
        }
    }

    deinit { server.shutDown() }

    var count: Int { made.value.withLock { $0 } }
    func setAway(_ isAway: Bool) { made.isAway.withLock { $0 = isAway } }
    func client() throws -> RawClient { try RawClient(port: server.address.port) }
}

@Suite("A text that is served")
struct TextServerTests {
    @Test("is made when it is asked for, has its type, and ends its connection")
    func fresh() throws {
        let server = try CountingServer()
        #expect(server.count == 0)
        let client = try server.client()
        let response = try client.get("/metrics?x=1")
        #expect(
            response.head == """
                HTTP/1.1 200 OK
                Content-Type: text/plain; version=0.0.4; charset=utf-8
                X-Content-Type-Options: nosniff
                Cache-Control: no-store
                Content-Length: 7
                Connection: close
                """)
        #expect(response.text == "made 1\n")
        #expect(client.untilClosed().isEmpty)
        #expect(try server.client().get("/metrics").text == "made 2\n")
        let head = try server.client()
        head.send("HEAD /metrics HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try head.response(withoutBody: true).head.contains("Content-Length: 7"))
        #expect(head.untilClosed().isEmpty)
    }

    @Test(
        "is all there is: other paths, methods and what is no request get a refusal, and make nothing",
        arguments: [
            ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404), ("GET /metrics/ HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("GET /Metrics HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("GET /../metrics HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("POST /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 405),
            ("DELETE /metrics HTTP/1.1\r\nHost: a\r\n\r\n", 405),
            ("GET /metrics HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", 413),
            ("GET /metrics HTTP/1.1\r\n\r\n", 400), ("\u{16}\u{3}\u{1}\r\n\r\n", 400),
            ("GET /metrics HTTP/2.0\r\nHost: a\r\n\r\n", 505),
            ("GET /metrics HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 9000) + "\r\n\r\n", 431),
        ])
    func refused(request: String, status: Int) throws {
        let server = try CountingServer()
        let client = try server.client()
        client.send(request)
        #expect(try client.response().status == status)
        #expect(client.untilClosed().isEmpty)
        #expect(server.count == 0)
        #expect(try server.client().get("/metrics").status == 200)
    }

    @Test("is not made once more for those who ask in the same moment")
    func flood() throws {
        let server = try CountingServer { $0.freshness = .hours(1) }
        let clients = try (0..<40).map { _ in try server.client() }
        for client in clients { client.send("GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n") }
        for client in clients { #expect(try client.response().text == "made 1\n") }
        #expect(server.count == 1)
    }

    @Test("that cannot be had is said to be away, and asked for again by the next one")
    func away() throws {
        let server = try CountingServer { $0.freshness = .hours(1) }
        server.setAway(true)
        #expect(try server.client().get("/metrics").status == 503)
        server.setAway(false)
        #expect(try server.client().get("/metrics").text == "made 1\n")
    }

    @Test("is not kept from others by clients that stand still, trickle or never close")
    func stalled() throws {
        let server = try CountingServer {
            $0.connectionTimeout = .milliseconds(100)
            $0.maximumConnections = 2
        }
        let silent = try server.client()
        let trickling = try server.client()
        trickling.send("GET /metrics HTTP/1.1\r\n")
        // Waits until one of them is cut off.
        #expect(try server.client().get("/metrics").status == 200)
        while trickling.staysSilent(for: 5) { trickling.send("X: a\r\n") }
        #expect(trickling.untilClosed().isEmpty)
        #expect(silent.untilClosed().isEmpty)
        // One that got its answer and does not close is not waited for.
        let lingering = try server.client()
        #expect(try lingering.get("/metrics").status == 200)
        #expect(try server.client().get("/metrics").status == 200)
        #expect(try server.client().get("/metrics").status == 200)
    }

    @Test("leaves at once whoever is there, and its port is free again")
    func leaving() throws {
        let first = try CountingServer()
        let silent = try first.client()
        silent.send("GET /metr")
        let address = first.server.address
        let fault = #expect(throws: ServingFault.self) { try CountingServer(on: address) }
        #expect(fault?.code == .cannotListen)
        #expect(fault?.found == "address already in use")
        #expect(first.server.isListening)
        first.server.shutDown()
        first.server.shutDown()
        #expect(!first.server.isListening)
        #expect(silent.untilClosed().isEmpty)
        let second = try CountingServer(on: address)
        #expect(try second.client().get("/metrics").text == "made 1\n")
    }
}
