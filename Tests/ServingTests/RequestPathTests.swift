import Primitives
import Serving
import Testing

@Suite("Targets of requests")
struct RequestPathTests {
    @Test(
        "name one file",
        arguments: [
            ("/metadata/timestamp.json", "metadata/timestamp.json"),
            ("/a?b=c&d=/../e", "a"),
            ("/", "index.html"),
            ("/?x", "index.html"),
            ("/%61%2e%62", "a.b"),
            ("/a%20b", "a b"),
            ("/a+b", "a+b"),
            ("/%C3%A9", "é"),
            ("/a..b/c.", "a..b/c."),
            ("http://example.org/a/b?c", "a/b"),
            ("https://example.org:8443/", "index.html"),
            // Decoded once: the file would have to be called so.
            ("/%252e%252e/a", "%2e%2e/a"),
        ])
    func decoded(target: String, path: String) {
        #expect(RequestPath.decode(ByteString(target)) == ByteString(path))
    }

    @Test(
        "name nothing",
        arguments: [
            "", "a", "*", "http://example.org", "ftp://example.org/a", "//", "/a/", "//a", "/a//b",
            "/..", "/../a", "/a/..", "/a/../b", "/./a", "/a/.", "/.hidden", "/a/.hidden", "/.git/config",
            "/%2e%2e/a", "/%2E%2E/%2E%2E/etc/passwd", "/.%2e/a", "/%2ehidden", "/a/%2e",
            "/a%2fb", "/a%2Fb", "/..%2fa", "/a%00", "/%00", "/a%00.json", "/a\\b", "/..\\a", "/a%5cb", "/%5c..%5ca",
            "/%", "/a%", "/a%2", "/a%zz", "/%u002e", "/a%0ab", "/a%0d%0ab", "/a%7f", "/a\u{1}",
        ])
    func refused(target: String) {
        #expect(RequestPath.decode(ByteString(target)) == nil)
    }

    @Test("are not read beyond their limit")
    func limit() {
        let longest = "/" + String(repeating: "a", count: RequestPath.maximumLength - 1)
        #expect(RequestPath.decode(ByteString(longest))?.count == RequestPath.maximumLength - 1)
        #expect(RequestPath.decode(ByteString(longest + "a")) == nil)
    }

    @Test("never trap and never leave the folder, whatever the bytes")
    func random() {
        var generator = SystemRandomNumberGenerator()
        let seed = UInt64.random(in: 0...UInt64.max, using: &generator)
        var state = seed
        let alphabet = Array("/%.2eEfF5cC0\\?a:h".utf8) + [0, 0x80, 0xff]
        for _ in 0..<20_000 {
            var target: [UInt8] = [UInt8(ascii: "/")]
            for _ in 0..<12 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                target.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            guard let path = RequestPath.decode(ByteString(target)) else { continue }
            let segments = path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            #expect(segments.allSatisfy { !$0.isEmpty && $0.first != UInt8(ascii: ".") }, "seed \(seed)")
            #expect(!path.bytes.contains(0) && !path.bytes.contains(UInt8(ascii: "\\")), "seed \(seed)")
        }
    }
}
