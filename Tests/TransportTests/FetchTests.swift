import Primitives
import Signatures
import TestSupport
import Testing
import Transport

@Suite struct FetchTests {
    @Test func `An honest file arrives whole, over one connection used again`() throws {
        let server = try HostileServer(["/a": .file(bytes(100_000)), "/b": .file([])])
        let client = try HTTPClient()
        #expect(try client.fetch(HTTPRequest(url: server.url + "a", limit: 100_000)) == .ok(bytes(100_000)))
        #expect(try client.fetch(HTTPRequest(url: server.url + "b", limit: 0)) == .ok([]))
        #expect(server.requests.map(\.path) == ["/a", "/b"])
        #expect(server.connectionCount == 1)
    }

    @Test(arguments: [403, 404, 410])
    func `A file that is not there is no fault`(status: Int) throws {
        let server = try HostileServer(["/a": .status(status, body: bytes(500)), "/b": .file(bytes(1))])
        let client = try HTTPClient()
        #expect(try client.fetch(HTTPRequest(url: server.url + "a", limit: 10)) == .notFound)
        #expect(try client.fetch(HTTPRequest(url: server.url + "b", limit: 10)) == .ok(bytes(1)))
        #expect(server.connectionCount == 1)
    }

    @Test(arguments: [201, 204, 206, 300, 400, 401, 429, 500, 503])
    func `Any other answer is a fault that names it`(status: Int) throws {
        let server = try HostileServer(["/a": .status(status)])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault == TransportFault(.httpStatus, found: "\(status)", expected: "200", at: server.url + "a"))
        #expect(fault.family == .transport)
    }

    @Test func `What we hold is not sent again`() throws {
        let server = try HostileServer(["/a": .file(bytes(9))])
        let client = try HTTPClient()
        let held = Digest.sha256(of: bytes(9))
        #expect(try client.fetch(HTTPRequest(url: server.url + "a", limit: 9, ifNoneMatch: held)) == .notModified)
        let other = Digest.sha256(of: bytes(8))
        #expect(try client.fetch(HTTPRequest(url: server.url + "a", limit: 9, ifNoneMatch: other)) == .ok(bytes(9)))
        // The header does not stay on the handle.
        #expect(try client.fetch(HTTPRequest(url: server.url + "a", limit: 9)) == .ok(bytes(9)))
        #expect(server.requests.map { $0.header("if-none-match") } == ["\"\(held.hex)\"", "\"\(other.hex)\"", nil])
    }

    @Test func `Not modified, though nobody asked, is a fault`() throws {
        let server = try HostileServer(["/a": .status(304)])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault == TransportFault(.httpStatus, found: "304", expected: "200", at: server.url + "a"))
    }

    @Test(arguments: [301, 302, 303, 307, 308])
    func `A redirect to another server is not followed, and that is named without its password`(status: Int) throws {
        let server = try HostileServer([
            "/a": .status(status, headers: ["Location: http://user:secret@127.0.0.1:1/b?token=secret"]),
            "/b": .file(bytes(1)),
        ])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault.code == .redirected)
        #expect(fault.found == "\(status) to http://127.0.0.1:1/b")
        #expect(server.requests.map(\.path) == ["/a"])
    }
}

@Suite struct FetchLimitTests {
    @Test(arguments: [0, 1, 4096, 100_000])
    func `As many bytes as allowed pass, one more is refused`(limit: Int) throws {
        let server = try HostileServer(["/fits": .file(bytes(limit)), "/more": .file(bytes(limit + 1))])
        let client = try HTTPClient()
        #expect(try client.fetch(HTTPRequest(url: server.url + "fits", limit: limit)) == .ok(bytes(limit)))
        let fault = try fault { _ = try client.fetch(HTTPRequest(url: server.url + "more", limit: limit)) }
        #expect(
            fault
                == TransportFault(
                    .tooLong, found: "\(limit + 1) bytes", expected: "at most \(limit) bytes", at: server.url + "more"))
        #expect(fault.family == .refusal)
    }

    @Test func `Endless data are refused at the limit`() throws {
        let server = try HostileServer(["/a": .endless])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 100_000)) }
        #expect(
            fault == TransportFault(.tooLong, found: "more", expected: "at most 100000 bytes", at: server.url + "a"))
    }

    @Test(arguments: [404, 500])
    func `An endless error page is cut off`(status: Int) throws {
        let page = Array("HTTP/1.1 \(status) No\r\n\r\n".utf8) + [UInt8](repeating: 0x41, count: 1 << 20)
        let server = try HostileServer(["/a": .raw(page)])
        let client = try HTTPClient()
        let answer = Result { try client.fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        if status == 404 {
            #expect(try answer.get() == .notFound)
        } else {
            #expect(try fault { _ = try answer.get() }.found == "500")
        }
    }

    @Test func `Endless header fields are refused`() throws {
        let server = try HostileServer(["/a": .endlessHeaders])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault.code == .tooLong)
        #expect(fault.expected == "at most 65536 bytes of them")
    }

    @Test(arguments: [70_000, 1_000_000])
    func `A giant header field is refused`(length: Int) throws {
        let server = try HostileServer(["/a": .longHeader(length)])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault.code == .tooLong)
    }

    @Test func `Endless interim answers are refused`() throws {
        let server = try HostileServer([
            "/a": .raw(Array(String(repeating: "HTTP/1.1 100 Continue\r\n\r\n", count: 4000).utf8))
        ])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 10)) }
        #expect(fault.code == .tooLong)
    }
}

@Suite struct FetchBreakdownTests {
    @Test func `An answer that breaks off is never taken for the whole`() throws {
        let server = try HostileServer(["/a": .breakOff(file: bytes(1000), after: 400)])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1000)) }
        #expect(
            fault == TransportFault(.truncated, found: "400 bytes", expected: "1000 bytes", at: server.url + "a"))
        #expect(fault.family == .transport)
    }

    @Test func `A chunked answer without its end is never taken for the whole`() throws {
        let server = try HostileServer([
            "/a": .raw(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n".utf8))
        ])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1000)) }
        #expect(fault.code == .truncated)
    }

    @Test(arguments: [0, 10])
    func `A server that stalls is given up`(after count: Int) throws {
        let server = try HostileServer(["/a": count == 0 ? .silence : .stall(file: bytes(1000), after: count)])
        let fault = try fault { _ = try impatientClient().fetch(HTTPRequest(url: server.url + "a", limit: 1000)) }
        #expect(fault.code == .timedOut)
        #expect(fault.family == .transport)
    }

    @Test(arguments: ["SSH-2.0-OpenSSH_9.2\r\n", "\u{0}\u{1}\u{2}", "HTTP/1.1\r\n\r\n", "<html>hello</html>"])
    func `Garbage in place of HTTP is a fault`(text: String) throws {
        let server = try HostileServer(["/a": .raw(Array(text.utf8))])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1000)) }
        #expect(fault.code == .malformed)
    }

    @Test func `A server that hangs up at once is a fault`() throws {
        let server = try HostileServer(["/a": .hangUp])
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1000)) }
        #expect(fault.code == .truncated)
    }

    @Test func `A server that is not there is a fault that names it without its password`() throws {
        let server = try HostileServer([:])
        let address = "http://user:secret@127.0.0.1:\(server.port)/a"
        server.stop()
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: address, limit: 1000)) }
        #expect(fault.code == .connectFailed)
        #expect(fault.location == server.url + "a")
        #expect(!fault.description.contains("secret"))
    }

    @Test func `A server that speaks no TLS is a TLS fault`() throws {
        let server = try HostileServer(["/a": .file([])])
        let fault = try fault {
            _ = try HTTPClient().fetch(HTTPRequest(url: "https://127.0.0.1:\(server.port)/a", limit: 1000))
        }
        #expect(fault.code == .tlsFailed)
        #expect(fault.family == .transport)
    }

    @Test func `After a fault the same client goes on`() throws {
        let server = try HostileServer(["/bad": .breakOff(file: bytes(10), after: 5), "/good": .file(bytes(10))])
        let client = try HTTPClient()
        _ = try fault { _ = try client.fetch(HTTPRequest(url: server.url + "bad", limit: 10)) }
        #expect(try client.fetch(HTTPRequest(url: server.url + "good", limit: 10)) == .ok(bytes(10)))
    }
}
