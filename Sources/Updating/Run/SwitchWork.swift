import DurableStorage
import Primitives
import Processes
import Releases
import SystemPackage
import UpdatePlan

/// What is done around a switch by other programs. None of it decides anything: each ends in `done`, or in `refused` with
/// what the program said.
struct SwitchWork {
    private let agent: Agent
    private let state: UpdateState

    init(_ agent: Agent, _ state: UpdateState) {
        self.agent = agent
        self.state = state
    }

    func perform(_ action: UpdateAction) throws -> UpdateEvent? {
        switch action {
        case .takeLock(let step): return takeLock(step)
        case .runPre(let step): return try event(hook(step, \.pre))
        case .stopServices(let step): return try event(stopServices(step))
        case .undoMigration(let step): return try event(undoMigration(step))
        case .migrate(let step): return try event(hook(step, \.migration?.hook))
        case .startServices(let step): return try event(startServices(step))
        case .startServicesAgain(let step):
            let services = try agent.linkedVersion.flatMap { try service(step, of: $0) } ?? service(step, of: step.to)
            _ = services.map { keep($0.startWhatStands()) }
        case .runPost(let step): return try event(hook(step, \.post))
        case .checkHealth(let step): return try event(checkHealth(step))
        default: break
        }
        return nil
    }

    /// While the machine is switched off nothing is a release's fault: what it needs is being stopped too. The journal stays
    /// as it is then, and the next start goes on.
    private func event(_ outcome: CommandOutcome) throws -> UpdateEvent {
        guard let trouble = keep(outcome).trouble(keptIn: "output/\(outputName).txt") else { return .done }
        if isMachineStopping { throw AgentFault(.stopped, found: "the machine is being switched off (\(trouble))") }
        return .refused(trouble)
    }

    private var isMachineStopping: Bool { agent.ports.isStopping() && agent.ports.isMachineStopping() }

    /// What is said on the way back does not take the place of what was said before: it is why there is one.
    private var outputName: String { state.name.rawValue + (state.step?.kind == .revert ? "-back" : "") }

    // MARK: the lock

    private var lock: LockSettings { agent.configuration.install.lock }

    private func takeLock(_ step: UpdateStep) -> UpdateEvent {
        let outcome = keep(commands(step).command(lock.take, lock.timeLimit))
        guard let trouble = outcome.trouble else { return .done }
        // Somebody else has it: an update can wait, a revert was asked for now. A command that cannot be run is no lock.
        guard step.kind == .update, case .refused = outcome else { return .refused(trouble) }
        return .mustWait(Waiting(step.to, .lock, isReady: true, said: trouble))
    }

    /// What was not well with that: no step ends otherwise for it, but the other node waits for somebody who knows.
    func giveBackLock() -> Trouble? {
        guard !lock.take.isEmpty, let step = state.step,
            let trouble = keep(commands(step).command(lock.giveBack, lock.timeLimit)).trouble
        else { return nil }
        let command = lock.giveBack.joined(separator: " ").prefix(Self.longestCommand)
        return Trouble(at: state.name, "the lock is still taken; run \(command) by hand: \(trouble)")
    }

    private static let longestCommand = 300

    // MARK: the release's programs

    /// What the release brings for its installation. One that is to be installed must be known; one that is returned to
    /// may have been installed before such things were kept.
    private func install(_ version: Version, of step: UpdateStep) throws -> InstallSection? {
        let kept = try agent.instance.keptManifest(version)?.install
        return step.kind == .revert ? kept ?? InstallSection() : kept
    }

    private func commands(_ step: UpdateStep) -> InstanceCommands {
        InstanceCommands(
            configuration: agent.configuration, folders: agent.folders, step: step, run: agent.ports.processes)
    }

    private func hook(
        _ step: UpdateStep, _ hook: (InstallSection) -> InstallSection.Hook?
    ) throws -> CommandOutcome {
        guard let install = try install(step.to, of: step) else { return Self.unknown(step.to) }
        return hook(install).map { commands(step).hook($0, of: step.to) } ?? .done("")
    }

    private static func unknown(_ version: Version) -> CommandOutcome {
        .refused("what \(version) brings is not here any more", "")
    }

    /// The newest release first: each undoes what it did itself.
    private func undoMigration(_ step: UpdateStep) throws -> CommandOutcome {
        guard step.return == .undo, let newest = step.from else { return .done("") }
        // On the way back by itself, what it goes back from is not in the history yet.
        let passed = step.cause == nil ? try agent.instance.releases(from: newest, downTo: step.to) : [newest]
        guard let passed else { return .refused("nobody knows any more which releases changed the data", "") }
        // All that is needed is looked for before the first one changes anything.
        let undoing = try passed.map { (version: $0, manifest: try agent.instance.keptManifest($0)) }
        for (version, manifest) in undoing where try !canUndo(version, manifest) { return Self.unknown(version) }
        var undone: [(version: Version, hook: InstallSection.Hook)] = []
        for (version, manifest) in undoing {
            guard let migration = manifest?.install.migration, case .undo(let hook) = migration.return else { continue }
            let outcome = commands(step).hook(hook, of: version)
            if outcome.trouble != nil { return migratingAgain(undone, after: outcome, of: version, step) }
            undone.append((version, migration.hook))
        }
        return .done("")
    }

    /// Where the way back ends in the middle, the newest release stays, and so its data have to come forward again: a
    /// migration bears being run a second time, and does what is missing from wherever the data stand.
    private func migratingAgain(
        _ undone: [(version: Version, hook: InstallSection.Hook)], after refusal: CommandOutcome, of refusing: Version,
        _ step: UpdateStep
    ) -> CommandOutcome {
        guard case .refused(let reason, let output) = refusal.asRefusal, !undone.isEmpty else { return refusal }
        let names = undone.map(\.version.description).joined(separator: " and ")
        var text = "\(reason); what \(names) did to the data was undone before that, and done again"
        var said = output
        for (index, (version, hook)) in undone.enumerated().reversed() {
            let below = index + 1 < undone.count ? undone[index + 1].version : refusing
            let forward = UpdateStep(.update, from: below, to: version, tree: step.tree)
            let outcome = commands(forward).hook(hook, of: version)
            said = outcome.output + said
            guard let trouble = outcome.trouble else { continue }
            text =
                "\(reason); what \(names) did to the data was undone before that, and could not be done again: \(trouble)"
            break
        }
        return .refused(text, said)
    }

    private func canUndo(_ version: Version, _ manifest: ReleaseManifest?) throws -> Bool {
        guard let manifest else { return false }
        guard case .undo(let hook)? = manifest.install.migration?.return, let program = hook.run.first else {
            return true
        }
        return try agent.storage.info(agent.folders.tree(version).appending(program.asWritten))?.kind == .file
    }

    // MARK: services

    private func service(_ step: UpdateStep, of version: Version) throws -> ServiceCommands? {
        try install(version, of: step).map {
            ServiceCommands(commands: commands(step), settings: agent.configuration.services, services: $0.services)
        }
    }

    /// Only where data are to be changed: else the product runs on until it is started anew.
    private func stopServices(_ step: UpdateStep) throws -> CommandOutcome {
        let changesData =
            step.kind == .update ? try install(step.to, of: step)?.migration != nil : step.return == .undo
        guard changesData, let from = step.from else { return .done("") }
        // Where nobody knows what the old release runs, it is what the new one runs.
        return try (service(step, of: from) ?? service(step, of: step.to))?.stop() ?? .done("")
    }

    private func startServices(_ step: UpdateStep) throws -> CommandOutcome {
        guard let new = try service(step, of: step.to) else { return Self.unknown(step.to) }
        // What the release before ran and this one does not know must not run on.
        if let from = step.from, var old = try service(step, of: from) {
            old.services.removeAll { new.services.contains($0) }
            if !old.services.isEmpty { keep(old.stop()) }
        }
        return new.start()
    }

    private func checkHealth(_ step: UpdateStep) throws -> CommandOutcome {
        guard let install = try install(step.to, of: step), let services = try service(step, of: step.to) else {
            return Self.unknown(step.to)
        }
        agent.ports.progress(.checkingHealth(step.to))
        return HealthChecking(
            commands: commands(step), services: services, settings: agent.configuration.health, check: install.health,
            version: step.to, elapsed: agent.ports.elapsed, sleep: agent.ports.sleep, isUseless: { isMachineStopping }
        ).run()
    }

    // MARK: what they said

    /// Keeps a program's output for the administrator; the last one of each stage, there and back.
    @discardableResult
    private func keep(_ outcome: CommandOutcome) -> CommandOutcome {
        let text = (outcome.trouble.map { "\($0)\n" } ?? "") + outcome.output
        // That it cannot be kept must not end what is under way.
        if !text.isEmpty { try? agent.instance.keepOutput(text, named: outputName, at: agent.ports.now) }
        return outcome
    }
}
