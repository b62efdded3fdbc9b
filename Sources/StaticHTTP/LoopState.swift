import FoundationEssentials
import NIOCore
import Serving

/// What the connections of one event loop share. Lives on that loop; nothing here needs a lock.
final class LoopState {
    let configuration: ServerConfiguration
    private(set) var publication: Publication
    /// The date of the answers, `HTTPDate.length` bytes.
    private(set) var date: ByteBuffer
    /// The time of the last tick: exact enough for time-outs, and free.
    private(set) var now: NIODeadline
    /// The answers that are no file, ready: clients ask for the next root until it is missing.
    let failures: [Failure: PreparedAnswer]
    private let eventLoop: any EventLoop
    private let clock: @Sendable () -> Date
    private var connections: [ObjectIdentifier: Connection] = [:]
    private var whenEmpty: EventLoopPromise<Void>?
    private(set) var isDraining = false

    init(
        _ eventLoop: any EventLoop, _ configuration: ServerConfiguration, _ publication: Publication,
        clock: @escaping @Sendable () -> Date
    ) {
        self.eventLoop = eventLoop
        self.configuration = configuration
        self.publication = publication
        self.clock = clock
        date = ByteBuffer(bytes: HTTPDate.encode(clock()))
        now = .now()
        failures = Dictionary(
            uniqueKeysWithValues: Failure.allCases.map { ($0, PreparedAnswer(ResponseHead($0), body: $0.body)) })
        scheduleTick()
    }

    func takeOver(_ publication: Publication) {
        self.publication = publication
    }

    func add(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = connection
        // Accepted just before the listener closed.
        if isDraining { eventLoop.assumeIsolated().execute { connection.cut() } }
    }

    func remove(_ connection: Connection) {
        connections[ObjectIdentifier(connection)] = nil
        if isDraining, connections.isEmpty { finishDraining() }
    }

    /// Lets answers under way be finished and everything else go. Succeeds when no connection is left; cuts those that
    /// are left after the shutdown time-out.
    func drain() -> EventLoopFuture<Void> {
        let promise = eventLoop.makePromise(of: Void.self)
        whenEmpty = promise
        isDraining = true
        for connection in connections.values { connection.drain() }
        if connections.isEmpty { finishDraining() }
        eventLoop.assumeIsolated().scheduleTask(in: configuration.shutdownTimeout) { self.cutAll() }
        return promise.futureResult
    }

    private func finishDraining() {
        whenEmpty?.succeed()
        whenEmpty = nil
    }

    private func cutAll() {
        for connection in connections.values { connection.cut() }
    }

    /// Ticks just after each full second, so that the date is right to the second; more often for short time-outs.
    private func scheduleTick() {
        let time = clock().timeIntervalSince1970
        let toNextSecond = Int64((1 - (time - time.rounded(.down))) * 1_000_000_000) + 1_000_000
        let quarter = TimeAmount.nanoseconds(max(1_000_000, configuration.shortestTimeout.nanoseconds / 4))
        eventLoop.assumeIsolated().scheduleTask(in: min(.nanoseconds(toNextSecond), quarter)) { self.tick() }
    }

    private func tick() {
        date = ByteBuffer(bytes: HTTPDate.encode(clock()))
        now = .now()
        for connection in connections.values { connection.checkDeadline() }
        scheduleTick()
    }
}
