import Primitives
import Releases

/// The agent's brain: takes events, says what to do next. No file, network or clock; never traps on an event.
///
/// The caller writes the new state to the journal, then carries out the actions, then comes with the next event. A fault
/// or a stop in between needs no event of its own: the next run reads the journal and begins with `restarted`.
package struct UpdatePlan: Hashable, Sendable {
    package private(set) var state: UpdateState

    package init(_ state: UpdateState = .idle) {
        self.state = state
    }

    /// Moves on. An event that cannot follow on this state throws and leaves the state as it was.
    package mutating func handle(_ event: UpdateEvent) throws(UpdatePlanFault) -> [UpdateAction] {
        let (next, actions) = try transition(event)
        state = next
        return actions
    }

    private func transition(
        _ event: UpdateEvent
    ) throws(UpdatePlanFault) -> (UpdateState, [UpdateAction]) {
        switch (event, state) {
        case (.restarted(let current), _):
            return restart(current: current)
        case (.refreshed, .idle):
            return (.refreshed, [.choose])
        case (.nothingToDo, .refreshed):
            return (.idle, [.cleanUp])
        case (.chosen(let step), .refreshed) where step.kind == .update:
            return (.chosen(step), [.fetch(step)])
        case (.fetched, .chosen(let step)):
            return (.fetched(step), [.build(step)])
        case (.patchRefused, .chosen(let step)), (.patchRefused, .fetched(let step)):
            return (.chosen(step), [.discardUnfinished, .fetch(step)])
        case (.built, .fetched(let step)):
            return (.built(step), [.keepRelease(step)])
        case (.kept, .built(let step)):
            return (.switching(step), [.switchLink(step)])
        case (.revertWanted(let step), .idle) where step.kind == .revert:
            return (.reverting(step), [.switchLink(step)])
        case (.switched, .switching(let step)), (.switched, .reverting(let step)):
            return (.switched(step), [.record(step)])
        case (.recorded, .switched):
            return (.idle, [.cleanUp])
        default:
            throw UpdatePlanFault(.impossibleEvent, found: event.name, at: "state \(state.name.rawValue)")
        }
    }

    /// After the switch the new release is the installed one, and only its record may be missing. Before it the old one
    /// is, and what was begun is dropped: choosing anew costs little, and downloads go on where they broke off.
    private func restart(current: Version?) -> (UpdateState, [UpdateAction]) {
        switch state {
        case .switching(let step), .reverting(let step), .switched(let step):
            return current == step.to ? (.switched(step), [.record(step)]) : (.idle, [.discardUnfinished])
        case .idle, .refreshed, .chosen, .fetched, .built:
            return (.idle, [.discardUnfinished])
        }
    }
}
