import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

extension Agent {
    /// What stands between a release and its installation here, besides verification.
    ///
    /// - Parameter time: nil for that of the whole run.
    func rules(_ requested: Version? = nil, isNow: Bool = false, at time: Date? = nil) throws -> UpdateRules {
        var rules = UpdateRules(seed: try instance.seed(random: ports.random), now: time ?? ports.now)
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

    /// What stands now against `release`, which an earlier run made ready and found `known` against.
    func stillWaiting(_ known: Waiting?, for release: ReleaseFacts) throws -> Waiting? {
        guard let known, known.isReady, known.version == release.version else { return nil }
        guard let manifest = try instance.keptManifest(known.version) else { return known }
        let step = UpdateStep(
            .update, from: nil, to: known.version, tree: manifest.tree.sha256, return: .init(manifest.install))
        // Whether the lock is free, only taking it tells.
        return try rules().waiting(toApply: release, step) ?? (known.reason == .lock ? known : nil)
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
