import CommandSupport
import DurableStorage
import Primitives
import Releases
import StaticHTTP
import Synchronization
import Updating

/// Answers over HTTP with the agent's numbers, as long as the daemon runs. Used by one thread; the answers are made on
/// others, and nothing that a client does reaches the daemon.
final class MetricsListener {
    private static let content = TextServerContent(
        path: "metrics", contentType: "text/plain; version=0.0.4; charset=utf-8")

    private let storage: DurableStorage
    /// What is served; shared with the threads that answer.
    private let source = Source()
    private var address: Updating.ListenAddress?
    private var server: TextServer?

    private final class Source: Sendable {
        let configuration = Mutex<AgentConfiguration?>(nil)
    }

    init(_ storage: DurableStorage) {
        self.storage = storage
    }

    /// Answers where `configuration` says, if anywhere. Where that is a new place, listens there before it leaves the old one:
    /// when it throws, all is as before.
    func use(_ configuration: AgentConfiguration) throws {
        let isStanding = server.map { $0.isListening && address == configuration.metrics.listen } ?? false
        if !isStanding {
            // The system took the listener away: its port is free for the next one.
            if server?.isListening == false { leave() }
            let new = try configuration.metrics.listen.map { try listen($0) }
            leave()
            (server, address) = (new, configuration.metrics.listen)
            if let new { try? StandardError.print("sceau-agent: metrics on \(new.address.url)metrics") }
        }
        source.configuration.withLock { $0 = configuration }
    }

    private func listen(_ address: Updating.ListenAddress) throws -> TextServer {
        let (source, storage) = (source, storage)
        let version = try Version(Tool.version)
        return try TextServer(
            Self.content, on: StaticHTTP.ListenAddress(host: address.host, port: address.port), clock: SystemClock.now
        ) {
            source.configuration.withLock { $0 }.flatMap {
                Agent.metrics($0, storage, now: SystemClock.now(), agentVersion: version)
            }
        }
    }

    /// Why nobody can listen there; nil where the one who does is this instance's own daemon.
    static func obstacle(to address: Updating.ListenAddress, for configuration: AgentConfiguration) -> String? {
        let place = StaticHTTP.ListenAddress(host: address.host, port: address.port)
        do {
            try TextServer(content, on: place, clock: SystemClock.now, text: { nil }).shutDown()
            return nil
        } catch {
            if Agent.isServingMetrics(configuration, at: "\(place.url)\(content.path)") { return nil }
            return (error as? any ReportableFault)?.found ?? "\(error)"
        }
    }

    func leave() {
        server?.shutDown()
        server = nil
    }
}
