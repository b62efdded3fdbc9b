import DurableStorage
import FoundationEssentials
internal import Glibc
import Releases
import Transport

extension Agent {
    /// The agent as the command runs it: the configured mirrors over HTTP in an order made by chance, one client for all,
    /// and this machine's files.
    package static func overHTTP(
        _ configuration: AgentConfiguration, storage: DurableStorage, now: Date, agentVersion: Version,
        progress: @escaping (AgentProgress) -> Void
    ) throws -> Agent {
        let client = try HTTPClient(configuration.transport)
        let mirrors = configuration.mirrors.map { HTTPMirror($0, client: client, storage: storage) }
        var ports = AgentPorts(
            storage: storage, now: now, mirrors: mirrors, agentVersion: agentVersion, progress: progress)
        ports.habits.shuffle = { $0.shuffled() }
        ports.habits.chance = { .random(in: 0..<1) }
        ports.habits.repetitions = configuration.transport.limits.repetitions
        ports.habits.wait = { usleep(UInt32(min(max($0, 0), 600) * 1_000_000)) }
        return Agent(configuration, ports: ports)
    }
}
