import ArgumentParser
import CommandSupport
import DurableStorage
import Primitives
import Processes
import Releases
import SystemPackage
import UpdatePlan
import Updating

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Keep this instance current: look for releases again and again.",
        discussion: """
            Each look is what `sceau-agent update` does. It comes every `poll` minutes, a quarter more or less by chance; \
            sooner when something waits for a time that is known; after a failure after a minute, then after twice as long \
            each time, up to `poll`.

            SIGHUP reads the configuration again; one that is of no use is refused, and the old one stays. SIGTERM and \
            SIGINT end it with status 0: a download at once, and it goes on from there the next time; an update that has \
            begun to be installed only when that is done, hooks included. One line for each event goes to standard error; \
            a service manager is told how it stands (sd_notify). With metrics: {listen: ADDRESS} in the configuration it \
            answers with its numbers for Prometheus at http://ADDRESS/metrics.
            """)

    @Flag(help: "Look at once, instead of within the first half minute.")
    var now = false

    @Option(
        name: .customLong("config"),
        help: ArgumentHelp("The instance's configuration (default: the only file in /etc/sceau).", valueName: "file"))
    var file: FilePath?

    func run() throws {
        let storage = DurableStorage()
        let file = try ConfigurationFile.locate(named: file, storage)
        try ConfigurationFile.load(file, storage).becomeOwner(storage)
        let (signals, heartbeat) = (try DaemonSignals(), Heartbeat())
        let notice = StopNotice { signals.isStopping }
        func pulse() {
            heartbeat.beat()
            notice.look()
        }
        let start = ContinuousClock.now
        let metrics = MetricsListener(storage)
        defer { metrics.leave() }
        var ports = DaemonPorts(
            load: { try ConfigurationFile.load(file, storage) },
            agent: { configuration in
                try Agent.overHTTP(
                    configuration, storage: storage, now: SystemClock.now(), agentVersion: try Version(Tool.version),
                    isStopping: { signals.isStopping }, pulse: pulse, workers: .ownProgram,
                    progress: { _ in heartbeat.beat() })
            },
            now: SystemClock.now, elapsed: { ContinuousClock.now - start }, chance: { .random(in: 0..<1) },
            isStopping: { signals.isStopping }, takeReload: signals.takeReload, wait: signals.wait,
            tell: heartbeat.tell, watchdogLimit: heartbeat.limit, say: Self.say, describe: Self.describe)
        ports.serveMetrics = metrics.use
        var daemon = try Daemon(ports, atOnce: now)
        daemon.run()
    }

    // MARK: what is said

    private static func say(_ news: DaemonNews) {
        // Lines that nobody can read stop no daemon.
        for line in lines(news) { try? StandardError.print("sceau-agent: " + line) }
    }

    private static func lines(_ news: DaemonNews) -> [String] {
        switch news {
        case .updated(let report):
            UpdateCommand.lines(report) + report.troubles.map { "warning: not all is well: \($0.line)" }
        case .waits(let held): [held.line]
        case .failed(let fault, let state): ["error: \(line(fault)); \(state)"]
        case .unexpected(let error): ["error: \(line(error))"]
        case .reloaded: ["the configuration was read again"]
        case .notReloaded(let error): ["error: \(line(error)); the configuration of before stays in use"]
        case .metricsNotServed(let error): ["error: the numbers cannot be had over HTTP: \(line(error))"]
        case .stopping: ["leaving"]
        }
    }

    private static func line(_ error: any Error) -> String {
        guard let fault = error as? any ReportableFault else {
            return "[\(CommandFaultCode.unexpected.rawValue)] \(type(of: error)): \(error)"
        }
        return "[\(fault.codeText)] \(fault.message)"
    }

    /// What `status` says, on one line.
    private static func describe(_ agent: Agent, _ fault: (any ReportableFault)?) -> String {
        guard let report = try? agent.status() else { return fault.map(line) ?? "cannot say how it stands" }
        let installed = report.installed.map { "\($0.version)" } ?? "nothing installed"
        let held = report.held.map { [$0.line] } ?? []
        let error = fault.map(line) ?? report.lastError.map { "[\($0.code)] \($0.message)" }
        return ([installed] + held + (error.map { ["last error: \($0)"] } ?? [])).joined(separator: "; ")
    }
}

/// Says once, and at once, that a signal to end was heard, and why that may take its time.
private final class StopNotice {
    private let isStopping: () -> Bool
    private var wasSaid = false

    init(_ isStopping: @escaping () -> Bool) { self.isStopping = isStopping }

    func look() {
        guard !wasSaid, isStopping() else { return }
        wasSaid = true
        try? StandardError.print(
            "sceau-agent: told to leave: an update that has begun to be installed goes through to its end first, hooks "
                + "included; anything else ends now")
    }
}

/// The connection to the service manager, if there is one. A sign of life goes out once a second at most.
private final class Heartbeat {
    private let manager = ServiceManager()
    private var last: ContinuousClock.Instant?

    var limit: Duration? { manager?.watchdogLimit }

    func beat() {
        guard let manager, let limit = manager.watchdogLimit else { return }
        if let last, last.duration(to: .now) < min(limit / 4, .seconds(1)) { return }
        last = .now
        manager.watchdog()
    }

    func tell(_ message: ServiceMessage) {
        switch message {
        case .ready(let status): manager?.ready(status: status)
        case .status(let status): manager?.status(status)
        case .alive: beat()
        case .reloading: manager?.reloading()
        case .stopping: manager?.stopping()
        }
    }
}
