import Primitives
import Releases
import UpdatePlan

/// Asks whether a release does what it is for, until it says so or its time is over: its services run, its own check
/// says yes, and the administrator's too.
struct HealthChecking {
    let commands: InstanceCommands
    let services: ServiceCommands
    let settings: HealthSettings
    let check: InstallSection.HealthCheck?
    let version: Version
    /// Time that goes on evenly, from any beginning.
    let elapsed: () -> Duration
    let sleep: (Duration) -> Void
    /// No later try could end otherwise.
    let isUseless: () -> Bool

    private var every: Duration { check.map { .seconds($0.every) } ?? settings.every }
    private var within: Duration { check.map { .seconds($0.within) } ?? settings.within }
    private var wanted: Int { check?.inARow ?? 1 }

    /// One that comes and goes starts to count anew each time.
    func run() -> CommandOutcome {
        let start = elapsed()
        var good = 0
        while true {
            let outcome = once()
            good = outcome.trouble == nil ? good + 1 : 0
            if good >= wanted { return outcome }
            guard elapsed() - start + every <= within, outcome.trouble == nil || !isUseless() else {
                if outcome.trouble != nil { return outcome }
                return .refused("it was not healthy \(wanted) times in a row in time", outcome.output)
            }
            sleep(every)
        }
    }

    private func once() -> CommandOutcome {
        let active = services.areActive()
        if active.trouble != nil { return active }
        let own = check.map { commands.hook($0.hook, of: version) } ?? .done("")
        if own.trouble != nil || settings.run.isEmpty { return own }
        return commands.command(settings.run, settings.timeLimit)
    }
}
