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
    /// What was not well at the end; empty when all was.
    package let troubles: [Trouble]

    package var isChange: Bool { before.version != installed.version }
}

extension Agent {
    /// Goes back to a release that was installed before and is still here: `version`, or the one before the installed
    /// one. No network. The release that was left is not offered again until there is a newer one, or it is asked for.
    /// Nothing happens when `version` is installed already. An update that was interrupted is taken back first.
    ///
    /// - Parameter keepsData: also where what newer releases did to the data cannot be undone; nothing is undone then.
    package func revert(to version: Version? = nil, keepingData keepsData: Bool = false) throws -> RevertReport {
        try exclusively(.revert) { _ in
            var run = UpdateRun(self)
            guard let before = try run.recover(abandoning: keepsData) else { throw AgentFault(.notInstalled) }
            if version == nil || version == before.version, let report = try goneBack(run, to: before) { return report }
            let target = try version ?? earlier(than: before)
            if target == before.version { return RevertReport(before: before, installed: before, troubles: []) }
            let kept = try keptTree(target)
            ports.progress(.verifying(target))
            let links = try kept.manifest.sharedLinks(in: kept.listing)
            if let difference = try verifier.verify(folders.tree(target), against: kept.listing, with: links).first {
                throw AgentFault(.damagedTree, found: difference.description, at: folders.tree(target).string)
            }
            if target > before.version { try checkForward(from: before.version, to: target, keepingData: keepsData) }
            let way = keepsData || target > before.version ? .free : try wayBack(from: before.version, to: target)
            guard way != .none else {
                throw AgentFault(.irreversible, found: "\(before.version)", at: "the way to \(target)")
            }
            try run.revert(
                UpdateStep(
                    .revert, from: before.version, to: target, tree: kept.manifest.tree.sha256, fromTree: before.tree,
                    return: way))
            if let outcome = run.outcome { try outcome.check() }
            return RevertReport(
                before: before, installed: run.installed ?? before, troubles: run.outcome?.troubles ?? [])
        }
    }

    /// What was done at the beginning of `run`, if that was a way back: one that was cut off, and is asked for a second
    /// time, goes no further than the first time; and an update that was interrupted is what people want to have undone.
    private func goneBack(_ run: UpdateRun, to installed: Installation) throws -> RevertReport? {
        guard let outcome = run.outcome else { return nil }
        if outcome.step.kind == .update {
            guard outcome.isFailure, outcome.step.from == installed.version else { return nil }
            let dropped = Installation(version: outcome.step.to, tree: outcome.step.tree)
            // The first is why it was dropped.
            return RevertReport(
                before: dropped, installed: installed, troubles: Array(outcome.troubles.dropFirst()))
        }
        guard let from = outcome.step.from else { return nil }
        if outcome.isFailure { try outcome.check() }
        return RevertReport(
            before: Installation(version: from, tree: outcome.step.fromTree), installed: installed,
            troubles: outcome.troubles)
    }

    /// To a newer release only one leads that was installed already: all that stands before another is for `update`. What
    /// it did to the data and was undone since, only `update` does again.
    private func checkForward(from older: Version, to newer: Version, keepingData keepsData: Bool) throws {
        let hint = "sceau-agent update --version \(newer) does all that belongs to it"
        guard try instance.history().contains(where: { $0.to == newer }) else {
            throw AgentFault(
                .notKept, found: "\(newer), which was never installed", expected: "a release from before",
                at: folders.versions.string, hint: hint)
        }
        if !keepsData, try wayBack(from: newer, to: older) != .free {
            throw AgentFault(.irreversible, found: "\(older)", at: "the way to \(newer)", hint: hint)
        }
    }

    /// What undoing takes when several releases changed the data one after the other. Of one that is not here any more
    /// nobody knows.
    private func wayBack(from newer: Version, to older: Version) throws -> UpdateStep.Return {
        guard let passed = try instance.releases(from: newer, downTo: older) else { return .none }
        let ways = try passed.map { try instance.keptManifest($0).map { UpdateStep.Return($0.install) } ?? .none }
        return ways.contains(.none) ? .none : ways.contains(.undo) ? .undo : .free
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
