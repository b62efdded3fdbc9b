import Foundation
import NIOCore
import Primitives
import StaticHTTP
import Synchronization
import TestSupport
import Testing

@Suite("Connections", .serialized)
struct ConnectionTests {
    @Test("with a request that never ends are told so and closed")
    func slowHead() throws {
        let server = try TestServer { $0.headTimeout = .milliseconds(60) }
        let client = try server.client()
        client.send("GET /digits.txt HT")
        #expect(try client.response().status == 408)
        #expect(client.untilClosed().isEmpty)
        // A trickle of bytes buys no time.
        let trickler = try server.client()
        trickler.send("GET /digits.txt HTTP/1.1\r\nHost: a\r\n")
        while trickler.staysSilent(for: 5) { trickler.send("X: a\r\n") }
        #expect(try trickler.response().status == 408)
    }

    @Test("that say nothing are closed without a word")
    func idle() throws {
        let server = try TestServer { configuration in
            configuration.headTimeout = .milliseconds(40)
            configuration.idleTimeout = .milliseconds(40)
        }
        #expect(try server.client().untilClosed().isEmpty)
        let client = try server.client()
        #expect(try client.get("/digits.txt").status == 200)
        #expect(client.untilClosed().isEmpty)
    }

    @Test("of clients that take nothing are cut, and make room")
    func stalledReader() throws {
        let server = try TestServer { configuration in
            configuration.writeTimeout = .milliseconds(60)
            configuration.maximumConnections = 1
        }
        let stalled = try server.client(receiveBuffer: 4096)
        stalled.send("GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\n\r\n")
        // Answered only when the first has gone.
        #expect(try server.client().get("/digits.txt").text == "0123456789")
        #expect(stalled.untilClosed().count < TestServer.large.count)
    }

    @Test("beyond the limit wait for one to end")
    func limit() throws {
        let server = try TestServer { $0.maximumConnections = 2 }
        let (first, second) = (try server.client(), try server.client())
        #expect(try first.get("/digits.txt").status == 200)
        #expect(try second.get("/digits.txt").status == 200)
        let third = try server.client()
        third.send("GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(third.staysSilent(for: 50))
        #expect(try first.get("/digits.txt").status == 200)
        second.close()
        #expect(try third.response().text == "0123456789")
    }
}

@Suite("A server that is told to leave")
struct ShutdownTests {
    @Test("finishes the answers under way, closes idle connections and accepts no more")
    func graceful() throws {
        let server = try TestServer()
        let idle = try server.client()
        #expect(try idle.get("/digits.txt").status == 200)
        let busy = try server.client(receiveBuffer: 4096)
        busy.send("GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\n\r\nGET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        // The answer has begun.
        #expect(!busy.staysSilent(for: 10_000))
        let left = DispatchSemaphore(value: 0)
        let stopping = server.server
        Thread.detachNewThread {
            try? stopping.shutDown()
            left.signal()
        }
        #expect(idle.untilClosed().isEmpty)
        #expect(throws: POSIXError.self) { try server.client() }
        #expect(try busy.response().body == TestServer.large)
        let last = try busy.response()
        #expect(last.text == "0123456789")
        #expect(last.head.hasSuffix("\nConnection: close"))
        #expect(busy.untilClosed().isEmpty)
        busy.close()
        #expect(left.wait(timeout: .now() + 10) == .success)
    }

    @Test("does not wait for ever")
    func impatient() throws {
        let server = try TestServer { $0.shutdownTimeout = .milliseconds(50) }
        let stalled = try server.client(receiveBuffer: 4096)
        stalled.send("GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(!stalled.staysSilent(for: 10_000))
        try server.server.shutDown()
        #expect(stalled.untilClosed().count < TestServer.large.count)
    }

    @Test("or cannot begin, says why")
    func faults() throws {
        let server = try TestServer()
        #expect {
            try StaticServer(
                server.folder.path("Releases"), on: [server.address], clock: { Date() }, report: { _ in })
        } throws: {
            ($0 as? ServingFault)?.code == .cannotListen
        }
        #expect {
            try TestServer(server.folder, root: "nowhere")
        } throws: {
            ($0 as? ServingFault)?.code == .notAFolder
        }
        #expect {
            try TestServer(server.folder, root: "secret.txt")
        } throws: {
            ($0 as? ServingFault)?.code == .notAFolder
        }
    }
}
