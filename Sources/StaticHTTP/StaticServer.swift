import FoundationEssentials
import NIOCore
import NIOHTTP1
import NIOPosix
import Primitives
import Serving
import Synchronization
import SystemPackage

/// A running server: listeners, one event loop for each core, and a watch over the published folder.
///
/// Holds no key and no state of its own; killing it at any moment loses nothing.
package final class StaticServer: Sendable {
    /// Where it listens, with the real ports.
    package let addresses: [ListenAddress]
    private let group: MultiThreadedEventLoopGroup
    private let watchThread: NIOThreadPool
    private let watch: PublicationWatch
    private let loops: [NIOLoopBound<LoopState>]
    private let listeners: [any Channel]
    private let hasLeft = Mutex(false)

    /// Scans `root`, then listens. Throws `ServingFault`; nothing is left running then.
    ///
    /// `clock` is the time answers are dated with. `report` is called from any thread.
    package init(
        _ root: FilePath, on addresses: [ListenAddress], configuration: ServerConfiguration = ServerConfiguration(),
        clock: @escaping @Sendable () -> Date, report: @escaping @Sendable (ServerEvent) -> Void
    ) throws {
        watch = try PublicationWatch(root, configuration, report: report)
        let publication = watch.publication
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(1, configuration.threads))
        watchThread = NIOThreadPool(numberOfThreads: 1)
        do {
            loops = try group.makeIterator().map { loop in
                try loop.submit {
                    NIOLoopBound(LoopState(loop, configuration, publication, clock: clock), eventLoop: loop)
                }.wait()
            }
            listeners = try Self.listen(on: addresses, group: group, loops: loops, configuration)
        } catch {
            try? group.syncShutdownGracefully()
            throw error
        }
        self.addresses = zip(addresses, listeners).map { address, listener in
            ListenAddress(host: address.host, port: listener.localAddress?.port ?? address.port)
        }
        watchThread.start()
        startWatching(every: configuration.watchInterval)
        report(.serving(files: publication.files.count))
        if publication.catalogue.position(of: "metadata/timestamp.json") == nil {
            report(.nothingPublished(ServingFault.notPublished(in: root)))
        }
    }

    /// Looks for a new publication now, and returns when it is served. The watch does this by itself.
    package func takeOverNewPublication() throws {
        guard let publication = watch.look() else { return }
        for loop in loops {
            try loop.eventLoop.submit { loop.value.takeOver(publication) }.wait()
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
        let drained = loops.map { loop in loop.eventLoop.flatSubmit { loop.value.drain() } }
        for future in drained { try future.wait() }
        try watchThread.syncShutdownGracefully()
        try group.syncShutdownGracefully()
    }

    /// One look at a time, on a thread of its own: a slow disk delays no answer.
    private func startWatching(every interval: TimeAmount) {
        let (watch, watchThread, loops) = (watch, watchThread, loops)
        let eventLoop = group.next()
        _ = eventLoop.scheduleRepeatedAsyncTask(initialDelay: interval, delay: interval) { _ in
            watchThread.runIfActive(eventLoop: eventLoop) { watch.look() }.map { publication in
                guard let publication else { return }
                for loop in loops { loop.eventLoop.execute { loop.value.takeOver(publication) } }
            }
        }
    }

    // MARK: listening

    private static func listen(
        on addresses: [ListenAddress], group: MultiThreadedEventLoopGroup, loops: [NIOLoopBound<LoopState>],
        _ configuration: ServerConfiguration
    ) throws -> [any Channel] {
        // One loop accepts for all listeners, so that counting connections needs no lock.
        let accepting = group.next()
        let count = try accepting.submit {
            NIOLoopBound(ConnectionCount(maximum: configuration.maximumConnections), eventLoop: accepting)
        }.wait()
        let bootstrap = ServerBootstrap(group: accepting, childGroup: group)
            .serverChannelOption(.backlog, value: 1024)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 1)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ConnectionLimit(count.value))
                }
            }
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelOption(.allowRemoteHalfClosure, value: true)
            .childChannelOption(.recvAllocator, value: FixedSizeRecvByteBufferAllocator(capacity: 4096))
            .childChannelInitializer { channel in initialize(channel, loops, configuration) }
        return try addresses.map { address in
            guard let socketAddress = address.socketAddress else {
                throw ServingFault(.invalidAddress, found: address.url)
            }
            do { return try bootstrap.bind(to: socketAddress).wait() } catch {
                throw ServingFault(.cannotListen, found: reason(error), at: address.url)
            }
        }
    }

    private static func initialize(
        _ channel: any Channel, _ loops: [NIOLoopBound<LoopState>], _ configuration: ServerConfiguration
    ) -> EventLoopFuture<Void> {
        channel.eventLoop.makeCompletedFuture {
            guard let loop = loops.first(where: { $0.eventLoop === channel.eventLoop }) else {
                throw ChannelError.inappropriateOperationForState
            }
            let connection = Connection(loop.value)
            var limits = NIOHTTPDecoderLimitConfiguration()
            limits.maxHeaderListSize = configuration.maximumHeadSize
            limits.maxHeaderFieldSize = configuration.maximumHeadSize
            limits.maxHeaderFieldCount = 100
            let pipeline = channel.pipeline.syncOperations
            try pipeline.addHandler(ArrivalHandler(connection))
            try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder(limitConfiguration: limits)))
            try pipeline.addHandler(connection)
        }
    }

    /// Why listening failed, in words.
    package static func reason(_ error: any Error) -> String {
        (error as? IOError).map { Errno(rawValue: $0.errnoCode).description.lowercased() } ?? "\(error)"
    }
}
