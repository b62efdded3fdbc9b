import Primitives

/// How far the agent is. Written to the journal before the actions that follow from it.
///
/// To come, each between two of these: `held` and `waiting` (window, rollout, hold-back) after `chosen`, `hooked`
/// (pre-hook) after `built`, `checked` (health check) after `switched`.
package enum UpdateState: Hashable, Sendable {
    /// Nothing is under way.
    case idle
    /// Metadata is current; a release is being chosen.
    case refreshed
    /// The release is being fetched.
    case chosen(UpdateStep)
    /// Everything of the release is here and has the signed digests; its tree is being built beside the installed one.
    case fetched(UpdateStep)
    /// The whole tree stands under its final name; what later checks need of the release is being kept.
    case built(UpdateStep)
    /// `current` is being switched. From here on `current` itself tells which release is installed.
    case switching(UpdateStep)
    /// Like `switching`, to a release that was kept.
    case reverting(UpdateStep)
    /// `current` names the new release; that is being recorded.
    case switched(UpdateStep)

    /// The first word of the journal.
    package var name: StateName {
        switch self {
        case .idle: .idle
        case .refreshed: .refreshed
        case .chosen: .chosen
        case .fetched: .fetched
        case .built: .built
        case .switching: .switching
        case .reverting: .reverting
        case .switched: .switched
        }
    }

    package var step: UpdateStep? {
        switch self {
        case .idle, .refreshed: nil
        case .chosen(let step), .fetched(let step), .built(let step), .switching(let step), .reverting(let step),
            .switched(let step):
            step
        }
    }

    /// The state called `name` with what it carries; nil when the two do not go together.
    init?(_ name: StateName, step: UpdateStep?) {
        switch (name, step) {
        case (.idle, nil): self = .idle
        case (.refreshed, nil): self = .refreshed
        case (.chosen, let step?): self = .chosen(step)
        case (.fetched, let step?): self = .fetched(step)
        case (.built, let step?): self = .built(step)
        case (.switching, let step?) where step.kind == .update: self = .switching(step)
        case (.reverting, let step?) where step.kind == .revert: self = .reverting(step)
        case (.switched, let step?): self = .switched(step)
        default: return nil
        }
    }
}

package enum StateName: String, CaseIterable, Sendable {
    case idle, refreshed, chosen, fetched, built, switching, reverting, switched
}
