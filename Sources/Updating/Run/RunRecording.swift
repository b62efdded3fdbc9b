import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import UpdatePlan

extension UpdateRun {
    // MARK: recording

    mutating func record(_ step: UpdateStep, _ trouble: Trouble?) throws -> UpdateEvent {
        let entry = HistoryEntry(step, by: step.kind == .update ? delivery : nil, trouble, at: agent.ports.now)
        try install(step, entry.pin(before: try instance.recordedInstallation()?.revertedFrom))
        try instance.addToHistory(entry)
        outcome = Outcome(step: step, trouble: trouble, isFailure: false)
        return .done
    }

    private mutating func install(_ step: UpdateStep, _ pin: Version?) throws {
        let old = try instance.recordedInstallation()
        guard old?.version != step.to || old?.tree != step.tree else {
            installed = old
            return
        }
        let new = Installation(
            version: step.to, tree: step.tree, since: agent.ports.now, previous: step.from, revertedFrom: pin)
        try instance.record(new)
        if let approved = try instance.approved(), approved <= step.to { try instance.setApproved(nil) }
        installed = new
    }

    /// Where the switch has happened, the new release is the installed one, however it does.
    mutating func recordFailure(_ step: UpdateStep, _ trouble: Trouble) throws -> UpdateEvent {
        if try instance.linkedVersion() == step.to {
            try install(step, try instance.recordedInstallation()?.revertedFrom.flatMap { $0 > step.to ? $0 : nil })
        } else if trouble.isInterruption, step.kind == .update, var old = try instance.installation() {
            // What stops the machine is not tried again.
            old.revertedFrom = max(old.revertedFrom ?? step.to, step.to)
            try instance.record(old)
            installed = old
        }
        try instance.addToHistory(HistoryEntry(failing: step, trouble, at: agent.ports.now))
        outcome = Outcome(step: step, trouble: trouble, isFailure: true)
        return .done
    }

    // MARK: cleaning

    func discardUnfinished() throws {
        guard try storage.info(folders.versions) != nil else { return }
        for name in try storage.list(folders.versions) where InstanceFolders.isUnfinished(name) {
            try storage.removeTree(folders.versions.appending(name))
        }
    }

    /// Removes downloads, and versions beyond those to keep; never the installed one, the one before it,
    /// the one that was gone back from, or one that waits.
    func cleanUp() throws {
        try discardUnfinished()
        if try storage.info(folders.downloads) != nil {
            for name in try storage.list(folders.downloads) {
                try storage.removeTree(folders.downloads.appending(name))
            }
        }
        guard let installed else { return }
        // Only what was kept as a release was made here; another folder that looks like a version is left alone.
        let kept = try instance.keptVersions()
        for version in try kept.filter({ try $0 != installed.version && !isTree($0) }) { try removeVersion(version) }
        let others = try kept.filter {
            try $0 != installed.version && $0 != installed.revertedFrom && isTree($0) && !isReady($0)
        }
        let ordered = others.filter { $0 == installed.previous } + others.filter { $0 != installed.previous }
        for version in ordered.dropFirst(agent.configuration.keep) { try removeVersion(version) }
    }

    /// It waits here to be installed.
    private func isReady(_ version: Version) -> Bool { waiting?.isReady == true && waiting?.version == version }

    private func isTree(_ version: Version) throws(StorageFault) -> Bool {
        try storage.info(folders.tree(version))?.kind == .directory
    }

    /// The tree's name goes first: what still stands under a version's name is whole. What is kept of the release goes
    /// last: as long as it is there, the next run knows that there may be more to remove.
    func removeVersion(_ version: Version) throws {
        let removing = folders.removing(version)
        try storage.removeTree(removing)
        if try isTree(version) { try storage.renameExclusively(folders.tree(version), to: removing) }
        try storage.removeTree(removing)
        try storage.removeTree(folders.release(version))
    }
}
