import DurableStorage
import FoundationEssentials
import Processes
import Releases
import Transport

extension Agent {
    /// The agent as the command runs it: the configured mirrors over HTTP, one client for all, and this machine's files.
    ///
    /// `isStopping` and `pulse` are as in `AgentPorts`; while a server or a program is waited for, once a second. With
    /// `worker`, the arguments with which this very program becomes a `BuildWorker`, trees are built in a process of their
    /// own, and `warn` is told what its sandbox cannot do.
    package static func overHTTP(
        _ configuration: AgentConfiguration, storage: DurableStorage, now: Date, agentVersion: Version,
        isStopping: @escaping () -> Bool = { false }, pulse: @escaping () -> Void = {},
        worker: [String]? = nil, warn: @escaping ([String]) -> Void = { _ in },
        progress: @escaping (AgentProgress) -> Void
    ) throws -> Agent {
        let client = try HTTPClient(configuration.transport)
        client.goesOn = {
            pulse()
            return !isStopping()
        }
        let mirrors = configuration.mirrors.map { HTTPMirror($0, client: client, storage: storage) }
        var ports = AgentPorts(
            storage: storage, now: now, mirrors: mirrors, agentVersion: agentVersion, progress: progress)
        ports.isStopping = isStopping
        ports.pulse = pulse
        // Programs have limits of their own: one that takes its time is no agent that hangs.
        ports.processes = { try ProcessRunner().run($0, whileWaiting: pulse) }
        ports.sleep = { sleep($0, pulse) }
        if let worker {
            ports.build =
                ConfinedBuilding(
                    arguments: worker, user: { try configuration.worker.user.map(ProcessUser.named) },
                    run: ports.processes, warn: warn
                ).build
        }
        return Agent(configuration, ports: ports)
    }

    private static func sleep(_ time: Duration, _ pulse: () -> Void) {
        var rest = time
        while rest > .zero {
            Pause.sleep(for: min(rest, .seconds(5)))
            rest -= .seconds(5)
            pulse()
        }
    }
}
