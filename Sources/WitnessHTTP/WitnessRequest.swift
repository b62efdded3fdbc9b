import NIOHTTP1
import Primitives
import Serving
import Witnessing

/// What a request's head asks for.
struct WitnessRequest {
    enum Question: Hashable, Sendable {
        /// Its body is to be judged.
        case addCheckpoint
        case latestCheckpoint(ByteString)
        /// Answered without asking the witness.
        case refused(Int, allow: String?)
    }

    let question: Question
    let isHead: Bool
    /// The connection ends with the answer.
    let closes: Bool
    /// A body follows that nobody reads.
    let hasUnwantedBody: Bool
    let wantsContinue: Bool

    init(_ head: HTTPRequestHead) {
        isHead = head.method == .HEAD
        let lengths = head.headers["content-length"]
        let hasBody = head.headers.contains(name: "transfer-encoding") || lengths.contains { $0 != "0" }
        question = Self.question(head, lengths: lengths)
        hasUnwantedBody = hasBody && question != .addCheckpoint
        let isUnclear = if case .refused(400, _) = question { true } else { question == .refused(505, allow: nil) }
        closes = hasUnwantedBody || isUnclear || !head.isKeepAlive || head.headers.contains(name: "upgrade")
        wantsContinue = head.headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    private static func question(_ head: HTTPRequestHead, lengths: [String]) -> Question {
        guard head.version.major == 1 else { return .refused(505, allow: nil) }
        // RFC 9112, 3.2: exactly one Host in HTTP/1.1.
        let hosts = head.headers["host"].count
        guard hosts == 1 || (hosts == 0 && head.version.minor == 0) else { return .refused(400, allow: nil) }
        guard let path = RequestPath.decode(ByteString(head.uri)) else { return .refused(404, allow: nil) }
        if path == "add-checkpoint" {
            guard head.method == .POST else { return .refused(405, allow: "POST") }
            let isTooLong = lengths.contains { (Int($0) ?? .max) > Witness.requestByteLimit }
            return isTooLong ? .refused(413, allow: nil) : .addCheckpoint
        }
        let parts = path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        guard parts.count == 2, parts[1].elementsEqual("checkpoint".utf8) else { return .refused(404, allow: nil) }
        guard head.method == .GET || head.method == .HEAD else { return .refused(405, allow: "GET, HEAD") }
        return .latestCheckpoint(ByteString(Array(parts[0])))
    }
}

/// The bytes of an answer.
struct WitnessResponse {
    let status: Int
    var contentType = "text/plain; charset=utf-8"
    var body: [UInt8] = []
    var retryAfter: Int?
    var allow: String?

    init(_ answer: WitnessAnswer) {
        status = answer.status
        contentType = answer.contentType
        body = answer.body
        retryAfter = answer.retryAfter
    }

    init(_ status: Int, allow: String? = nil) {
        self.status = status
        self.allow = allow
        body = Array((Self.reason(status).lowercased() + "\n").utf8)
    }

    func encoded(date: [UInt8], isHead: Bool, closes: Bool) -> [UInt8] {
        var lines = ["HTTP/1.1 \(status) \(Self.reason(status))", "Date: " + String(decoding: date, as: UTF8.self)]
        lines.append("Content-Type: \(contentType)")
        lines.append("Content-Length: \(body.count)")
        // Caches may not keep a checkpoint: monitors look for the newest.
        lines += ["Cache-Control: no-store", "X-Content-Type-Options: nosniff"]
        if let retryAfter { lines.append("Retry-After: \(retryAfter)") }
        if let allow { lines.append("Allow: \(allow)") }
        if closes { lines.append("Connection: close") }
        return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8) + (isHead ? [] : body)
    }

    private static func reason(_ status: Int) -> String {
        switch status {
        case 200: "OK"
        case 400: "Bad Request"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 413: "Content Too Large"
        case 422: "Unprocessable Content"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        case 505: "HTTP Version Not Supported"
        default: "Unknown"
        }
    }
}
