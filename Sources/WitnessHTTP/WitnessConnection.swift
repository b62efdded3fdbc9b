import NIOCore
import NIOHTTP1
import NIOPosix
import Witnessing

/// One client's connection: one request at a time, and no input is read while it is answered. So a client makes us hold at
/// most one request and one read's bytes.
final class WitnessConnection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = Never
    typealias OutboundOut = ByteBuffer

    private enum Phase {
        case receiving
        case answering
        /// All is said and our side is shut; what comes is dropped until the client closes, so that it gets the answer.
        case lingering
        case closed
    }

    private let server: WitnessLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.receiving
    private var request: WitnessRequest?
    private var body = ByteBuffer()
    /// Came in one read with the request that is being answered.
    private var waiting = CircularBuffer<HTTPServerRequestPart>()
    private var isInputClosed = false
    private var isReadHeld = false
    private var deadline: Scheduled<Void>?

    init(_ server: WitnessLoop) {
        self.server = server
    }

    // MARK: input

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        server.add(self, on: context.eventLoop)
        expect(within: server.configuration.requestTimeout)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        server.remove(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        waiting.removeAll()
        context.fireChannelInactive()
    }

    func read(context: ChannelHandlerContext) {
        if phase == .answering { isReadHeld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch phase {
        case .receiving: take(unwrapInboundIn(data))
        case .answering: waiting.append(unwrapInboundIn(data))
        case .lingering, .closed: break
        }
    }

    private func take(_ part: HTTPServerRequestPart) {
        switch part {
        case .head(let head):
            let request = WitnessRequest(head)
            self.request = request
            body.clear()
            if request.closes, case .refused(let status, let allow) = request.question {
                respond(WitnessResponse(status, allow: allow))
            } else if request.hasUnwantedBody {
                respond(WitnessResponse(413))
            } else if request.wantsContinue, request.question == .addCheckpoint, let context {
                context.writeAndFlush(
                    wrapOutboundOut(ByteBuffer(string: "HTTP/1.1 100 Continue\r\n\r\n")), promise: nil)
            }
        case .body(var bytes):
            guard body.readableBytes + bytes.readableBytes <= Witness.requestByteLimit else {
                return respond(WitnessResponse(413), closing: true)
            }
            body.writeBuffer(&bytes)
        case .end:
            if let request { answer(request) }
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        isInputClosed = true
        if phase != .answering { context.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        let status =
            switch error {
            case .headerOverflow: 431
            case .invalidVersion: 505
            default: 400
            }
        switch phase {
        case .receiving: respond(WitnessResponse(status), closing: true)
        // The answer before it comes first; then there is nothing more to read.
        case .answering: isInputClosed = true
        case .lingering, .closed: break
        }
    }

    // MARK: answers

    private func answer(_ request: WitnessRequest) {
        phase = .answering
        deadline?.cancel()
        let (witness, bytes) = (server.witness, Array(body.readableBytesView))
        switch request.question {
        case .refused(let status, let allow): respond(WitnessResponse(status, allow: allow))
        case .addCheckpoint: work { witness.addCheckpoint(bytes) }
        case .latestCheckpoint(let name): work { witness.latestCheckpoint(name) }
        }
    }

    /// Away from the loop: a disk may be slow.
    private func work(_ body: @escaping @Sendable () -> WitnessAnswer) {
        guard let context else { return }
        server.workers.runIfActive(eventLoop: context.eventLoop, body).assumeIsolated().whenComplete { result in
            switch result {
            case .success(let answer): self.respond(WitnessResponse(answer))
            case .failure: self.respond(WitnessResponse(503), closing: true)
            }
        }
    }

    private func respond(_ response: WitnessResponse, closing: Bool = false) {
        guard let context, phase == .receiving || phase == .answering else { return }
        phase = .answering
        let closes = closing || isInputClosed || server.isDraining || request?.closes ?? true
        let bytes = response.encoded(date: server.date, isHead: request?.isHead ?? false, closes: closes)
        request = nil
        expect(within: server.configuration.writeTimeout)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { result in
            guard case .success = result else { return self.cut() }
            if closes { self.linger() } else { self.goOn() }
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: written)
    }

    private func goOn() {
        guard phase == .answering else { return }
        phase = .receiving
        expect(within: server.configuration.requestTimeout)
        while phase == .receiving, let part = waiting.popFirst() { take(part) }
        guard phase == .receiving else { return }
        if isInputClosed || (server.isDraining && request == nil) {
            cut()
        } else if isReadHeld {
            isReadHeld = false
            context?.read()
        }
    }

    private func linger() {
        guard let context, phase == .answering else { return }
        waiting.removeAll()
        guard !isInputClosed else {
            cut()
            return
        }
        phase = .lingering
        expect(within: server.configuration.lingerTimeout)
        context.close(mode: .output, promise: nil)
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    // MARK: time

    private func expect(within time: TimeAmount) {
        deadline?.cancel()
        deadline = context?.eventLoop.assumeIsolated().scheduleTask(in: time) { self.giveUp() }
    }

    private func giveUp() {
        if phase == .receiving, request != nil {
            respond(WitnessResponse(408), closing: true)
        } else {
            cut()
        }
    }

    /// The server leaves: a request that is here is answered.
    func drain() {
        if phase == .receiving, request == nil { cut() }
    }

    func cut() {
        phase = .closed
        waiting.removeAll()
        deadline?.cancel()
        context?.close(promise: nil)
    }
}
