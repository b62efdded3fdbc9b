import FoundationEssentials
import Primitives
import UpdatePlan

/// What the daemon needs of the world.
package struct DaemonPorts {
    /// Reads the configuration.
    package var load: () throws -> AgentConfiguration
    /// For one look.
    package var agent: (AgentConfiguration) throws -> Agent
    package var now: () -> Date
    /// Time that goes on evenly, from any beginning.
    package var elapsed: () -> Duration
    /// 0 or more, less than 1.
    package var chance: () -> Double
    package var isStopping: () -> Bool
    /// True once after each wish of somebody outside.
    package var takeReload: () -> Bool
    /// Returns after so long, or when one of the two above has something new.
    package var wait: (Duration) -> Void
    /// Tells the service manager.
    package var tell: (ServiceMessage) -> Void
    /// How often the service manager wants to hear something; nil: never.
    package var watchdogLimit: Duration?
    /// Tells people, in a log.
    package var say: (DaemonNews) -> Void
    /// Answers with the numbers where this configuration says, and nowhere else. Throws when that cannot be; then it answers
    /// as before, if at all. Asked again and again: it mends what is broken.
    package var serveMetrics: (AgentConfiguration) throws -> Void = { _ in }
    /// One line on how the instance stands, after a look that ended in this fault if any.
    package var describe: (Agent, (any ReportableFault)?) -> String

    package init(
        load: @escaping () throws -> AgentConfiguration, agent: @escaping (AgentConfiguration) throws -> Agent,
        now: @escaping () -> Date, elapsed: @escaping () -> Duration, chance: @escaping () -> Double,
        isStopping: @escaping () -> Bool, takeReload: @escaping () -> Bool, wait: @escaping (Duration) -> Void,
        tell: @escaping (ServiceMessage) -> Void, watchdogLimit: Duration?, say: @escaping (DaemonNews) -> Void,
        describe: @escaping (Agent, (any ReportableFault)?) -> String
    ) {
        (self.load, self.agent, self.now, self.elapsed, self.chance) = (load, agent, now, elapsed, chance)
        (self.isStopping, self.takeReload, self.wait) = (isStopping, takeReload, wait)
        (self.tell, self.watchdogLimit, self.say, self.describe) = (tell, watchdogLimit, say, describe)
    }
}

/// What a service manager wants to know.
package enum ServiceMessage: Hashable, Sendable {
    case ready(String)
    case status(String)
    case alive
    case reloading
    case stopping
}

/// What is worth a line in the log.
package enum DaemonNews {
    case updated(UpdateReport)
    /// Something waits that did not wait before, or for something else.
    case waits(HeldRelease)
    /// A look ended in a fault; how the instance stands then.
    case failed(any ReportableFault, state: String)
    case unexpected(any Error)
    case reloaded
    /// The new configuration is of no use; the old one stays.
    case notReloaded(any Error)
    /// The numbers cannot be had over HTTP any more, for now.
    case metricsNotServed(any Error)
    case stopping
}
