import Primitives
import Releases

/// The agent's brain: takes events, says what to do next. No file, network or clock; never traps on an event.
///
/// The caller writes the new state to the journal, then carries out the actions, then comes with the next event. A fault
/// or a stop in between needs no event of its own: the next run reads the journal and begins with `restarted`.
///
/// An update that a program refuses after the switch turns into a revert: the same line of states, walked to the release
/// before.
package struct UpdatePlan: Hashable, Sendable {
    package private(set) var state: UpdateState

    /// So often the same state may be interrupted before it counts as refused: what stops the machine each time must not
    /// do so for ever.
    package static let mostInterruptions = 3

    package init(_ state: UpdateState = .idle) {
        self.state = state
    }

    /// Moves on. An event that cannot follow on this state throws and leaves the state as it was.
    package mutating func handle(_ event: UpdateEvent) throws(UpdatePlanFault) -> [UpdateAction] {
        let next = try next(event)
        state = next
        return actions(after: event)
    }

    // MARK: where it goes

    private func next(_ event: UpdateEvent) throws(UpdatePlanFault) -> UpdateState {
        switch (event, state.name) {
        case (.restarted(let current), _): return restarted(current)
        case (.witnessed, .idle), (.witnessed, .waiting): return .witnessed
        case (.nothingToDo, .witnessed): return .idle
        case (.mustWait(let waiting), .witnessed) where !waiting.isReady: return .waiting(waiting)
        case (.chosen(let step), .witnessed) where step.kind == .update: return UpdateState(.chosen, step)
        case (.revertWanted(let step), .idle) where step.kind == .revert,
            (.revertWanted(let step), .waiting) where step.kind == .revert:
            return UpdateState(.locking, step)
        default: break
        }
        if let step = state.step, let next = next(event, in: step) { return next }
        throw UpdatePlanFault(.impossibleEvent, found: event.name.rawValue, at: "state \(state.name.rawValue)")
    }

    private func next(_ event: UpdateEvent, in step: UpdateStep) -> UpdateState? {
        switch (event, state.name) {
        case (.done, let name): return name == .committed || name == .failed ? .idle : following(name, step)
        case (.mayApply, .ready): return UpdateState(.locking, step)
        case (.mustWait(let waiting), .ready) where waiting.isReady && waiting.version == step.to,
            (.mustWait(let waiting), .locking) where waiting.isReady && waiting.version == step.to:
            return .waiting(waiting)
        case (.patchRefused, .chosen), (.patchRefused, .fetched): return UpdateState(.chosen, step)
        case (.refused(let text), let name): return refused(step, Trouble(at: name, text))
        case (.abandoned(let keepsData), let name) where step.kind == .update && name.isResumed:
            // Whether the lock was taken, nobody knows; and it must not begin again by itself.
            return refused(
                keepsData ? step.keepingData : step,
                Trouble(at: name, "the administrator asked to go back", isInterruption: true))
        default: return nil
        }
    }

    /// The state after `name` when all went well; nil where that is no matter of being done.
    private func following(_ name: StateName, _ step: UpdateStep) -> UpdateState? {
        let next: StateName? =
            switch name {
            case .chosen: .fetched
            case .fetched: .built
            case .built: .ready
            case .locking: step.kind == .update ? .preparing : .stopping
            case .preparing: .stopping
            case .stopping: step.kind == .update ? .switching : .undoing
            case .undoing: .switching
            case .switching: step.kind == .update ? .switched : .migrated
            case .switched: .migrated
            case .migrated: .restarted
            case .restarted: .checking
            case .checking: .committed
            default: nil
            }
        return next.map { UpdateState($0, step) }
    }

    /// A program said no, or the agent was stopped here too often.
    private func refused(_ step: UpdateStep, _ trouble: Trouble) -> UpdateState? {
        switch (step.kind, trouble.stage) {
        case (_, .locking), (.update, .preparing): return UpdateState(.failed, step, trouble: trouble)
        case (.update, .stopping), (.update, .switching), (.update, .switched), (.update, .migrated),
            (.update, .restarted), (.update, .checking):
            guard let back = step.undoing(because: trouble) else {
                return UpdateState(.failed, step, trouble: trouble)
            }
            // The lock is held, and nothing has to be prepared.
            return UpdateState(.stopping, back)
        case (.revert, .undoing): return UpdateState(.failed, step, trouble: trouble)
        // Services that do not stop are started anew later; on the way back nothing is left to try but to go on.
        case (.revert, .stopping): return UpdateState(.undoing, step)
        case (.revert, .switching): return UpdateState(.failed, step, trouble: trouble)
        case (.revert, .migrated), (.revert, .restarted), (.revert, .checking):
            return UpdateState(.committed, step, trouble: trouble)
        default: return nil
        }
    }

    /// Whether an interrupted update can be taken back from here, with `current` as it was left. Where there is no way back
    /// any more it is better ended first: its data are between two releases.
    package func canAbandon(at current: Version?, keepingData keepsData: Bool) -> Bool {
        guard let step = state.step, current == step.from || current == step.to else { return false }
        var plan = self
        guard (try? plan.handle(.abandoned(keepingData: keepsData))) != nil else { return false }
        return plan.state.name != .failed || current != step.to || step.from == step.to
    }

    // MARK: after a stop

    /// Before the lock nothing reaches beyond the agent's own files, and what was begun is dropped: choosing anew costs
    /// little, and downloads go on where they broke off. From there on it goes on in the same state.
    private func restarted(_ current: Version?) -> UpdateState {
        guard let step = state.step, state.name.isResumed else {
            return state.name == .waiting ? state : .idle
        }
        switch state.name {
        case .switching:
            if current == step.to, let next = following(.switching, step) { return next }
            guard current == step.from else { return lost(step, current) }
        case .switched, .migrated, .restarted, .checking, .committed:
            guard current == step.to else { return lost(step, current) }
        default: break
        }
        guard state.interruptions < Self.mostInterruptions || state.name == .committed || state.name == .failed else {
            let trouble = Trouble(
                at: state.name, "the agent was stopped here \(state.interruptions + 1) times", isInterruption: true)
            return refused(step, trouble) ?? UpdateState(.failed, step, trouble: trouble)
        }
        return state.interruptedOnceMore
    }

    /// Somebody else set `current` meanwhile: it stays as it is.
    private func lost(_ step: UpdateStep, _ current: Version?) -> UpdateState {
        let found = current.map { "\($0)" } ?? "nothing"
        return UpdateState(
            .failed, step, trouble: Trouble(at: state.name, "current was set to \(found) by somebody else"))
    }

    // MARK: what is to be done

    private func actions(after event: UpdateEvent) -> [UpdateAction] {
        if case .patchRefused = event { return [.discardUnfinished] + actions }
        guard case .restarted = event else { return actions }
        // A release that waits since an earlier run was announced then.
        return state.name.isResumed ? resuming + actions : [.discardUnfinished]
    }

    /// What ran when the agent was stopped may not run any more: the whole machine may have been.
    private var resuming: [UpdateAction] {
        guard let step = state.step, state.name == .restarted || state.name == .checking else { return [] }
        return [.startServicesAgain(step)]
    }

    private var actions: [UpdateAction] {
        guard let step = state.step else {
            switch state.name {
            case .idle: return [.cleanUp]
            case .witnessed: return [.choose]
            default: return state.waiting.map { [.announce($0), .cleanUp] } ?? []
            }
        }
        switch state.name {
        case .chosen: return [.fetch(step)]
        case .fetched: return [.build(step)]
        case .built: return [.keepRelease(step)]
        case .ready: return [.decide(step)]
        case .locking: return [.takeLock(step)]
        case .preparing: return [.runPre(step)]
        case .stopping: return [.stopServices(step)]
        case .undoing: return [.undoMigration(step)]
        case .switching: return [.switchLink(step)]
        case .switched: return [.migrate(step)]
        case .migrated: return [.startServices(step)]
        case .restarted: return [.runPost(step)]
        case .checking: return [.checkHealth(step)]
        case .committed: return [.giveBackLock, .record(step, state.trouble)]
        case .failed: return failure(of: step)
        case .idle, .witnessed, .waiting: return []
        }
    }

    private func failure(of step: UpdateStep) -> [UpdateAction] {
        guard let trouble = state.trouble else { return [] }
        let wereStopped = trouble.stage != .locking && trouble.stage != .preparing
        // One that another node has is not ours to give back; whether it was taken before a stop, nobody knows.
        let hadLock = trouble.stage != .locking || trouble.isInterruption
        return (wereStopped ? [.startServicesAgain(step)] : []) + (hadLock ? [.giveBackLock] : [])
            + [.recordFailure(step, trouble)]
    }
}
