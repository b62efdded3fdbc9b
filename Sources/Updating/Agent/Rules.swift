import Primitives
import Releases
import UpdatePlan

extension Agent {
    /// What stands between a release and its installation here, besides verification.
    func rules(_ requested: Version? = nil, isNow: Bool = false) throws -> UpdateRules {
        var rules = UpdateRules(seed: try instance.seed(random: ports.random), now: ports.now)
        let settings = configuration.install
        rules.mode = settings.mode
        rules.windows = settings.windows
        rules.criticalAtAnyTime = settings.criticalAtAnyTime
        rules.hold = try instance.hold()
        rules.approved = try instance.approved()
        rules.requested = requested
        rules.isNow = isNow
        return rules
    }
}

extension UpdateStep.Return {
    /// The way back from a release with this section.
    init(_ install: InstallSection) {
        self =
            switch install.migration?.return {
            case nil, .compatible: .free
            case .undo: .undo
            case .some(.none): .none
            }
    }
}
