import DurableStorage
import Primitives
import Signatures
import SystemPackage

/// A small file to fetch whole.
package struct HTTPRequest: Hashable, Sendable {
    package let url: String
    /// Bytes; a longer answer is refused while it arrives.
    package let limit: Int
    /// The digest of what we hold, when "not modified" is an answer we can use. The server's ETag must be this digest.
    package let ifNoneMatch: Digest?

    package init(url: String, limit: Int, ifNoneMatch: Digest? = nil) {
        self.url = url
        self.limit = limit
        self.ifNoneMatch = ifNoneMatch
    }
}

package enum HTTPResponse: Hashable, Sendable {
    case ok([UInt8])
    /// 404, 403 (object stores say so of what they do not have) or 410.
    case notFound
    /// Only ever an answer to `ifNoneMatch`.
    case notModified
}

/// Fetches files over HTTP and HTTPS; one for a run, so that connections are used again. Not for two threads at once.
///
/// Every client sends the same bytes. Redirects are followed as far as `Redirect` allows, each by a request of our own.
/// Nothing received is trusted here; limits are enforced, hashes and signatures are the caller's business.
package final class HTTPClient {
    private let curl: CurlHandle
    let configuration: TransportConfiguration
    /// For requests beside one another; made when the first are.
    private var multi: CurlMulti?

    /// Asked at least once a second during each request that is made alone; false stops it (`transport/stopped`).
    package var goesOn: (() -> Bool)? {
        get { curl.goesOn }
        set { curl.goesOn = newValue }
    }

    package init(_ configuration: TransportConfiguration = .init()) throws(TransportFault) {
        curl = try CurlHandle(configuration)
        self.configuration = configuration
    }

    var limits: TransportLimits { configuration.limits }

    func requireMulti() throws(TransportFault) -> CurlMulti {
        if let multi { return multi }
        let made = try CurlMulti()
        multi = made
        return made
    }

    package func fetch(_ request: HTTPRequest) throws(TransportFault) -> HTTPResponse {
        var bytes: [UInt8] = []
        let exchange = Exchange(
            url: request.url, requestHeaders: request.ifNoneMatch.map { ["If-None-Match: \"\($0.hex)\""] } ?? [],
            wantedStatus: 200, limit: request.limit, headerLimit: limits.headers
        ) { bytes.append(contentsOf: $0) }
        let head = try run(exchange, within: limits.fetch)
        switch head.status {
        case 200: return .ok(bytes)
        case 304 where request.ifNoneMatch != nil: return .notModified
        case 403, 404, 410: return .notFound
        default: throw exchange.unexpected(head, expected: "200")
        }
    }

    /// `time` is for all redirects together.
    func run(_ exchange: Exchange, within time: Duration) throws(TransportFault) -> AnswerHead {
        let deadline = ContinuousClock.now + time
        try HTTPAddress.checkBase(exchange.url)
        for _ in 0..<max(0, limits.redirects) {
            let head = try ask(exchange, until: deadline)
            guard head.isRedirect else { return head }
            guard let location = head.location, let redirect = Redirect(from: exchange.url) else {
                throw exchange.unexpected(head, expected: "an address to go on at")
            }
            switch redirect.judge(location) {
            case .follow(let url): exchange.move(to: url)
            case .refuse(let expected): throw exchange.unexpected(head, expected: expected)
            }
        }
        let head = try ask(exchange, until: deadline)
        guard head.isRedirect else { return head }
        throw exchange.unexpected(head, expected: "at most \(limits.redirects) redirects in a row")
    }

    private func ask(_ exchange: Exchange, until deadline: ContinuousClock.Instant) throws(TransportFault) -> AnswerHead
    {
        try configuration.checkWay(to: exchange.url)
        return try exchange.verifiedHead(curl.perform(exchange, within: deadline - .now))
    }
}

extension HTTPClient: HTTPFetching {
    package func fetchRest(
        _ url: String, from offset: Int, of length: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool {
        let range = Range(url: url, offset: offset, end: length)
        var position = offset
        return try withoutActuallyEscaping(sink) { sink in
            let exchange = Exchange(
                url: url, requestHeaders: range.requestHeaders, wantedStatus: range.wantedStatus,
                limit: length - offset, headerLimit: limits.headers, checkHead: range.check
            ) { bytes in
                try sink(bytes)
                position += bytes.count
            }
            let head = try run(exchange, within: limits.patience(for: length - offset))
            if let error = exchange.sinkError { throw error }
            switch head.status {
            case range.wantedStatus:
                guard position == length else {
                    throw TransportFault(
                        .truncated, found: "\(position) bytes", expected: "\(length) bytes",
                        at: HTTPAddress.displayed(url))
                }
                return true
            case _ where offset > 0 && (head.status == 200 || head.status == 416): return false
            default: throw exchange.unexpected(head, expected: "\(range.wantedStatus)")
            }
        }
    }

    /// The part of a file still missing.
    private struct Range {
        let url: String
        let offset: Int
        let end: Int

        var requestHeaders: [String] { offset == 0 ? [] : ["Range: bytes=\(offset)-"] }
        var wantedStatus: Int { offset == 0 ? 200 : 206 }

        /// Bytes of another part, or of a file of another length, must not be joined to ours.
        func check(_ head: AnswerHead) throws(TransportFault) {
            guard wantedStatus == 206 else { return }
            let found = head.contentRange
            guard let found, found.first == offset, found.last < end, found.total == nil || found.total == end else {
                throw TransportFault(
                    .unexpectedRange, found: found?.description ?? "no range",
                    expected: "bytes \(offset)-\(end - 1)/\(end)", at: HTTPAddress.displayed(url))
            }
        }
    }
}
