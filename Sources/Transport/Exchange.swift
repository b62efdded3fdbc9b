import Primitives

/// One request, and what has come of its answer. All limits on what a server may send are enforced here, while it sends.
final class Exchange {
    /// Where it is asked; another after a redirect.
    private(set) var url: String
    let requestHeaders: [String]
    /// What is posted; nil gets.
    let requestBody: [UInt8]?
    /// The only status whose body goes to the sink; the body of another is read over, up to a bound. Nil: every status.
    private let wantedStatus: Int?
    /// Bytes of the wanted body.
    private let limit: Int
    private let headerLimit: Int
    private let checkHead: (AnswerHead) throws(TransportFault) -> Void
    private let sink: (UnsafeRawBufferPointer) throws -> Void

    private(set) var head: AnswerHead?
    private(set) var received = 0
    private var headerBytes = 0
    /// Why we stopped listening, when it is the server's doing.
    private(set) var fault: TransportFault?
    /// Why we stopped listening, when it is ours: the sink's error.
    private(set) var sinkError: (any Error)?

    /// An error page is read to its end, so that the connection can be used again, unless it is longer than this.
    private static let unwantedLimit = 64 << 10

    init(
        url: String, requestHeaders: [String], requestBody: [UInt8]? = nil, wantedStatus: Int?, limit: Int,
        headerLimit: Int,
        checkHead: @escaping (AnswerHead) throws(TransportFault) -> Void = { (_) throws(TransportFault) in },
        sink: @escaping (UnsafeRawBufferPointer) throws -> Void
    ) {
        self.url = url
        self.requestHeaders = requestHeaders
        self.requestBody = requestBody
        self.wantedStatus = wantedStatus
        self.limit = limit
        self.headerLimit = headerLimit
        self.checkHead = checkHead
        self.sink = sink
    }

    /// Takes one header line. False stops the transfer.
    func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Bool {
        headerBytes += bytes.count
        guard headerBytes <= headerLimit else {
            return stop(.tooLong, found: "endless header fields", expected: "at most \(headerLimit) bytes of them")
        }
        let line = ByteString(Array(bytes))
        // After the blank line come trailers, or, after an interim answer (1xx), the next status line.
        if let next = AnswerHead(statusLine: line) {
            head = next
        } else if head?.isComplete == false {
            if bytes.allSatisfy({ $0 == 0x0D || $0 == 0x0A }) { return endHead() }
            head?.add(line)
        }
        return true
    }

    private func endHead() -> Bool {
        head?.end()
        guard let head, isWanted(head) else { return true }
        do { try checkHead(head) } catch {
            fault = error
            return false
        }
        if let length = head.contentLength, length > limit { return stopTooLong(found: "\(length) bytes") }
        return true
    }

    /// Takes a piece of the body. False stops the transfer.
    func receiveBody(_ bytes: UnsafeRawBufferPointer) -> Bool {
        guard head.map(isWanted) ?? false else {
            received += bytes.count
            return received <= Self.unwantedLimit
        }
        guard bytes.count <= limit - received else { return stopTooLong(found: "more") }
        received += bytes.count
        do { try sink(bytes) } catch {
            sinkError = error
            return false
        }
        return true
    }

    private func isWanted(_ head: AnswerHead) -> Bool { wantedStatus == nil || head.status == wantedStatus }

    private func stopTooLong(found: String) -> Bool {
        stop(.tooLong, found: found, expected: "at most \(limit) bytes")
    }

    private func stop(_ code: TransportFaultCode, found: String, expected: String) -> Bool {
        fault = TransportFault(code, found: found, expected: expected, at: HTTPAddress.displayed(url))
        return false
    }

    // MARK: afterwards

    /// The same is asked at another address. Of the answer that pointed there nothing stays but the bytes of its head,
    /// which count towards the limit for all answers together.
    func move(to other: String) {
        url = other
        head = nil
        received = 0
    }

    /// The head of the answer, once the transfer ended with `outcome`; throws when no answer can be relied on.
    func verifiedHead(_ outcome: CurlOutcome) throws(TransportFault) -> AnswerHead {
        if let fault { throw fault }
        switch outcome {
        case .failed(.truncated, _) where head.map { $0.isComplete && !isWanted($0) } ?? false:
            break  // Of an error page, the status is all we want.
        case .failed(.truncated, let detail):
            let expected = head?.contentLength.map { "\($0) bytes" }
            throw TransportFault(
                .truncated, found: expected == nil ? detail : "\(received) bytes", expected: expected,
                at: HTTPAddress.displayed(url))
        case .failed(let code, let detail):
            throw TransportFault(code, found: detail, at: HTTPAddress.displayed(url))
        case .complete, .stopped:
            break
        }
        guard let head, head.isComplete else {
            throw TransportFault(.malformed, found: "no status line", at: HTTPAddress.displayed(url))
        }
        return head
    }

    /// What to throw for an answer that is none of those the caller can use.
    func unexpected(_ head: AnswerHead, expected: String) -> TransportFault {
        let place = HTTPAddress.displayed(url)
        guard head.isRedirect else {
            return TransportFault(.httpStatus, found: "\(head.status)", expected: expected, at: place)
        }
        let target = head.location.map { " to " + HTTPAddress.displayed($0.description) } ?? ""
        return TransportFault(.redirected, found: "\(head.status)" + target, expected: expected, at: place)
    }
}
