import Archiving
import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import UpdatePlan

/// One run of the agent with the lock held: carries out what `UpdatePlan` says and tells it what came of it.
///
/// The order is always: new state into the journal, durably; then its actions. A fault leaves everything where it is;
/// the next run reads the journal and recovers, just as after a power cut.
struct UpdateRun {
    let agent: Agent
    private var plan = UpdatePlan()
    /// What the administrator asked for by name.
    var requested: Version?
    /// `update --now`.
    var isNow = false
    var installed: Installation?
    var refreshed: RefreshedChannel?
    var release: ChosenRelease?
    /// The release that is to be installed, but not yet, as the plan has it.
    var waiting: Waiting?
    /// The newest release, when it is not to be installed yet.
    var held: HeldRelease?
    /// The release on its way by patches; nil when its archive is fetched.
    var patches: PatchDelivery?
    /// How the release came here; once built.
    var delivery: Delivery?
    /// Why patches were not used, in a run that meant to.
    var patchRefusal: String?
    /// What was installed last in this run.
    var changed: ReleaseManifest?
    /// What became of the last change of the installed release in this run.
    var outcome: Outcome?
    /// The step that is being given up has to wait.
    var hasToWait = false
    /// Why the lock could not be given back in the step that is being recorded.
    var lockTrouble: Trouble?
    /// What was found of the tree that is in use before the switch.
    var oldTreeTrouble: Trouble?

    /// How a step ended.
    struct Outcome {
        let step: UpdateStep
        /// What was not well at the end; of one that was given up, why first.
        let troubles: [Trouble]
        let isFailure: Bool
        /// Of a failure: the release that was given up is in use all the same.
        var isStanding = false
        /// Of a failure: an earlier run had begun it, and by now its release has to wait.
        var hadToWait = false
    }

    private let begin: Duration

    init(_ agent: Agent) {
        self.agent = agent
        begin = agent.ports.elapsed()
    }

    /// What the clock shows by now: a download may take hours. Metadata is judged by the time of the whole run.
    var time: Date {
        let passed = max(.zero, agent.ports.elapsed() - begin)
        return agent.ports.now.addingTimeInterval(Double(passed.components.seconds))
    }

    var instance: Instance { agent.instance }
    var folders: InstanceFolders { agent.folders }
    var storage: DurableStorage { agent.storage }

    // MARK: events and actions

    /// What is installed, and what waits. Nothing that an earlier run left is gone on with.
    mutating func look() throws -> Installation? {
        try instance.mend()
        plan = UpdatePlan(try instance.journalledState())
        waiting = plan.state.waiting
        installed = try instance.installation()
        if requested == nil { try instance.checkNotLost() }
        return installed
    }

    /// Completes or drops what an earlier run left, and gives back what is installed. With `abandoning`, an update is
    /// taken back from wherever it was interrupted, if there is a way back; its value: whether data stay as they are.
    mutating func recover(abandoning keepsData: Bool? = nil) throws -> Installation? {
        _ = try look()
        let current = try instance.linkedVersion()
        if let keepsData, plan.canAbandon(at: current, keepingData: keepsData) {
            try handle(.abandoned(keepingData: keepsData))
        } else {
            try handle(.restarted(current: current))
        }
        installed = try instance.installation()
        if let installed, try instance.recordedInstallation() != installed { try instance.record(installed) }
        return installed
    }

    /// One update after the other, from metadata that has just been refreshed, until there is none left, or one has to
    /// wait or did not go well: a release may ask for another one to be installed before it.
    mutating func update(_ refreshed: RefreshedChannel) throws {
        self.refreshed = refreshed
        try completeKept(refreshed)
        for _ in 0..<Self.mostSteps {
            let before = installed?.version
            (release, patches, waiting) = (nil, nil, nil)
            do { try handle(.witnessed) } catch let fault as AgentFault where fault.code == .stopped {
                // What was installed before is told; that the next one was not begun is no news.
                guard changed != nil, outcome?.isGood == true, !plan.state.name.isResumed else { throw fault }
                return
            }
            guard requested == nil, waiting == nil, installed?.version != before, outcome?.isGood == true else {
                return
            }
        }
    }

    /// A chain of releases, each of which asks for the one before, is not followed further in one run.
    private static let mostSteps = 16

    mutating func revert(_ step: UpdateStep) throws {
        try handle(.revertWanted(step))
    }

    private mutating func handle(_ first: UpdateEvent) throws {
        var events = [first]
        while let event = events.popLast() {
            let before = plan.state
            let actions = try plan.handle(event)
            if plan.state != before { try instance.writeJournal(plan.state) }
            for action in actions {
                agent.ports.pulse()
                if let next = try perform(action) { events.append(next) }
            }
        }
    }

    /// What to say when `current` does not name `version` any more.
    private func switchedByOthers(from version: Version) throws -> String? {
        let current = try instance.linkedVersion()
        return current == version ? nil : "current was set to \(current?.description ?? "nothing") by somebody else"
    }

    private mutating func perform(_ action: UpdateAction) throws -> UpdateEvent? {
        if action.mayBeLeftUndone { try agent.ports.goOn() }
        // Whatever has read what servers say is gone before anything is built, switched or run.
        if action.comesAfterFetching { agent.ports.hasAsked() }
        switch action {
        case .discardUnfinished: try discardUnfinished()
        case .choose: return try choose()
        case .fetch(let step): return try fetch(step)
        case .build(let step): return try build(step)
        case .keepRelease(let step): return try keepRelease(step)
        case .decide(let step): return try decide(step)
        case .runPre(let step):
            if let event = try mustStillWait(step) { return event }
            return try SwitchWork(agent, plan.state).perform(action)
        case .switchLink(let step):
            try checkLinkPlace()
            let current = try instance.linkedVersion()
            guard current == step.from || current == step.to else {
                return .refused("current was set to \(current?.description ?? "nothing") by somebody else")
            }
            try storage.replaceLink(at: folders.current, target: InstanceFolders.linkTarget(step.to))
            return .done
        case .checkHealth(let step):
            let event = try SwitchWork(agent, plan.state).perform(action)
            // The health that was asked after may be that of another release.
            return try switchedByOthers(from: step.to).map { .refused($0) } ?? event
        case .takeLock, .stopServices, .undoMigration, .migrate, .startServices, .startServicesAgain, .runPost:
            return try SwitchWork(agent, plan.state).perform(action)
        case .giveBackLock: lockTrouble = SwitchWork(agent, plan.state).giveBackLock()
        case .announce(let waiting):
            self.waiting = waiting
            if let release, release.manifest.version == waiting.version {
                held = HeldRelease(release: release.manifest.facts, waiting: waiting)
            }
        case .record(let step, let trouble): return try record(step, trouble)
        case .recordFailure(let step, let trouble): return try recordFailure(step, trouble)
        case .cleanUp: try cleanUp()
        }
        return nil
    }
}

extension UpdateAction {
    /// Long, and before the lock: where it is left undone nothing was changed, and the next run does it anew.
    fileprivate var mayBeLeftUndone: Bool {
        switch self {
        case .choose, .fetch, .build: true
        default: false
        }
    }

    fileprivate var comesAfterFetching: Bool {
        switch self {
        case .discardUnfinished, .choose, .fetch, .announce, .record, .recordFailure, .cleanUp: false
        default: true
        }
    }
}

extension UpdateRun.Outcome {
    /// The release that was wanted is installed, and nothing was wrong.
    var isGood: Bool { !isFailure && step.cause == nil && troubles.isEmpty }

    private static func standingHint(_ version: Version) -> String {
        "\(version) is in use, and nobody goes back from it by itself: mend what its programs ask for (the output folder in "
            + "the state folder holds what they said), or restore your backup and run sceau-agent revert --keep-data"
    }

    /// Throws when the release that was wanted is not in use, or was given up on: what became of it is in the history. That it
    /// has to wait by now is no fault.
    func check() throws(AgentFault) {
        let newer = step.cause == nil ? step.to : step.from ?? step.to
        let lines = step.reasons(troubles, isFailure: isFailure)
        if hadToWait { return }
        if isFailure {
            throw AgentFault(.givenUp, found: "\(newer), \(lines)", hint: isStanding ? Self.standingHint(newer) : nil)
        }
        if step.cause != nil { throw AgentFault(.reverted, found: "\(newer), \(lines)") }
    }
}
