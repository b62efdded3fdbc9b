import DurableStorage
import FoundationEssentials
import Processes
import Releases
import Transport

extension Agent {
    /// The agent as the command runs it: the configured mirrors over HTTP in an order made by chance, one client for all,
    /// and this machine's files.
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
        ports.habits.shuffle = { $0.shuffled() }
        ports.habits.chance = { .random(in: 0..<1) }
        ports.habits.repetitions = configuration.transport.limits.repetitions
        ports.habits.wait = { wait(.seconds(min(max($0, 0), 600)), pulse, isStopping) }
        ports.isStopping = isStopping
        ports.pulse = pulse
        // Programs have limits of their own: one that takes its time is no agent that hangs.
        ports.processes = { try ProcessRunner().run($0, whileWaiting: pulse) }
        ports.isMachineStopping = { [run = ports.processes] in ServiceCommands.isMachineStopping(run) }
        ports.sleep = { wait($0, pulse) }
        if let worker { ports.confineBuilding(worker, configuration, warn) }
        return Agent(configuration, ports: ports)
    }

    /// In pieces, so that it is heard that the agent lives, and that it is to stop.
    private static func wait(_ time: Duration, _ pulse: () -> Void, _ isStopping: () -> Bool = { false }) {
        var rest = time
        while rest > .zero, !isStopping() {
            Pause.sleep(for: min(rest, .seconds(1)))
            rest -= .seconds(1)
            pulse()
        }
    }
}

extension AgentPorts {
    /// From now on trees are built in a process of their own: this very program, which becomes a `BuildWorker` with the
    /// arguments `worker`. `warn` is told what its sandbox cannot do.
    mutating func confineBuilding(
        _ worker: [String], _ configuration: AgentConfiguration, _ warn: @escaping ([String]) -> Void
    ) {
        build =
            ConfinedBuilding(
                arguments: worker, user: { try configuration.worker.user.map(ProcessUser.named) }, run: processes,
                warn: warn
            ).build
    }
}
