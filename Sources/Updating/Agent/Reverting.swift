import Archiving
import DurableStorage
import Primitives
import Releases
import SystemPackage
import UpdatePlan

/// What a revert did.
package struct RevertReport: Sendable {
    package let before: Installation
    package let installed: Installation

    package var isChange: Bool { before.version != installed.version }
}

extension Agent {
    /// Goes back to a release that was installed before and is still here: `version`, or the one before the installed
    /// one. No network. The release that was left is not offered again until there is a newer one, or it is asked for.
    /// Nothing happens when `version` is installed already.
    package func revert(to version: Version? = nil) throws -> RevertReport {
        try exclusively { _ in
            var run = UpdateRun(self)
            guard let before = try run.recover() else { throw AgentFault(.notInstalled) }
            let target = try version ?? earlier(than: before)
            if target == before.version { return RevertReport(before: before, installed: before) }
            let kept = try keptTree(target)
            ports.progress(.verifying(target))
            if let difference = try verifier.verify(folders.tree(target), against: kept.listing).first {
                throw AgentFault(.damagedTree, found: difference.description, at: folders.tree(target).string)
            }
            let tree = kept.manifest.tree.sha256
            try run.revert(UpdateStep(.revert, from: before.version, to: target, tree: tree))
            return RevertReport(before: before, installed: run.installed ?? before)
        }
    }

    private func earlier(than installed: Installation) throws -> Version {
        let kept = try instance.versionsOnDisk().filter { $0 < installed.version }
        if let previous = installed.previous, kept.contains(previous) { return previous }
        guard let newest = kept.first else {
            throw AgentFault(.notKept, found: "nothing older than \(installed.version)", at: folders.versions.string)
        }
        return newest
    }

    private func keptTree(_ version: Version) throws -> Instance.KeptRelease {
        guard try storage.info(folders.tree(version))?.kind == .directory,
            let kept = try instance.keptRelease(version, limits: configuration.limits.tree)
        else {
            let present = try instance.versionsOnDisk().map(\.description).joined(separator: ", ")
            throw AgentFault(
                .notKept, found: "\(version)", expected: "one of \(present)", at: folders.versions.string)
        }
        return kept
    }
}
