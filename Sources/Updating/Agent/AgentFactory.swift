import DurableStorage
import FoundationEssentials
import Processes
import Releases
import SystemPackage
import Transport

/// How this very program is run again, for what reads what strangers wrote.
package struct AgentWorkers: Sendable {
    /// The arguments with which it becomes a `BuildWorker`.
    package let building: [String]
    /// The arguments with which it becomes an `AskingWorker`.
    package let asking: [String]
    package let executable: FilePath
    /// Each is told what a sandbox cannot do on this machine, one clause each.
    package let warnOfBuilding: @Sendable ([String]) -> Void
    package let warnOfAsking: @Sendable ([String]) -> Void

    package init(
        building: [String], asking: [String], executable: FilePath = "/proc/self/exe",
        warnOfBuilding: @escaping @Sendable ([String]) -> Void,
        warnOfAsking: @escaping @Sendable ([String]) -> Void
    ) {
        (self.building, self.asking, self.executable) = (building, asking, executable)
        (self.warnOfBuilding, self.warnOfAsking) = (warnOfBuilding, warnOfAsking)
    }

    func askers(
        _ configuration: TransportConfiguration, user: @escaping () throws -> ProcessUser? = { nil },
        goesOn: @escaping () -> Bool = { true }
    ) -> AskingProcesses {
        AskingProcesses(configuration, goesOn: goesOn, warn: warnOfAsking) {
            try AskingProcesses.channel(executable, asking, user: try user())
        }
    }
}

extension Agent {
    /// The agent as the command runs it: the configured mirrors over HTTP in an order made by chance, and this machine's files.
    ///
    /// `isStopping` and `pulse` are as in `AgentPorts`; while a server or a program is waited for, once a second. With `workers`,
    /// servers are asked and trees are built in processes of their own; without, one client asks all mirrors from here.
    package static func overHTTP(
        _ configuration: AgentConfiguration, storage: DurableStorage, now: Date, agentVersion: Version,
        isStopping: @escaping () -> Bool = { false }, pulse: @escaping () -> Void = {}, workers: AgentWorkers? = nil,
        progress: @escaping (AgentProgress) -> Void
    ) throws -> Agent {
        let goesOn = {
            pulse()
            return !isStopping()
        }
        let askers = workers?.askers(
            configuration.transport, user: { try configuration.worker.processUser() }, goesOn: goesOn)
        let client = askers == nil ? try HTTPClient(configuration.transport) : nil
        client?.goesOn = goesOn
        let mirrors = configuration.mirrors.compactMap { base -> HTTPMirror? in
            let asker: (any HTTPFetching)? = askers?.client(for: base) ?? client
            return asker.map { HTTPMirror(base, client: $0, storage: storage) }
        }
        var ports = AgentPorts(
            storage: storage, now: now, mirrors: mirrors, agentVersion: agentVersion, progress: progress)
        if let askers { (ports.willAsk, ports.hasAsked) = (askers.prepare, askers.release) }
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
        if let workers { ports.confineBuilding(workers, configuration) }
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
    /// From now on trees are built in a process of their own.
    mutating func confineBuilding(_ workers: AgentWorkers, _ configuration: AgentConfiguration) {
        build =
            ConfinedBuilding(
                executable: workers.executable, arguments: workers.building,
                user: { try configuration.worker.processUser() }, run: processes,
                warn: workers.warnOfBuilding
            ).build
    }
}

extension WorkerSettings {
    fileprivate func processUser() throws -> ProcessUser? { try user.map(ProcessUser.named) }
}
