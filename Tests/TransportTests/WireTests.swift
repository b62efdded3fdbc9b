import Foundation
import Primitives
import Signatures
import TestSupport
import Testing
import Transport

@Suite struct WireTests {
    @Test func `A request holds these lines and no other`() throws {
        let server = try HostileServer(["/a": .file([1])])
        _ = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1))
        #expect(
            server.requests.map(\.headerLines)
                == [["Host: 127.0.0.1:\(server.port)", "User-Agent: sceau-agent", "Accept: */*"]])
    }

    @Test func `Two clients send the same bytes, whatever they did before`() throws {
        let server = try HostileServer(["/a": .status(200, headers: ["Set-Cookie: id=1"], body: [1]), "/b": .file([2])])
        let first = try HTTPClient()
        var limits = TransportLimits()
        limits.fetch = .seconds(5)
        let second = try HTTPClient(TransportConfiguration(limits: limits))
        for _ in 1...2 { _ = try first.fetch(HTTPRequest(url: server.url + "a", limit: 1)) }
        for client in [first, second] {
            _ = try client.fetch(
                HTTPRequest(url: server.url + "b", limit: 1, ifNoneMatch: Digest.sha256(of: [3])))
        }
        let seen = server.requests
        #expect(seen.count == 4)
        #expect(seen[0] == seen[1])
        #expect(seen[2] == seen[3])
    }

    @Test func `The path is sent as it was built`() throws {
        let server = try HostileServer([:])
        let url = try HTTPAddress.join(server.url + "x/../y/.", ["a b", "ü%/..", "~-_.Z9"])
        _ = try HTTPClient().fetch(HTTPRequest(url: url, limit: 1))
        #expect(server.requests.map(\.path) == ["/x/../y/./a%20b/%C3%BC%25%2F../~-_.Z9"])
    }

    @Test func `A configured proxy gets the request, and the name is not looked up here`() throws {
        let proxy = try HostileServer(["http://releases.invalid/a": .file([7])])
        let client = try HTTPClient(TransportConfiguration(proxy: "http://127.0.0.1:\(proxy.port)"))
        #expect(try client.fetch(HTTPRequest(url: "http://releases.invalid/a", limit: 1)) == .ok([7]))
    }

    @Test func `Through SOCKS the proxy gets the name, as Tor needs it`() throws {
        let proxy = try HostileServer(["/a": .file([7])])
        let client = try HTTPClient(TransportConfiguration(proxy: "socks5h://127.0.0.1:\(proxy.port)"))
        #expect(try client.fetch(HTTPRequest(url: "http://abcdef.onion/a", limit: 1)) == .ok([7]))
        #expect(proxy.requests.map { $0.header("host") } == ["abcdef.onion"])
    }

    @Test(arguments: ["socks5://127.0.0.1:9050", "socks4a://127.0.0.1:9050", "127.0.0.1:8080", ""])
    func `A proxy that would look names up here, or is none, is refused`(proxy: String) throws {
        let fault = try fault { _ = try HTTPClient(TransportConfiguration(proxy: proxy)) }
        #expect(fault.code == .invalidProxy)
        #expect(fault.family == .usage)
    }

    @Test func `Proxies of the environment are not used`() async {
        await #expect(processExitsWith: .success) {
            for name in ["http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"] { setenv(name, "http://127.0.0.1:1", 1) }
            let server = try HostileServer(["/a": .file([7])])
            let answer = try HTTPClient().fetch(HTTPRequest(url: server.url + "a", limit: 1))
            exit(answer == .ok([7]) ? 0 : 1)
        }
    }

    @Test(arguments: [
        "file:///etc/passwd", "ftp://127.0.0.1/a", "gopher://127.0.0.1/", "127.0.0.1/a", "http:///a", "http://:80/a",
        "http://host/a b", "http://host/\r\nX: y", "http://host/?q", "HTTP://host/", "",
    ])
    func `No other scheme or shape of address is used`(url: String) throws {
        let fault = try fault { _ = try HTTPClient().fetch(HTTPRequest(url: url, limit: 1)) }
        #expect(fault.code == .invalidURL)
        #expect(fault.family == .usage)
    }
}

@Suite struct AddressTests {
    @Test(arguments: [
        ("https://a/b", "https://a/b/x/y"), ("https://a/b/", "https://a/b/x/y"), ("http://a", "http://a/x/y"),
    ])
    func `One slash stands between base and path`(base: String, joined: String) throws {
        #expect(try HTTPAddress.join(base, ["x", "y"]) == joined)
        #expect(try HTTPAddress.join(base, path: "x/y") == joined)
    }

    @Test(arguments: ["..", ".", "", "a/../b", "a//b", "/a", "a/", "a/."] as [ByteString])
    func `A step in the server's tree is refused`(path: ByteString) throws {
        let fault = try fault { _ = try HTTPAddress.join("http://a/", path: path) }
        #expect(fault.code == .unsafePath)
        #expect(fault.family == .refusal)
    }

    @Test(arguments: [
        ("https://host/a", "https://host/a"),
        ("https://user:secret@host/a", "https://host/a"),
        ("https://user:se/cr@et@host/a", "https://host/a"),
        ("https://host/a?token=secret", "https://host/a"),
        ("socks5h://user:secret@127.0.0.1:9050", "socks5h://127.0.0.1:9050"),
        ("no address", "no address"),
    ])
    func `No user, password or query is printed`(address: String, shown: String) {
        #expect(HTTPAddress.displayed(address) == shown)
    }
}
