import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import SystemPackage
import UpdatePlan

extension UpdateRun {
    // MARK: recording

    mutating func record(_ step: UpdateStep, _ trouble: Trouble?) throws -> UpdateEvent {
        let troubles = takeTroubles(with: trouble)
        let entry = HistoryEntry(step, by: step.kind == .update ? delivery : nil, troubles, at: time)
        try install(step, entry.pin(before: try instance.recordedInstallation()?.revertedFrom))
        try instance.addToHistory(entry)
        outcome = Outcome(step: step, troubles: troubles, isFailure: false)
        if step.kind == .update { changed = release?.manifest }
        return .done
    }

    private mutating func takeTroubles(with trouble: Trouble?) -> [Trouble] {
        defer { lockTrouble = nil }
        return [trouble, lockTrouble].compactMap(\.self)
    }

    private mutating func install(_ step: UpdateStep, _ pin: Version?) throws {
        let old = try instance.recordedInstallation()
        var new = Installation(
            version: step.to, tree: step.tree, since: time,
            previous: step.from == step.to ? old?.previous : step.from, revertedFrom: pin)
        if let old, old.version == new.version, old.tree == new.tree {
            // It is what was installed all the time, or is being recorded a second time.
            (new.since, new.previous) = (old.since, old.previous)
        }
        if new != old { try instance.record(new) }
        if let approved = try instance.approved(), approved <= step.to { try instance.setApproved(nil) }
        installed = new
    }

    /// Where the switch has happened, the new release is the installed one, however it does.
    mutating func recordFailure(_ step: UpdateStep, _ trouble: Trouble) throws -> UpdateEvent {
        let standing = step.standing(at: try instance.linkedVersion())
        if let standing {
            try install(
                standing, try instance.recordedInstallation()?.revertedFrom.flatMap { $0 > standing.to ? $0 : nil })
        } else if trouble.isInterruption, step.kind == .update, var old = try instance.installation() {
            // What stops the machine is not tried again.
            old.revertedFrom = max(old.revertedFrom ?? step.to, step.to)
            try instance.record(old)
            installed = old
        }
        let troubles = takeTroubles(with: trouble)
        try instance.addToHistory(HistoryEntry(failing: step, troubles, at: time, isStanding: standing != nil))
        outcome = Outcome(
            step: step, troubles: troubles, isFailure: true, isStanding: standing != nil, hadToWait: hasToWait)
        hasToWait = false
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
    /// the one that was gone back from, one that waits, or the one that was given up last: it is tried again.
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
        let history = try instance.history()
        let known = Set(history.flatMap { [$0.to, $0.from] }.compactMap(\.self))
        let failed = Set(history.filter { $0.event == .failed }.compactMap(\.release))
        let returned = [installed.previous, installed.revertedFrom, try givenUp()].compactMap(\.self)
        // One that was made ready, perhaps tried, and replaced by a newer one before it was ever installed.
        let replaced = kept.filter {
            ($0 > installed.version || ($0 != installed.version && failed.contains($0))) && !known.contains($0)
                && !isWaiting($0) && !returned.contains($0)
        }
        for version in replaced { try removeVersion(version) }
        let others = try kept.filter {
            try $0 != installed.version && $0 != installed.revertedFrom && isTree($0) && !isWaiting($0)
                && !replaced.contains($0) && $0 != givenUp()
        }
        let ordered = others.filter { $0 == installed.previous } + others.filter { $0 != installed.previous }
        for version in ordered.dropFirst(agent.configuration.keep) { try removeVersion(version) }
    }

    /// The release that was given up, when that was the last thing that happened.
    private func givenUp() throws -> Version? {
        guard let last = try instance.history().last(where: \.event.isStep), last.event == .failed else { return nil }
        return last.release
    }

    /// It waits to be installed. A hold may have come before anybody looked whether it is here already.
    private func isWaiting(_ version: Version) -> Bool { waiting?.version == version }

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

extension UpdateStep {
    /// The update that brought `current` where it is, when this step was given up; nil when nothing was switched.
    fileprivate func standing(at current: Version?) -> UpdateStep? {
        if current == to { return self }
        // The way back from an update that was never recorded.
        guard kind == .revert, cause != nil, let from, current == from, let fromTree else { return nil }
        return UpdateStep(.update, from: to, to: from, tree: fromTree, fromTree: tree)
    }
}
