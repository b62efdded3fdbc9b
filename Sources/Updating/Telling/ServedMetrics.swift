import DurableStorage
import FoundationEssentials
import Releases
import Transport

extension Agent {
    /// The numbers as they are now, in Prometheus' text format; nil while they cannot be read. Only reads, without the lock: may be
    /// called on any thread, beside whatever the agent does.
    package static func metrics(
        _ configuration: AgentConfiguration, _ storage: DurableStorage, now: Date, agentVersion: Version
    ) -> [UInt8]? {
        let agent = Agent(
            configuration, ports: AgentPorts(storage: storage, now: now, mirrors: [], agentVersion: agentVersion))
        return (try? agent.status(mayLock: false)).map { Array(Metrics.text(of: $0, at: now).utf8) }
    }

    /// Whether a daemon for this product and channel answers at `address` with its numbers. Waits a few seconds at most.
    package static func isServingMetrics(_ configuration: AgentConfiguration, at address: String) -> Bool {
        var transport = TransportConfiguration()
        (transport.limits.connect, transport.limits.fetch) = (.seconds(2), .seconds(5))
        (transport.limits.redirects, transport.limits.repetitions) = (0, 0)
        guard let client = try? HTTPClient(transport),
            case .ok(let bytes)? = try? client.fetch(HTTPRequest(url: address, limit: 64 << 10))
        else { return false }
        let labels = Metrics.text(Metrics.labels(configuration.product, configuration.channel))
        return String(decoding: bytes, as: UTF8.self).contains("sceau_agent_installed_info{\(labels)")
    }
}
