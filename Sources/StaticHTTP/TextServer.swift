import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Serving
import Synchronization

/// A running server of one text under one path, made when it is asked for; for whoever watches over a program.
///
/// One request for each connection. However many ask, the text is made once a second at most, on a thread of its own, and
/// a client that stands still is cut off: nobody out there can slow the program down.
package final class TextServer: Sendable {
    /// Where it listens, with the real port.
    package let address: ListenAddress
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let worker = NIOThreadPool(numberOfThreads: 1)
    private let loop: NIOLoopBound<TextLoop>
    private let listener: any Channel
    private let hasLeft = Mutex(false)

    /// Listens. Throws `ServingFault`; nothing is left running then.
    ///
    /// `clock` is the time answers are dated with; `text` returns nil where it cannot be had just now. Both are called from
    /// any thread, `text` never twice at once.
    package init(
        _ content: TextServerContent, on address: ListenAddress,
        configuration: TextServerConfiguration = TextServerConfiguration(), clock: @escaping @Sendable () -> Date,
        text: @escaping @Sendable () -> [UInt8]?
    ) throws {
        let (eventLoop, worker) = (group.next(), worker)
        worker.start()
        do {
            let loop = try eventLoop.submit {
                let state = TextLoop(content, configuration, worker, clock: clock, text: text)
                return NIOLoopBound(state, eventLoop: eventLoop)
            }.wait()
            self.loop = loop
            listener = try Self.listen(on: address, eventLoop, loop, configuration)
        } catch {
            try? worker.syncShutdownGracefully()
            try? group.syncShutdownGracefully()
            throw error
        }
        self.address = ListenAddress(host: address.host, port: listener.localAddress?.port ?? address.port)
    }

    /// False once it has left, or the system took its listener away.
    package var isListening: Bool { listener.isActive }

    /// Stops accepting, cuts off whoever is still there, and returns when all is closed. A second call does nothing.
    package func shutDown() {
        let isFirst = hasLeft.withLock { hasLeft in
            defer { hasLeft = true }
            return !hasLeft
        }
        guard isFirst else { return }
        try? listener.close().wait()
        let loop = loop
        try? loop.eventLoop.submit { loop.value.leave() }.wait()
        try? worker.syncShutdownGracefully()
        try? group.syncShutdownGracefully()
    }

    private static func listen(
        on address: ListenAddress, _ eventLoop: any EventLoop, _ loop: NIOLoopBound<TextLoop>,
        _ configuration: TextServerConfiguration
    ) throws -> any Channel {
        guard let socketAddress = address.socketAddress else {
            throw ServingFault(.invalidAddress, found: address.url)
        }
        let count = try eventLoop.submit {
            NIOLoopBound(ConnectionCount(maximum: configuration.maximumConnections), eventLoop: eventLoop)
        }.wait()
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 32)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionLimit(count.value))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderListSize = configuration.maximumHeadSize
                    limits.maxHeaderFieldSize = configuration.maximumHeadSize
                    limits.maxHeaderFieldCount = 100
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
                    try pipeline.addHandler(TextConnection(loop.value))
                }
            }
        do { return try bootstrap.bind(to: socketAddress).wait() } catch {
            throw ServingFault(.cannotListen, found: StaticServer.reason(error), at: address.url)
        }
    }
}

/// What is to be had of a `TextServer`.
package struct TextServerContent: Sendable {
    /// Without the slash that it begins with.
    package let path: ByteString
    package let contentType: String

    package init(path: ByteString, contentType: String) {
        (self.path, self.contentType) = (path, contentType)
    }
}

/// The limits and time-outs of a `TextServer`; every one is enforced before memory is spent.
package struct TextServerConfiguration: Sendable {
    /// Connections open at once. Further ones wait, unaccepted, in the kernel's backlog.
    package var maximumConnections = 16
    /// Bytes of the request line's target, or of all header fields together.
    package var maximumHeadSize = 8 << 10
    /// For a connection from its beginning to its end, however it trickles.
    package var connectionTimeout = TimeAmount.seconds(10)
    /// For the client to close after we have said all.
    package var lingerTimeout = TimeAmount.seconds(1)
    /// For so long a text is good for whoever asks next.
    package var freshness = TimeAmount.seconds(1)

    package init() {}
}

/// What the connections of a `TextServer` share. Lives on its one event loop.
final class TextLoop {
    let content: TextServerContent
    let configuration: TextServerConfiguration
    private let worker: NIOThreadPool
    private let clock: @Sendable () -> Date
    private let makeText: @Sendable () -> [UInt8]?
    private var made: (text: [UInt8], goodUntil: NIODeadline)?
    private var underWay: EventLoopFuture<[UInt8]?>?
    private var connections: [ObjectIdentifier: TextConnection] = [:]
    private var isLeaving = false

    init(
        _ content: TextServerContent, _ configuration: TextServerConfiguration, _ worker: NIOThreadPool,
        clock: @escaping @Sendable () -> Date, text: @escaping @Sendable () -> [UInt8]?
    ) {
        (self.content, self.configuration, self.worker) = (content, configuration, worker)
        (self.clock, makeText) = (clock, text)
    }

    var date: [UInt8] { HTTPDate.encode(clock()) }

    /// The text as it is now, or was a moment ago. Who asks while it is being made gets that one.
    func text(on eventLoop: any EventLoop) -> EventLoopFuture<[UInt8]?> {
        if let underWay { return underWay }
        if let made, made.goodUntil > .now() { return eventLoop.makeSucceededFuture(made.text) }
        let future = worker.runIfActive(eventLoop: eventLoop, makeText)
        underWay = future
        future.assumeIsolated().whenComplete { result in
            self.underWay = nil
            self.made = nil
            guard case .success(let text?) = result else { return }
            self.made = (text, .now() + self.configuration.freshness)
        }
        return future
    }

    func add(_ connection: TextConnection, on eventLoop: any EventLoop) {
        connections[ObjectIdentifier(connection)] = connection
        // Accepted just before the listener closed.
        if isLeaving { eventLoop.assumeIsolated().execute { connection.cut() } }
    }

    func remove(_ connection: TextConnection) { connections[ObjectIdentifier(connection)] = nil }

    func leave() {
        isLeaving = true
        for connection in connections.values { connection.cut() }
    }
}
