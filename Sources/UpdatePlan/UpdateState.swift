import Primitives

/// How far the agent is. Written to the journal before the actions that follow from it.
package struct UpdateState: Hashable, Sendable {
    package let name: StateName
    package let step: UpdateStep?
    package let waiting: Waiting?
    /// What went wrong in this step and has not been recorded.
    package let trouble: Trouble?
    /// How often the agent was stopped in the middle of this state.
    package let interruptions: Int

    /// More are not counted.
    static let mostInterruptions = 1000

    package static let idle = UpdateState(.idle)
    package static let witnessed = UpdateState(.witnessed)

    package static func waiting(_ waiting: Waiting) -> UpdateState { UpdateState(.waiting, waiting: waiting) }

    package init(_ name: StateName, _ step: UpdateStep, trouble: Trouble? = nil, interruptions: Int = 0) {
        self.init(name, step: step, trouble: trouble, interruptions: interruptions)
    }

    private init(
        _ name: StateName, step: UpdateStep? = nil, waiting: Waiting? = nil, trouble: Trouble? = nil,
        interruptions: Int = 0
    ) {
        self.name = name
        self.step = step
        self.waiting = waiting
        self.trouble = trouble
        self.interruptions = interruptions
    }

    /// Nil when these do not go together.
    init?(name: StateName, step: UpdateStep?, waiting: Waiting?, trouble: Trouble?, interruptions: Int) {
        guard name.hasStep == (step != nil), (name == .waiting) == (waiting != nil), interruptions >= 0,
            name != .failed || trouble != nil, trouble == nil || name == .failed || name == .committed,
            interruptions == 0 || name.isResumed
        else { return nil }
        self.init(name, step: step, waiting: waiting, trouble: trouble, interruptions: interruptions)
    }

    var interruptedOnceMore: UpdateState {
        UpdateState(
            name, step: step, waiting: waiting, trouble: trouble,
            interruptions: min(interruptions + 1, Self.mostInterruptions))
    }
}

package enum StateName: String, CaseIterable, Sendable {
    /// Nothing is under way.
    case idle
    /// Metadata is current, and the log vouches for it; a release is being chosen.
    case witnessed
    /// There is a release to install, but not yet; what is here of it stays.
    case waiting
    /// The release may be fetched, and is.
    case chosen
    /// Everything of the release is here and has the signed digests; its tree is being built beside the installed one.
    case fetched
    /// The whole tree stands under its final name; what later checks need of the release is being kept.
    case built
    /// All is here and verified. Whether it may be installed now is being decided.
    case ready
    /// The administrator's lock is being taken.
    case locking
    /// The release's program for before the switch is running.
    case preparing
    /// Services are being stopped, where data are to be changed.
    case stopping
    /// On the way back: data are being changed back.
    case undoing
    /// `current` is being switched. From here on `current` itself tells which release is installed.
    case switching
    /// `current` names the new release; data are being changed to what it expects.
    case switched
    /// Services are being started again.
    case migrated
    /// The release's program for after the start is running.
    case restarted
    /// The release is asked whether it is well.
    case checking
    /// That is how it stays; it is being recorded.
    case committed
    /// Given up with nobody to go back to, or nothing to go back from; it is being recorded.
    case failed

    /// A step is under way.
    var hasStep: Bool {
        switch self {
        case .idle, .witnessed, .waiting: false
        default: true
        }
    }

    /// A restart goes on in this state: what was begun there reaches beyond the agent.
    package var isResumed: Bool {
        switch self {
        case .locking, .preparing, .stopping, .undoing, .switching, .switched, .migrated, .restarted, .checking,
            .committed, .failed:
            true
        default: false
        }
    }

    var isBeforeMigration: Bool {
        switch self {
        case .locking, .preparing, .stopping, .switching: true
        default: false
        }
    }
}
