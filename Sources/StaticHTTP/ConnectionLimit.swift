import NIOCore

/// How many connections are open, over all listeners. Lives on the loop that accepts.
package final class ConnectionCount {
    private let maximum: Int
    private var open = 0
    private var heldListeners: [ConnectionLimit] = []

    package init(maximum: Int) {
        self.maximum = maximum
    }

    var isFull: Bool { open >= maximum }

    func opened() {
        open += 1
    }

    func closed() {
        open -= 1
        let held = heldListeners
        heldListeners = []
        for listener in held { listener.resume() }
    }

    func hold(_ listener: ConnectionLimit) {
        heldListeners.append(listener)
    }
}

/// Stops accepting at the limit: further clients wait in the kernel's backlog, served as soon as somebody leaves, and cost
/// us nothing. The listener accepts one connection a read, so the limit is exact.
package final class ConnectionLimit: ChannelDuplexHandler {
    package typealias InboundIn = any Channel
    package typealias OutboundIn = Never

    private let count: ConnectionCount
    private var context: ChannelHandlerContext?

    package init(_ count: ConnectionCount) {
        self.count = count
    }

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        count.opened()
        unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).assumeIsolated().whenComplete { _ in
            self.count.closed()
        }
        context.fireChannelRead(data)
    }

    package func read(context: ChannelHandlerContext) {
        if count.isFull { count.hold(self) } else { context.read() }
    }

    func resume() {
        guard let context else { return }
        read(context: context)
    }
}
