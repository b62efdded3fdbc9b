import DurableStorage
import FoundationEssentials
import Releases
import Transport

extension Agent {
    /// The agent as the command runs it: the configured mirrors over HTTP, one client for all, and this machine's files.
    package static func overHTTP(
        _ configuration: AgentConfiguration, storage: DurableStorage, now: Date, agentVersion: Version,
        progress: @escaping (AgentProgress) -> Void
    ) throws -> Agent {
        let client = try HTTPClient(configuration.transport)
        let mirrors = configuration.mirrors.map { HTTPMirror($0, client: client, storage: storage) }
        return Agent(
            configuration,
            ports: AgentPorts(
                storage: storage, now: now, mirrors: mirrors, agentVersion: agentVersion, progress: progress))
    }
}
