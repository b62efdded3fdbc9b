import FoundationEssentials
import Primitives
import UpdatePlan

/// `sceau-agent run`: looks for releases again and again, until it is told to end. No fault ends it.
package struct Daemon {
    private let ports: DaemonPorts
    private var configuration: AgentConfiguration
    private var schedule: DaemonSchedule
    private var waiting: Waiting?
    /// Of the first look after a start or a new configuration.
    private let firstWithin: Duration

    /// Reads the configuration, or throws what is wrong with it; so it is when the numbers cannot be served where it says.
    ///
    /// `atOnce`: the first look is not put off, as it is not either when an update was interrupted: services may be down.
    package init(_ ports: DaemonPorts, atOnce: Bool = false) throws {
        self.ports = ports
        configuration = try ports.load()
        try ports.serveMetrics(configuration)
        let isInterrupted = (try? ports.agent(configuration).isInterrupted) ?? false
        firstWithin = atOnce ? .zero : DaemonSchedule.firstWithin
        schedule = DaemonSchedule(
            startingAt: ports.elapsed(), within: isInterrupted ? .zero : firstWithin, chance: ports.chance())
    }

    /// Returns when it was told to end.
    package mutating func run() {
        ports.tell(.ready(status()))
        while !ports.isStopping() {
            if ports.takeReload() {
                reload()
            } else if schedule.isDue(at: ports.elapsed(), ports.now()) {
                look()
            } else {
                pause()
            }
        }
        ports.tell(.stopping)
        ports.say(.stopping)
    }

    private func pause() {
        ports.tell(.alive)
        let time = schedule.pause(at: ports.elapsed(), ports.now())
        ports.wait(ports.watchdogLimit.map { min(time, $0 / 2) } ?? time)
    }

    // MARK: one look

    private mutating func look() {
        ports.tell(.alive)
        do { try ports.serveMetrics(configuration) } catch { ports.say(.metricsNotServed(error)) }
        var outcome = DaemonSchedule.Outcome.failed
        var fault: (any ReportableFault)?
        do {
            let agent = try ports.agent(configuration)
            let before = agent.linkedVersion
            do { outcome = .good(until: try update(agent)) } catch let found as any ReportableFault {
                if ports.isStopping(), (found as? AgentFault)?.code == .stopped, !agent.isInterrupted { return }
                fault = found
                ports.say(.failed(found, state: agent.stateInWords(before: before)))
            }
        } catch let found as any ReportableFault {
            fault = found
            ports.say(.failed(found, state: "nothing was done"))
        } catch {
            ports.say(.unexpected(error))
        }
        schedule.looked(
            outcome, poll: .seconds(configuration.install.poll * 60), at: ports.elapsed(), ports.now(),
            chance: (ports.chance(), ports.chance()))
        ports.tell(.status(status(fault)))
    }

    /// Until when something waits, if that is known.
    private mutating func update(_ agent: Agent) throws -> Date? {
        let report = try agent.update()
        if report.release != nil { ports.say(.updated(report)) }
        if let held = report.held, held.waiting != waiting { ports.say(.waits(held)) }
        waiting = report.held?.waiting
        return report.held?.until
    }

    // MARK: a new configuration

    private mutating func reload() {
        ports.tell(.reloading)
        do {
            let new = try ports.load()
            try ports.serveMetrics(new)
            configuration = new
            schedule = DaemonSchedule(startingAt: ports.elapsed(), within: firstWithin, chance: ports.chance())
            ports.say(.reloaded)
        } catch {
            ports.say(.notReloaded(error))
        }
        ports.tell(.ready(status()))
    }

    private func status(_ fault: (any ReportableFault)? = nil) -> String {
        guard let agent = try? ports.agent(configuration) else { return "cannot work with its configuration" }
        return ports.describe(agent, fault)
    }
}

extension Agent {
    /// A run was stopped in the middle of what reaches beyond the agent's own files; the next one goes on.
    package var isInterrupted: Bool { (try? instance.journalledState())?.name.isResumed ?? false }
}
