import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

extension Agent {
    /// What stands between a release and its installation here, besides verification.
    ///
    /// - Parameters:
    ///   - time: nil for that of the whole run.
    ///   - isLooking: nothing may be written, so that no number for rollouts is drawn where there is none yet.
    func rules(
        _ requested: Version? = nil, isNow: Bool = false, at time: Date? = nil, isLooking: Bool = false
    ) throws -> UpdateRules {
        let seed = try isLooking ? instance.seed() : instance.seed(random: ports.random)
        var rules = UpdateRules(seed: seed, now: time ?? ports.now)
        let settings = configuration.install
        rules.mode = settings.mode
        rules.windows = settings.windows
        rules.criticalAtAnyTime = settings.criticalAtAnyTime
        rules.hold = try instance.hold()
        rules.approved = try instance.approved()
        rules.requested = requested
        rules.isNow = isNow
        rules.isFirst = try instance.isFirst()
        return rules
    }

    /// The same, but said to be here where the release is, whatever it waits for: an earlier run made its tree and read it back.
    func knowingPlace(_ held: HeldRelease) throws -> HeldRelease {
        let (release, waiting) = (held.release, held.waiting)
        return HeldRelease(
            release: release,
            waiting: Waiting(
                waiting.version, waiting.reason, until: waiting.until, isReady: try isReady(release),
                said: waiting.said.map { $0.asWritten }))
    }

    private func isReady(_ release: ReleaseFacts) throws -> Bool {
        guard try instance.linkedVersion() != release.version,
            try storage.info(folders.tree(release.version))?.kind == .directory
        else { return false }
        return try instance.keptManifest(release.version)?.facts == release.asReleased
    }

    /// What stands now against `release`, which an earlier run made ready and found `known` against.
    func stillWaiting(_ known: Waiting?, for release: ReleaseFacts, isLooking: Bool = false) throws -> Waiting? {
        guard let known, known.version == release.version, try isReady(release) else { return nil }
        guard let manifest = try instance.keptManifest(known.version) else { return known }
        let step = UpdateStep(
            .update, from: nil, to: known.version, tree: manifest.tree.sha256, return: .init(manifest.install))
        // Whether the lock is free, only taking it tells.
        return try rules(isLooking: isLooking).waiting(toApply: release, step) ?? (known.reason == .lock ? known : nil)
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
