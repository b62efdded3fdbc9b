import Primitives

/// Text to hand to a server, and how much it may answer.
package struct HTTPPost: Hashable, Sendable {
    package let url: String
    package let body: [UInt8]
    /// Bytes of the answer's body, whatever its status.
    package let limit: Int

    package init(url: String, body: [UInt8], limit: Int) {
        self.url = url
        self.body = body
        self.limit = limit
    }
}

/// A server's answer of any status.
package struct HTTPAnswer: Hashable, Sendable {
    package let status: Int
    package let contentType: ByteString?
    package let body: [UInt8]

    package init(status: Int, contentType: ByteString? = nil, body: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// What to do after an answer.
package struct HTTPPostReaction: Sendable {
    /// Posted next in the place of what was answered, over the same connection where the server lets us.
    package var next: HTTPPost?
    /// How long everything that is still under way may take from now. Nil: as long as before. Never longer than before.
    package var patience: Duration?

    package init(next: HTTPPost? = nil, patience: Duration? = nil) {
        self.next = next
        self.patience = patience
    }
}

extension HTTPClient {
    /// Posts everything at once, and hands each answer to `take` in the order in which they come, with the place of its
    /// post in `posts`. Returns when nothing is under way any more; what patience ran out for is handed over as
    /// `transport/timed-out`, once.
    ///
    /// `patience` is for all of it together; each single request has the configuration's limits besides. Errors of `take`
    /// end everything and come out of here. Nothing received is trusted.
    package func post(
        _ posts: [HTTPPost], patience: Duration,
        take: (_ place: Int, _ answer: Result<HTTPAnswer, TransportFault>) throws -> HTTPPostReaction
    ) throws {
        let round = PostRound(configuration, try requireMulti(), deadline: .now + patience)
        for (place, post) in posts.enumerated() { round.begin(post, place) }
        while let (place, answer) = try round.nextAnswer() {
            let reaction = try take(place, answer)
            if let patience = reaction.patience { round.shorten(to: .now + patience) }
            if let next = reaction.next { round.begin(next, place) }
        }
    }
}

/// The requests of one `post` that are under way.
private final class PostRound {
    private typealias Answer = Result<HTTPAnswer, TransportFault>

    /// One request, with all that libcurl must find alive until it ended.
    private struct Request {
        let place: Int
        let handle: CurlHandle
        let exchange: Exchange
        let body: Received
    }

    private final class Received {
        var bytes: [UInt8] = []
    }

    private let configuration: TransportConfiguration
    private let multi: CurlMulti
    private var deadline: ContinuousClock.Instant
    private var underWay: [Request] = []
    private var ended: [(Int, Answer)] = []

    init(_ configuration: TransportConfiguration, _ multi: CurlMulti, deadline: ContinuousClock.Instant) {
        self.configuration = configuration
        self.multi = multi
        self.deadline = deadline
    }

    deinit {
        for request in underWay { multi.remove(request.handle) }
    }

    func shorten(to other: ContinuousClock.Instant) {
        deadline = min(deadline, other)
    }

    func begin(_ post: HTTPPost, _ place: Int) {
        do {
            underWay.append(try start(post, place))
        } catch {
            ended.append((place, .failure(error)))
        }
    }

    private func start(_ post: HTTPPost, _ place: Int) throws(TransportFault) -> Request {
        try HTTPAddress.checkBase(post.url)
        try configuration.checkWay(to: post.url)
        let body = Received()
        // No "Expect": a server that does not know it would cost a second.
        let exchange = Exchange(
            url: post.url, requestHeaders: ["Content-Type: text/plain; charset=utf-8", "Expect:"],
            requestBody: post.body, wantedStatus: nil, limit: post.limit, headerLimit: configuration.limits.headers
        ) { body.bytes.append(contentsOf: $0) }
        let handle = try CurlHandle(configuration)
        try handle.prepare(exchange, within: configuration.limits.fetch)
        try multi.add(handle)
        return Request(place: place, handle: handle, exchange: exchange, body: body)
    }

    /// The next answer in the order of their coming, or nil when nothing is under way.
    func nextAnswer() throws(TransportFault) -> (Int, Result<HTTPAnswer, TransportFault>)? {
        while ended.isEmpty, !underWay.isEmpty {
            let left = deadline - .now
            guard left > .zero else {
                giveUp()
                break
            }
            try multi.work(for: left)
            while let (handle, code) = multi.nextDone() { end(handle, code) }
        }
        return ended.isEmpty ? nil : ended.removeFirst()
    }

    private func end(_ handle: UnsafeMutableRawPointer, _ code: CurlMulti.Code) {
        guard let index = underWay.firstIndex(where: { $0.handle.handle == handle }) else { return }
        let request = underWay.remove(at: index)
        multi.remove(request.handle)
        let outcome = request.handle.finish(code)
        do throws(TransportFault) {
            let head = try request.exchange.verifiedHead(outcome)
            let answer = HTTPAnswer(status: head.status, contentType: head.contentType, body: request.body.bytes)
            ended.append((request.place, .success(answer)))
        } catch {
            ended.append((request.place, .failure(error)))
        }
    }

    private func giveUp() {
        for request in underWay {
            multi.remove(request.handle)
            let place = HTTPAddress.displayed(request.exchange.url)
            let fault = TransportFault(.timedOut, found: "no answer in time", at: place)
            ended.append((request.place, .failure(fault)))
        }
        underWay = []
    }
}
