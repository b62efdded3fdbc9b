import Foundation
import TestSupport
import Testing

@Suite("Published files over a socket")
struct FileTests {
    let server: TestServer

    init() throws {
        server = try TestServer()
    }

    @Test(
        "arrive whole, and HEAD says what GET says",
        arguments: ["/metadata/1.root.json", "/empty", "/", TestServer.largePath, "/nothing", "/digits.txt?x=/../y"])
    func wholeFiles(path: String) throws {
        let client = try server.client()
        let answer = try client.get(path)
        let name = path == "/" ? "index.html" : path.components(separatedBy: "?")[0]
        if let bytes = try server.folder.read("Releases/" + name) {
            #expect(answer.status == 200)
            #expect(answer.body == bytes)
        } else {
            #expect(answer.status == 404)
        }
        client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let head = try client.response(withoutBody: true)
        #expect(head.head == answer.head + "\nConnection: close")
        #expect(client.untilClosed().isEmpty)
    }

    @Test("carry the date and nothing about the server or the client")
    func fields() throws {
        let client = try server.client()
        client.send("GET /digits.txt HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        let text = String(decoding: client.untilClosed(), as: UTF8.self)
        #expect(text.contains("\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"))
        #expect(!text.contains("Server:") && !text.contains("Set-Cookie") && !text.contains("Last-Modified"))
    }

    @Test(
        "arrive in parts",
        arguments: [
            ("/digits.txt", "bytes=2-4", 2..<5), ("/digits.txt", "bytes=-500", 0..<10),
            (TestServer.largePath, "bytes=-500", 7_999_500..<8_000_000),
            (TestServer.largePath, "bytes=100000-7000000", 100_000..<7_000_001),
        ])
    func parts(path: String, field: String, range: Range<Int>) throws {
        let whole = try #require(try server.folder.read("Releases" + path))
        let client = try server.client()
        let answer = try client.get(path, "Range: \(field)\r\n")
        #expect(answer.status == 206)
        #expect(answer.body == Array(whole[range]))
        let place = "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(whole.count)"
        #expect(answer.head.contains(place))
        #expect(try client.get(path, "Range: bytes=\(whole.count)-\r\n").status == 416)
        #expect(try client.get("/digits.txt").text == "0123456789")
    }

    @Test("are not sent again to whoever holds them", arguments: ["/digits.txt", TestServer.largePath])
    func conditional(path: String) throws {
        let client = try server.client()
        let answer = try client.get(path)
        let tag = try #require(answer.head.components(separatedBy: "\n").first { $0.hasPrefix("ETag: ") }).dropFirst(6)
        #expect(try client.get(path, "If-None-Match: W/\(tag)\r\n").status == 304)
        #expect(try client.get(path, "Range: bytes=0-1\r\nIf-Range: \(tag)\r\n").status == 206)
        #expect(try client.get(path, "Range: bytes=0-1\r\nIf-Range: \"x\"\r\n").body == answer.body)
        #expect(try client.get(path, "Connection: close\r\nif-none-match: \(tag)\r\n").head.hasSuffix("close"))
    }

    @Test("are answered in the order of the questions, however they arrive", arguments: [1, 7, 100_000])
    func pipelining(step: Int) throws {
        let client = try server.client()
        let one = "GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n"
        let large = "GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\nRange: bytes=0-99999\r\n\r\n"
        let none = "GET /none HTTP/1.1\r\nHost: a\r\n\r\n"
        let bytes = Array((one + large + none + "\r\n" + large + one).utf8)
        for start in stride(from: 0, to: bytes.count, by: step) {
            client.send(Array(bytes[start..<min(bytes.count, start + step)]))
        }
        let answers = try (0..<5).map { _ in try client.response() }
        #expect(answers.map(\.status) == [200, 206, 404, 206, 200])
        #expect(answers.map(\.body.count) == [10, 100_000, answers[2].body.count, 100_000, 10])
        #expect(answers[3].body == Array(TestServer.large[..<100_000]))
    }

    @Test("by the hundred, from a client that reads late, lose nothing")
    func lateReader() throws {
        let client = try server.client(receiveBuffer: 4096)
        let requests = 60
        client.send(
            String(
                repeating: "GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\nRange: bytes=1-200000\r\n\r\n"
                    + "GET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n", count: requests))
        for _ in 0..<requests {
            #expect(try client.response().body == Array(TestServer.large[1...200_000]))
            #expect(try client.response().text == "0123456789")
        }
    }

    @Test("reach a client that has shut its own side")
    func halfClosed() throws {
        let client = try server.client()
        client.send(
            "GET \(TestServer.largePath) HTTP/1.1\r\nHost: a\r\n\r\nGET /digits.txt HTTP/1.1\r\nHost: a\r\n\r\n")
        client.endInput()
        #expect(try client.response().body == TestServer.large)
        #expect(try client.response().text == "0123456789")
        #expect(client.untilClosed().isEmpty)
    }

    @Test("reach HTTP/1.0, which closes unless asked not to")
    func oldClients() throws {
        let client = try server.client()
        client.send("GET /digits.txt HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
        #expect(try client.response().head.hasSuffix("\nConnection: keep-alive"))
        client.send("GET /digits.txt HTTP/1.0\r\n\r\n")
        #expect(try client.response().text == "0123456789")
        #expect(client.untilClosed().isEmpty)
    }
}
