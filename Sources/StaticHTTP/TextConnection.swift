import NIOCore
import NIOHTTP1
import Serving

/// One client of a `TextServer`: one request, one answer, and that was all.
final class TextConnection: ChannelDuplexHandler {
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

    private let server: TextLoop
    private var context: ChannelHandlerContext?
    private var phase = Phase.receiving
    private var isInputClosed = false
    private var isReadHeld = false
    private var deadline: Scheduled<Void>?

    init(_ server: TextLoop) {
        self.server = server
    }

    // MARK: input

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        server.add(self, on: context.eventLoop)
        // Set once: no step of a client puts it off.
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: server.configuration.connectionTimeout) {
            self.cut()
        }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        deadline?.cancel()
        server.remove(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        context.fireChannelInactive()
    }

    /// Nothing is read while the answer is made: what else comes waits in the client's own memory.
    func read(context: ChannelHandlerContext) {
        if phase == .answering { isReadHeld = true } else { context.read() }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard phase == .receiving, case .head(let head) = unwrapInboundIn(data) else { return }
        phase = .answering
        switch ParsedRequest(head) {
        case .refusal(let failure, let isHead): respond(failure, isHead: isHead)
        case .request(let request, _): answer(request)
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        isInputClosed = true
        if phase != .answering { cut() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else { return cut() }
        // What comes after the request is nobody's business.
        guard phase == .receiving else { return }
        phase = .answering
        let failure: Failure =
            switch error {
            case .headerOverflow: .headTooLarge
            case .invalidVersion: .versionNotSupported
            default: .badRequest
            }
        respond(failure, isHead: false)
    }

    // MARK: the answer

    private func answer(_ request: Request) {
        let isHead = request.method == .head
        guard request.method != .other else { return respond(.methodNotAllowed, isHead: isHead) }
        guard RequestPath.decode(request.target) == server.content.path else {
            return respond(.notFound, isHead: isHead)
        }
        guard let context else { return }
        server.text(on: context.eventLoop).assumeIsolated().whenComplete { result in
            guard case .success(let text?) = result else { return self.respond(.unavailable, isHead: isHead) }
            let head = ResponseHead(text: text, contentType: self.server.content.contentType)
            self.respond(head, isHead ? [] : text)
        }
    }

    private func respond(_ failure: Failure, isHead: Bool) {
        respond(ResponseHead(failure, connection: .close), isHead ? [] : failure.body)
    }

    private func respond(_ head: ResponseHead, _ body: [UInt8]) {
        guard let context, phase == .answering else { return }
        var bytes = ByteBuffer(bytes: head.bytes)
        bytes.setBytes(server.date, at: head.datePosition)
        bytes.writeBytes(body)
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.linger() }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: written)
    }

    /// Closing at once could make the client lose the answer to a reset.
    private func linger() {
        guard let context, phase == .answering else { return }
        guard !isInputClosed else { return cut() }
        phase = .lingering
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: server.configuration.lingerTimeout) {
            self.cut()
        }
        context.close(mode: .output, promise: nil)
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    func cut() {
        phase = .closed
        deadline?.cancel()
        context?.close(promise: nil)
    }
}
