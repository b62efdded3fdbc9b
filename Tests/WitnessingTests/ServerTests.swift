import Foundation
import NIOCore
import StaticHTTP
import TestSupport
import Testing
import TransparencyLog
import WitnessHTTP
import Witnessing

@Suite("A witness on the network", .serialized)
struct WitnessServerTests {
    @Test("takes checkpoints and shows the newest, over one connection")
    func exchange() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        let client = try running.client()
        let place = "/\(Witness.monitoringName(bench.log.origin))/checkpoint"
        #expect(try client.get(place).status == 404)
        let first = try running.post(bench.request(0, 5), client)
        #expect(first.status == 200)
        #expect(
            first.head == """
                HTTP/1.1 200 OK
                Content-Type: text/plain; charset=utf-8
                Content-Length: \(first.body.count)
                Cache-Control: no-store
                X-Content-Type-Options: nosniff
                """)
        let conflict = try running.post(bench.request(0, 8), client)
        #expect(conflict.status == 409 && conflict.text == "5\n")
        #expect(conflict.head.contains("\nContent-Type: text/x.tlog.size\n"))
        let shown = try client.get(place)
        #expect(shown.text.hasSuffix("\n" + first.text))
        client.send("HEAD \(place) HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(try client.response(withoutBody: true).head == shown.head)
        #expect(try running.post(bench.request(5, 8), client).status == 200)
    }

    @Test("reads chunked bodies, waits for those that want to be waved on, and answers who says no more")
    func bodies() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        let body = String(decoding: bench.request(0, 5), as: UTF8.self)
        let client = try running.client()
        let chunks = [body.prefix(20), body.dropFirst(20)].map { "\(String($0.utf8.count, radix: 16))\r\n\($0)\r\n" }
        client.send(
            "POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n\(chunks.joined())0\r\n\r\n")
        #expect(try client.response().status == 200)
        client.send(running.head(body.utf8.count, "Expect: 100-continue\r\n"))
        #expect(try client.response().status == 100)
        client.send(body)
        #expect(try client.response().status == 409)
        let last = try running.client()
        last.send(running.head(body.utf8.count) + body)
        last.endInput()
        #expect(try last.response().status == 409)
        #expect(last.untilClosed().isEmpty)
    }

    @Test("answers requests that come at once one after the other")
    func pipelining() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        let client = try running.client()
        let requests = [bench.request(0, 5), bench.request(5, 8), bench.request(0, 3), bench.request(8, 9)]
        client.send(requests.flatMap { Array(running.head($0.count).utf8) + $0 })
        #expect(try requests.map { _ in try client.response().status } == [200, 200, 409, 200])
    }

    @Test(
        "refuses what is no request to it, and stays",
        arguments: [
            ("GET /add-checkpoint HTTP/1.1\r\nHost: a\r\n\r\n", 405), ("GET / HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("PUT /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 405),
            ("POST /add-entries HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 404),
            ("POST /00/checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 405),
            ("GET /00/checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\nx", 413),
            ("GET /00/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n", 404),
            ("GET /../state/witness HTTP/1.1\r\nHost: a\r\n\r\n", 404), ("GET /00/checkpoint HTTP/1.1\r\n\r\n", 400),
            ("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 10000000\r\n\r\nold 0", 413),
            ("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
            ("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400),
            ("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\n\r\n", 400),
            ("\0\0\0\0\r\n\r\n", 400), ("GET / HTTP/9.9\r\n\r\n", 505),
            ("GET / HTTP/1.1\r\nHost: a\r\nX: " + String(repeating: "a", count: 20_000) + "\r\n\r\n", 431),
            ("GET / HTTP/1.1\r\nHost: a\r\n" + String(repeating: "X: a\r\n", count: 200) + "\r\n", 431),
        ])
    func hostile(bytes: String, status: Int) throws {
        let running = try RunningWitness(Bench(entries: 1))
        let client = try running.client()
        client.send(bytes)
        let answer = try client.response()
        #expect(answer.status == status)
        #expect(answer.head.contains("\nAllow: ") == (status == 405))
        #expect(try running.client().get("/00/checkpoint").status == 404)
    }

    @Test("stops reading a body that is too long, and its client still gets the answer", arguments: [true, false])
    func longBody(chunked: Bool) throws {
        let running = try RunningWitness(Bench(entries: 1))
        let client = try running.client()
        let body = [UInt8](repeating: 0x41, count: 10_000_000)
        if chunked {
            client.send("POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n989680\r\n")
        } else {
            client.send(running.head(body.count))
        }
        client.send(body)
        let answer = try client.response()
        #expect(answer.status == 413 && answer.head.hasSuffix("\nConnection: close"))
        #expect(try running.client().get("/00/checkpoint").status == 404)
    }

    @Test("gives up requests that never end, and connections that say nothing")
    func slow() throws {
        let running = try RunningWitness(Bench(entries: 1)) { $0.requestTimeout = .milliseconds(60) }
        #expect(try running.client().untilClosed().isEmpty)
        let client = try running.client()
        client.send(running.head(1000))
        // A trickle of bytes buys no time.
        while client.staysSilent(for: 5) { client.send("a") }
        #expect(try client.response().status == 408)
        let slowHead = try running.client()
        slowHead.send("POST /add-ch")
        #expect(slowHead.untilClosed().isEmpty)
    }

    @Test("lets connections beyond the limit wait for one to end")
    func limit() throws {
        let running = try RunningWitness(Bench(entries: 1)) { $0.maximumConnections = 1 }
        let first = try running.client()
        #expect(try first.get("/00/checkpoint").status == 404)
        let second = try running.client()
        second.send("GET /00/checkpoint HTTP/1.1\r\nHost: a\r\n\r\n")
        #expect(second.staysSilent(for: 50))
        first.close()
        #expect(try second.response().status == 404)
    }

    @Test("that is told to leave closes idle connections, answers what is here, and accepts no more")
    func leaving() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench) { $0.shutdownTimeout = .milliseconds(300) }
        let idle = try running.client()
        #expect(try idle.get("/00/checkpoint").status == 404)
        let busy = try running.client()
        let body = bench.request(0, 5)
        busy.send(Array(running.head(body.count, "Expect: 100-continue\r\n").utf8))
        #expect(try busy.response().status == 100)
        let left = DispatchSemaphore(value: 0)
        let stopping = running.server
        Thread.detachNewThread {
            try? stopping.shutDown()
            left.signal()
        }
        #expect(idle.untilClosed().isEmpty)
        busy.send(body)
        let answer = try busy.response()
        #expect(answer.status == 200 && answer.head.hasSuffix("\nConnection: close"))
        #expect(busy.untilClosed().isEmpty)
        busy.close()
        #expect(left.wait(timeout: .now() + 10) == .success)
        #expect(throws: (any Error).self) { try running.client() }
    }

    @Test("understands curl")
    func curl() throws {
        let bench = try Bench()
        let running = try RunningWitness(bench)
        func run(_ arguments: String..., body: [UInt8] = []) throws -> String {
            let process = Process()
            process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
            process.arguments = ["curl", "--silent", "--noproxy", "*", "--write-out", "|%{http_code}"] + arguments
            let (input, output) = (Pipe(), Pipe())
            process.standardInput = input
            process.standardOutput = output
            try process.run()
            Thread.detachNewThread {
                try? input.fileHandleForWriting.write(contentsOf: Data(body))
                try? input.fileHandleForWriting.close()
            }
            let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
            process.waitUntilExit()
            return text
        }
        let post = running.url + "add-checkpoint"
        let cosigned = try run("--data-binary", "@-", post, body: bench.request(0, 5))
        #expect(cosigned.hasPrefix("— witness.example/w ") && cosigned.hasSuffix("\n|200"))
        #expect(try run("--data-binary", "@-", post, body: bench.request(0, 8)) == "5\n|409")
        // Long enough for curl to ask first, or to be refused in the middle.
        let tooLong = [UInt8](repeating: 0x41, count: 10_000_000)
        #expect(try run("--data-binary", "@-", post, body: tooLong).hasSuffix("|413"))
        let shown = try run(running.url + "\(Witness.monitoringName(bench.log.origin))/checkpoint")
        #expect(shown.contains("\n5\n") && shown.hasSuffix("|200"))
    }
}
