import Primitives
import Releases

/// What happened.
package enum UpdateEvent: Hashable, Sendable {
    /// The process began; `current` is the version that the link names, nil when it names none.
    case restarted(current: Version?)
    /// Metadata was refreshed, and the log vouches for it (or is not asked).
    case witnessed
    /// The newest release is installed, or none may be.
    case nothingToDo
    case chosen(UpdateStep)
    case mustWait(Waiting)
    /// Nothing stands against installing the release now.
    case mayApply
    /// What was to be done in this state is done.
    case done
    /// What was to be done in this state did not succeed, for a reason beyond the agent: a program said no.
    case refused(String)
    /// The way to the release that was being tried is closed, and another is left: its archive.
    case patchRefused
    /// The administrator does not want the update that was interrupted. With `keepingData`, data stay as they are.
    case abandoned(keepingData: Bool)
    /// The administrator wants the release of this step back; its tree has been found whole.
    case revertWanted(UpdateStep)

    package var name: Name {
        switch self {
        case .restarted: .restarted
        case .witnessed: .witnessed
        case .nothingToDo: .nothingToDo
        case .chosen: .chosen
        case .mustWait: .mustWait
        case .mayApply: .mayApply
        case .done: .done
        case .refused: .refused
        case .patchRefused: .patchRefused
        case .abandoned: .abandoned
        case .revertWanted: .revertWanted
        }
    }

    package enum Name: String, CaseIterable, Sendable {
        case restarted, witnessed, chosen, done, refused, abandoned
        case nothingToDo = "nothing to do"
        case mustWait = "must wait"
        case mayApply = "may apply"
        case patchRefused = "patch refused"
        case revertWanted = "revert wanted"
    }
}

/// What is to be done next. Each may be done again after a stop in the middle of it.
package enum UpdateAction: Hashable, Sendable {
    /// Remove trees that were never finished. What was downloaded stays, to go on from.
    case discardUnfinished
    case choose
    case fetch(UpdateStep)
    case build(UpdateStep)
    /// Keep listing and `release.json`, so that the tree can be verified and returned to without a network.
    case keepRelease(UpdateStep)
    /// Find out whether the release may be installed now.
    case decide(UpdateStep)
    case takeLock(UpdateStep)
    case runPre(UpdateStep)
    case stopServices(UpdateStep)
    case undoMigration(UpdateStep)
    case switchLink(UpdateStep)
    case migrate(UpdateStep)
    case startServices(UpdateStep)
    /// After giving up: what was stopped is started, as well as it goes.
    case startServicesAgain(UpdateStep)
    case runPost(UpdateStep)
    case checkHealth(UpdateStep)
    /// Write down what is installed now, and that it came to be.
    case record(UpdateStep, Trouble?)
    case recordFailure(UpdateStep, Trouble)
    case giveBackLock
    /// Say that a release waits, and why.
    case announce(Waiting)
    /// Remove old versions and downloads.
    case cleanUp
}
