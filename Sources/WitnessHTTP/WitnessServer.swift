import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Serving
import StaticHTTP
import Synchronization
import Witnessing

/// What all connections share. Lives on the one event loop.
final class WitnessLoop {
    let witness: Witness
    let configuration: WitnessServerConfiguration
    let workers: NIOThreadPool
    private let clock: @Sendable () -> Date
    private var connections: [ObjectIdentifier: WitnessConnection] = [:]
    private var whenEmpty: EventLoopPromise<Void>?
    private(set) var isDraining = false

    init(
        _ witness: Witness, _ configuration: WitnessServerConfiguration, _ workers: NIOThreadPool,
        clock: @escaping @Sendable () -> Date
    ) {
        self.witness = witness
        self.configuration = configuration
        self.workers = workers
        self.clock = clock
    }

    var date: [UInt8] { HTTPDate.encode(clock()) }

    func add(_ connection: WitnessConnection, on eventLoop: any EventLoop) {
        connections[ObjectIdentifier(connection)] = connection
        // Accepted just before the listener closed.
        if isDraining { eventLoop.assumeIsolated().execute { connection.cut() } }
    }

    func remove(_ connection: WitnessConnection) {
        connections[ObjectIdentifier(connection)] = nil
        guard connections.isEmpty else { return }
        whenEmpty?.succeed()
        whenEmpty = nil
    }

    /// Succeeds when no connection is left; cuts those that are left after the shutdown time-out.
    func drain(on eventLoop: any EventLoop) -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        isDraining = true
        for connection in connections.values { connection.drain() }
        if connections.isEmpty { promise.succeed() } else { whenEmpty = promise }
        eventLoop.assumeIsolated().scheduleTask(in: configuration.shutdownTimeout) {
            for connection in self.connections.values { connection.cut() }
        }
        return promise.futureResult
    }
}

/// A running witness: listeners, one event loop, and threads that wait for the disk.
package final class WitnessServer: Sendable {
    /// Where it listens, with the real ports.
    package let addresses: [ListenAddress]
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let workers = NIOThreadPool(numberOfThreads: WitnessServerConfiguration.workers)
    private let loop: NIOLoopBound<WitnessLoop>
    private let listeners: [any Channel]
    private let hasLeft = Mutex(false)

    /// Listens. Throws `ServingFault`; nothing is left running then. `clock` is the time answers are dated with.
    package init(
        _ witness: Witness, on addresses: [ListenAddress],
        configuration: WitnessServerConfiguration = WitnessServerConfiguration(), clock: @escaping @Sendable () -> Date
    ) throws {
        let (eventLoop, workers) = (group.next(), workers)
        workers.start()
        do {
            let loop = try eventLoop.submit {
                NIOLoopBound(WitnessLoop(witness, configuration, workers, clock: clock), eventLoop: eventLoop)
            }.wait()
            self.loop = loop
            listeners = try Self.listen(on: addresses, eventLoop, loop, configuration)
        } catch {
            try? workers.syncShutdownGracefully()
            try? group.syncShutdownGracefully()
            throw error
        }
        self.addresses = zip(addresses, listeners).map { address, listener in
            ListenAddress(host: address.host, port: listener.localAddress?.port ?? address.port)
        }
    }

    /// Stops accepting, finishes the answers under way, and returns when all is closed. A second call does nothing.
    package func shutDown() throws {
        let isFirst = hasLeft.withLock { hasLeft in
            defer { hasLeft = true }
            return !hasLeft
        }
        guard isFirst else { return }
        for listener in listeners { try? listener.close().wait() }
        let (loop, eventLoop) = (loop, loop.eventLoop)
        try eventLoop.flatSubmit { loop.value.drain(on: eventLoop) }.wait()
        try workers.syncShutdownGracefully()
        try group.syncShutdownGracefully()
    }

    private static func listen(
        on addresses: [ListenAddress], _ eventLoop: any EventLoop, _ loop: NIOLoopBound<WitnessLoop>,
        _ configuration: WitnessServerConfiguration
    ) throws -> [any Channel] {
        let count = try eventLoop.submit {
            NIOLoopBound(ConnectionCount(maximum: configuration.maximumConnections), eventLoop: eventLoop)
        }.wait()
        let bootstrap = ServerBootstrap(group: eventLoop)
            .serverChannelOption(.backlog, value: 256)
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
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 8192))
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    var limits = NIOHTTPDecoderLimitConfiguration()
                    limits.maxHeaderListSize = configuration.maximumHeadSize
                    limits.maxHeaderFieldSize = configuration.maximumHeadSize
                    limits.maxHeaderFieldCount = 100
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
                    try pipeline.addHandler(WitnessConnection(loop.value))
                }
            }
        return try addresses.map { address in
            guard let socketAddress = address.socketAddress else {
                throw ServingFault(.invalidAddress, found: address.url)
            }
            do { return try bootstrap.bind(to: socketAddress).wait() } catch {
                throw ServingFault(.cannotListen, found: StaticServer.reason(error), at: address.url)
            }
        }
    }
}
