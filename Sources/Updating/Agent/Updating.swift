import Primitives
import Releases
import Signatures
import UpdatePlan

/// What an update did.
package struct UpdateReport: Sendable {
    package let before: Version?
    /// What is installed now.
    package let installed: Installation?
    /// Facts of the release that was installed in this run; nil when there was nothing to do.
    package let release: ReleaseManifest?
    /// The release installed now and those that would be updates, as far as they are withdrawn; oldest first.
    package let withdrawn: [WithdrawalNotice]
    package let complaints: [MirrorComplaint]
}

extension Agent {
    /// One run: refresh, choose, fetch, build, switch, record. With `version` that release, else the newest.
    ///
    /// Whatever goes wrong, `current` names the old release or the new one, whole.
    package func update(to version: Version? = nil) throws -> UpdateReport {
        try exclusively { pinnedRoot in
            var run = UpdateRun(self)
            run.requested = version
            let before = try run.recover()
            let refreshed = try refresh(pinnedRoot: pinnedRoot)
            try run.update(refreshed)
            return UpdateReport(
                before: before?.version, installed: run.installed, release: run.release?.manifest,
                withdrawn: try choice(run.installed).withdrawals(among: refreshed.channel.releases),
                complaints: refreshed.complaints)
        }
    }
}
