import Primitives
import Releases
import Signatures
import SystemPackage
import UpdatePlan

/// What an update did.
package struct UpdateReport: Sendable {
    package let before: Version?
    /// What is installed now.
    package let installed: Installation?
    /// Facts of the release that was installed in this run; nil when there was nothing to do.
    package let release: ReleaseManifest?
    /// How it came here; nil when there was nothing to do.
    package let delivery: Delivery?
    /// Why patches were not used though there were some that fit; nil when they were, or there were none.
    package let patchRefusal: String?
    /// The newest release, when it is not to be installed yet; or the one that is here and waits.
    package let held: HeldRelease?
    /// What was not well, before the switch or at the end; empty when all was.
    package let troubles: [Trouble]
    /// Where links of the release that was installed lead nowhere yet.
    package let missingShared: [FilePath]
    /// What the administrator accepted though the log does not vouch for it; nil when that was not needed.
    package let accepted: Digest?
    /// The release installed now and those that would be updates, as far as they are withdrawn; oldest first.
    package let withdrawn: [WithdrawalNotice]
    package let complaints: [MirrorComplaint]
}

extension Agent {
    /// One run: refresh, choose, fetch, build, switch, record. With `version` that release, else the newest.
    ///
    /// Whatever goes wrong, `current` names the old release or the new one, whole.
    ///
    /// - Parameter accepted: the fingerprint of metadata that may be used in this run though the log does not vouch for
    ///   it, as a refusal shows it. It takes the place of the log alone, and of hold-back, which counts by the log; where
    ///   the log is in order it changes nothing.
    ///   - isNow: window and rollout do not count.
    package func update(
        to version: Version? = nil, now isNow: Bool = false, accepting accepted: Digest? = nil
    ) throws -> UpdateReport {
        ports.willAsk()
        defer { ports.hasAsked() }
        return try exclusively(.update) { pinnedRoot in
            var run = UpdateRun(self)
            (run.requested, run.isNow) = (version, isNow)
            let before = try run.recover()
            let refreshed = try refresh(
                pinnedRoot: pinnedRoot, installed: before, requested: version, accepted: accepted)
            try run.update(refreshed)
            if let outcome = run.outcome { try outcome.check() }
            return UpdateReport(
                before: before?.version, installed: run.installed,
                release: run.changed,
                delivery: run.delivery, patchRefusal: run.patchRefusal, held: run.held,
                troubles: run.outcome.map { [run.oldTreeTrouble].compactMap(\.self) + $0.troubles } ?? [],
                missingShared: run.changed.map { instance.missingShared(of: $0.version) } ?? [],
                accepted: refreshed.log.accepted,
                withdrawn: try choice(run.installed).withdrawals(among: refreshed.channel.releases),
                complaints: refreshed.complaints)
        }
    }
}
