import Primitives
import Releases

/// What happened. To come: events of hooks, of the health check and of waiting.
package enum UpdateEvent: Hashable, Sendable {
    /// The process began; `current` is the version that the link names, nil when it names none.
    case restarted(current: Version?)
    case refreshed
    /// The newest release is installed, or none may be.
    case nothingToDo
    case chosen(UpdateStep)
    case fetched
    /// The way to the release that was being tried is closed, and another is left: its archive.
    case patchRefused
    case built
    case kept
    case switched
    case recorded
    /// The administrator wants the release of this step back; its tree has been found whole.
    case revertWanted(UpdateStep)

    var name: String {
        switch self {
        case .restarted: "restarted"
        case .refreshed: "refreshed"
        case .nothingToDo: "nothing to do"
        case .chosen: "chosen"
        case .fetched: "fetched"
        case .patchRefused: "patch refused"
        case .built: "built"
        case .kept: "kept"
        case .switched: "switched"
        case .recorded: "recorded"
        case .revertWanted: "revert wanted"
        }
    }
}

/// What is to be done next. To come: `runHook`, `restartServices`, `checkHealth`, `wait`.
package enum UpdateAction: Hashable, Sendable {
    /// Remove trees that were never finished. What was downloaded stays, to go on from.
    case discardUnfinished
    case choose
    case fetch(UpdateStep)
    case build(UpdateStep)
    /// Keep listing and `release.json`, so that the tree can be verified and returned to without a network.
    case keepRelease(UpdateStep)
    case switchLink(UpdateStep)
    /// Write down what is installed now, and that it came to be.
    case record(UpdateStep)
    /// Remove old versions and downloads.
    case cleanUp
}
