import NIOCore
import NIOHTTP1
import Serving

/// One client's connection: requests in, answers out, in order.
///
/// Answers from memory are gathered in one buffer and written once for each batch of input. While a large file is under
/// way, or while the client does not take what it asked for, no more input is read: a client cannot make us hold more
/// than one read's requests and one buffer of answers.
final class Connection: ChannelDuplexHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundIn = IOData
    typealias OutboundOut = IOData

    enum Phase {
        case open
        /// The last answer has been chosen; input is dropped.
        case closing
        /// All is said and our side is shut; the client's closing is awaited, so that it gets the last answer whole.
        case lingering
        case closed
    }

    /// A file on its way to the client, a step at a time.
    struct Transfer {
        let handle: NIOFileHandle
        /// Keeps the publication's descriptors and memory while the answer lasts.
        let file: ServedFile
        var position: Int
        let end: Int
    }

    let loop: LoopState
    var context: ChannelHandlerContext?
    var phase = Phase.open
    var transfer: Transfer?
    /// Answers not handed to the channel yet.
    var output = ByteBuffer()
    private var waiting = CircularBuffer<ParsedRequest>()
    private var isHeadUnderWay = false
    private var isInputClosed = false
    private var isReadHeld = false
    private var deadline: NIODeadline

    /// Answers gathered before they are written, though more requests have been read.
    private static let outputLimit = 64 << 10

    init(_ loop: LoopState) {
        self.loop = loop
        deadline = loop.now + loop.configuration.headTimeout
    }

    // MARK: input

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        loop.add(self)
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
        loop.remove(self)
    }

    func channelInactive(context: ChannelHandlerContext) {
        phase = .closed
        waiting.removeAll()
        context.fireChannelInactive()
    }

    /// Bytes are about to be parsed. False when nobody wants them.
    func willReceiveBytes() -> Bool {
        guard phase == .open else { return false }
        if !isHeadUnderWay {
            isHeadUnderWay = true
            deadline = loop.now + loop.configuration.headTimeout
        }
        return true
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let head) = unwrapInboundIn(data), phase == .open else { return }
        isHeadUnderWay = false
        take(ParsedRequest(head))
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        writeOutput()
        context.fireChannelReadComplete()
    }

    func read(context: ChannelHandlerContext) {
        if canAnswer || phase == .lingering { context.read() } else { isReadHeld = true }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        answerWaiting()
        context.fireChannelWritabilityChanged()
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard case .inputClosed? = event as? ChannelEvent else {
            context.fireUserInboundEventTriggered(event)
            return
        }
        isInputClosed = true
        if phase == .lingering || (phase == .open && isQuiet) {
            context.close(promise: nil)
        } else if phase == .open, transfer == nil, waiting.isEmpty {
            finish()
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard let error = error as? HTTPParserError else {
            context.close(promise: nil)
            return
        }
        guard phase == .open else { return }
        let failure: Failure =
            switch error {
            case .headerOverflow: .headTooLarge
            case .invalidVersion: .versionNotSupported
            default: .badRequest
            }
        take(.refusal(failure, isHead: false))
        // The parser may find this after the end of a batch.
        writeOutput()
    }

    // MARK: answers

    /// Nothing asked, nothing on its way.
    private var isQuiet: Bool { waiting.isEmpty && transfer == nil && output.readableBytes == 0 && isWritable }

    private var isWritable: Bool { context?.channel.isWritable ?? false }

    private var canAnswer: Bool {
        phase == .open && transfer == nil && output.readableBytes < Self.outputLimit && isWritable
    }

    private func take(_ request: ParsedRequest) {
        if waiting.isEmpty, canAnswer {
            answer(request)
        } else {
            waiting.append(request)
            if transfer == nil { writeOutput() }
        }
    }

    /// Goes on with what was put off, then with reading.
    func answerWaiting() {
        while canAnswer, let request = waiting.popFirst() {
            answer(request)
            if output.readableBytes >= Self.outputLimit { writeOutput() }
        }
        writeOutput()
        guard phase == .open, transfer == nil, waiting.isEmpty else { return }
        if isInputClosed || loop.isDraining {
            finish()
        } else if isReadHeld, canAnswer {
            isReadHeld = false
            context?.read()
        }
    }

    private func answer(_ request: ParsedRequest) {
        deadline = loop.now + loop.configuration.idleTimeout
        switch request {
        case .request(let request, let connection):
            let isLast = connection == .close || ((loop.isDraining || isInputClosed) && waiting.isEmpty)
            if isLast { phase = .closing }
            append(request, isLast ? .close : connection)
            if isLast, transfer == nil { finish() }
        case .refusal(let failure, let isHead):
            phase = .closing
            append(failure, .close, isHead: isHead)
            finish()
        }
    }

    /// Hands the gathered answers to the channel: one write, however many they are.
    func writeOutput(promise: EventLoopPromise<Void>? = nil) {
        guard let context, output.readableBytes > 0 || promise != nil else { return }
        if !context.channel.isActive {
            promise?.fail(ChannelError.ioOnClosedChannel)
            return
        }
        context.writeAndFlush(wrapOutboundOut(.byteBuffer(output)), promise: promise)
        if output.capacity > Self.outputLimit {
            output = ByteBuffer()
        } else {
            // Usually the channel has let go of it by now, and the storage is used again.
            output.clear()
        }
    }

    /// Says the rest, shuts our side and waits for the client to shut its own: closing at once could make the client lose
    /// the last answer to a reset.
    func finish() {
        guard let context, phase != .lingering, phase != .closed else { return }
        phase = .closing
        waiting.removeAll()
        deadline = loop.now + loop.configuration.writeTimeout
        let written = context.eventLoop.makePromise(of: Void.self)
        written.futureResult.assumeIsolated().whenComplete { _ in self.linger() }
        writeOutput(promise: written)
    }

    private func linger() {
        guard let context, phase == .closing else { return }
        guard !isInputClosed else {
            context.close(promise: nil)
            return
        }
        phase = .lingering
        deadline = loop.now + loop.configuration.lingerTimeout
        context.close(mode: .output, promise: nil)
        if isReadHeld {
            isReadHeld = false
            context.read()
        }
    }

    // MARK: time

    /// The client took a step of a large answer.
    func noteProgress() {
        deadline = loop.now + loop.configuration.writeTimeout
    }

    func checkDeadline() {
        guard loop.now >= deadline else { return }
        if phase == .open, isQuiet, isHeadUnderWay {
            isHeadUnderWay = false
            take(.refusal(.requestTimeout, isHead: false))
        } else {
            cut()
        }
    }

    func drain() {
        if phase == .open, isQuiet { cut() } else if phase == .open, transfer == nil, waiting.isEmpty { finish() }
    }

    func cut() {
        phase = .closed
        waiting.removeAll()
        context?.close(promise: nil)
    }
}
