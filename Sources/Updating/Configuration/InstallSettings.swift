import SystemPackage
import UpdatePlan

/// What the administrator says about installing: when, how far, and with what around it.
package struct InstallSettings: Hashable, Sendable {
    package var mode = UpdateMode.automatic
    /// Minutes between two looks of the daemon, on the average.
    package var poll = 60
    /// Nil: any time is good.
    package var windows: UpdateWindows?
    package var criticalAtAnyTime = false
    package var lock = LockSettings()

    package init() {}
}

/// A command that makes sure that two nodes of a pair are never down together.
package struct LockSettings: Hashable, Sendable {
    /// An absolute path and arguments; status 0: this node has it now. Empty: no lock.
    package var take: [String] = []
    package var giveBack: [String] = []
    /// For each of the two.
    package var timeLimit = Duration.seconds(60)

    package init() {}
}

/// How the process that builds releases' trees is run.
package struct WorkerSettings: Hashable, Sendable {
    /// Nil: as the agent itself.
    package var user: String?

    package init() {}
}

/// How the release's programs are run.
package struct HookSettings: Hashable, Sendable {
    /// Nil: as the agent itself.
    package var user: String?

    package init() {}
}

/// How what runs the product is stopped and started.
package struct ServiceSettings: Hashable, Sendable {
    package enum Way: String, CaseIterable, Sendable {
        /// The units that the release names, through `systemctl`.
        case systemd
        /// `start` and `stop`, whatever the release names.
        case commands
        /// Not by the agent.
        case none
    }

    package var through = Way.systemd
    package var start: [String] = []
    package var stop: [String] = []
    package var timeLimit = Duration.seconds(300)

    package init() {}
}

/// The administrator's own look at a release, besides the one it brings itself.
package struct HealthSettings: Hashable, Sendable {
    /// An absolute path and arguments; status 0: healthy. Empty: none.
    package var run: [String] = []
    /// For one try.
    package var timeLimit = Duration.seconds(30)
    /// Between two tries, and until a release that was never healthy is broken: where the release says nothing of it.
    package var every = Duration.seconds(5)
    package var within = Duration.seconds(120)

    package init() {}
}
