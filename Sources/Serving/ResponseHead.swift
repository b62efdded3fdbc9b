import Primitives

/// The head of an answer, serialised, with a gap for the date.
///
/// Everything else in a head depends on the publication and the request alone, so that an adapter can keep heads ready
/// and fill in 29 bytes. No field names the server or its version, and none differs from client to client.
package struct ResponseHead: Equatable, Sendable {
    /// What is said about the connection. HTTP/1.1 stays open unless told otherwise, HTTP/1.0 the other way round.
    package enum Connection: String, Sendable {
        case unsaid = ""
        case close = "Connection: close\r\n"
        case keepAlive = "Connection: keep-alive\r\n"
    }

    package let bytes: [UInt8]
    /// Where the `HTTPDate.length` bytes of the date belong.
    package let datePosition: Int

    /// The head of an answer about a file. Nil when `answer` is none.
    package init?(_ answer: Answer, of file: PublishedFile, connection: Connection = .unsaid) {
        switch answer {
        case .whole:
            self.init("200 OK", Self.description(of: file) + ["Content-Length: \(file.size)"], connection)
        case .part(_, let range):
            let place = "Content-Range: bytes \(range.lowerBound)-\(range.upperBound - 1)/\(file.size)"
            self.init(
                "206 Partial Content",
                Self.description(of: file) + [place, "Content-Length: \(range.count)"], connection)
        case .notModified:
            self.init("304 Not Modified", Self.validators(of: file), connection)
        case .unsatisfiableRange:
            self.init(
                "416 Range Not Satisfiable",
                ["Content-Range: bytes */\(file.size)", "Content-Length: 0", "Cache-Control: \(CachePolicy.failure)"],
                connection)
        case .failure:
            return nil
        }
    }

    /// The head of an answer that is no file; `failure.body` follows it.
    package init(_ failure: Failure, connection: Connection = .unsaid) {
        let allow = failure == .methodNotAllowed ? ["Allow: GET, HEAD"] : []
        self.init(
            "\(failure.rawValue) \(failure.reason)",
            allow + [
                "Content-Type: text/plain; charset=utf-8", "X-Content-Type-Options: nosniff",
                "Cache-Control: \(CachePolicy.failure)", "Content-Length: \(failure.body.count)",
            ], connection)
    }

    /// The head of an answer with a text that was made for it; its connection ends with it.
    package init(text: [UInt8], contentType: String) {
        self.init(
            "200 OK",
            [
                "Content-Type: \(contentType)", "X-Content-Type-Options: nosniff", "Cache-Control: no-store",
                "Content-Length: \(text.count)",
            ], .close)
    }

    private init(_ status: String, _ fields: [String], _ connection: Connection) {
        let start = "HTTP/1.1 \(status)\r\nDate: "
        let gap = String(repeating: " ", count: HTTPDate.length)
        let rest = fields.map { $0 + "\r\n" }.joined()
        bytes = Array((start + gap + "\r\n" + rest + connection.rawValue + "\r\n").utf8)
        datePosition = start.utf8.count
    }

    /// What a 304 repeats of the 200 (RFC 9110, 15.4.5).
    private static func validators(of file: PublishedFile) -> [String] {
        ["ETag: \(String(decoding: file.entityTag, as: UTF8.self))", "Cache-Control: \(CachePolicy.of(file))"]
    }

    private static func description(of file: PublishedFile) -> [String] {
        validators(of: file) + [
            "Content-Type: \(MediaType.of(file))", "X-Content-Type-Options: nosniff", "Accept-Ranges: bytes",
        ]
    }
}
