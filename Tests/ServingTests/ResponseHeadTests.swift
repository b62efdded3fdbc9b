import Primitives
import Serving
import Signatures
import Testing

private let digest = Digest.sha256(of: Array("x".utf8))

private func head(_ answer: Answer, _ path: String, _ connection: ResponseHead.Connection = .unsaid) throws -> String {
    let file = PublishedFile(path: ByteString(path), size: 10, digest: digest)
    let head = try #require(ResponseHead(answer, of: file, connection: connection))
    return String(decoding: head.bytes, as: UTF8.self)
}

@Suite("Heads of answers")
struct ResponseHeadTests {
    private let date = "Date: " + String(repeating: " ", count: HTTPDate.length) + "\r\n"

    @Test("of a whole file")
    func whole() throws {
        #expect(
            try head(.whole(0), "metadata/timestamp.json")
                == "HTTP/1.1 200 OK\r\n\(date)ETag: \"\(digest.hex)\"\r\nCache-Control: public, max-age=60\r\n"
                + "Content-Type: application/json\r\nX-Content-Type-Options: nosniff\r\nAccept-Ranges: bytes\r\n"
                + "Content-Length: 10\r\n\r\n")
    }

    @Test("of the others")
    func others() throws {
        #expect(
            try head(.part(0, 2..<5), "a", .close).hasSuffix(
                "Content-Range: bytes 2-4/10\r\nContent-Length: 3\r\nConnection: close\r\n\r\n"))
        #expect(
            try head(.notModified(0), "a", .keepAlive)
                == "HTTP/1.1 304 Not Modified\r\n\(date)ETag: \"\(digest.hex)\"\r\n"
                + "Cache-Control: public, max-age=300\r\nConnection: keep-alive\r\n\r\n")
        #expect(try head(.unsatisfiableRange(0), "a").contains("Content-Range: bytes */10\r\nContent-Length: 0\r\n"))
    }

    @Test("of failures have the length of their body, and the date in its gap", arguments: Failure.allCases)
    func failures(failure: Failure) {
        let head = ResponseHead(failure)
        let text = String(decoding: head.bytes, as: UTF8.self)
        #expect(text.hasPrefix("HTTP/1.1 \(failure.rawValue) "))
        #expect(text.hasSuffix("Content-Length: \(failure.body.count)\r\n\r\n"))
        #expect(text.contains("\r\nAllow: GET, HEAD\r\n") == (failure == .methodNotAllowed))
        let gap = head.bytes[head.datePosition..<head.datePosition + HTTPDate.length]
        #expect(gap.allSatisfy { $0 == 0x20 })
        #expect(head.bytes[..<head.datePosition].suffix(6).elementsEqual("Date: ".utf8))
    }

    @Test(
        "name the type by the name alone",
        arguments: [
            ("a.json", "application/json"), ("a.tar.zst", "application/zstd"), ("a.mtree", "text/plain; charset=utf-8"),
            ("index.html", "text/html; charset=utf-8"), ("a.svg", "image/svg+xml"), ("a.xml", "application/xml"),
            ("feed.atom", "application/atom+xml"), ("a.minisig", "text/plain; charset=utf-8"),
            ("notes.md", "text/markdown; charset=utf-8"), ("a.txt", "text/plain; charset=utf-8"),
            ("json", "application/octet-stream"), ("a.exe", "application/octet-stream"),
            ("a.json/b", "application/octet-stream"), ("a.", "application/octet-stream"),
            ("log/checkpoint", "text/plain; charset=utf-8"), ("checkpoint", "application/octet-stream"),
            ("log/proofs/00ff.tlog-proof", "text/plain; charset=utf-8"), ("log/tile/0/000", "application/octet-stream"),
            ("log/tile/0/x001/234.p/5", "application/octet-stream"),
            ("log/tile/entries/000.p/255", "application/octet-stream"),
        ])
    func types(path: String, type: String) throws {
        #expect(try head(.whole(0), path).contains("\r\nContent-Type: \(type)\r\n"))
    }

    @Test(
        "let caches keep what never changes, and that alone",
        arguments: [
            ("metadata/1.root.json", true), ("metadata/12.mail-suite-stable.json", true),
            ("targets/\(digest.hex).a.tar.zst", true), ("targets/\(digest.hex).", false),
            ("targets/\(Digest.sha256(of: []).hex).a", false), ("metadata/root.json", false),
            ("metadata/1.json", false), ("metadata/.json", false), ("1.2.tar", false), ("1.html", false),
            ("\(digest.hex).d/index.html", false), ("metadata/timestamp.json", false),
            ("log/tile/0/000", true), ("log/tile/1/x001/234.p/5", true), ("log/tile/entries/000", true),
            ("log/tile/entries/000.p/255", true), ("log/checkpoint", false), ("log/tile", false),
            ("log/proofs/00ff.tlog-proof", false), ("tile/0/000", false),
        ])
    func caching(path: String, isImmutable: Bool) throws {
        let text = try head(.whole(0), path)
        #expect(text.contains("max-age=31536000, immutable") == isImmutable)
    }

    @Test("let caches keep the log's checkpoint for seconds only")
    func checkpoint() throws {
        #expect(try head(.whole(0), "log/checkpoint").contains("\r\nCache-Control: public, max-age=5\r\n"))
    }
}
