import Archiving
import DurableStorage
import Primitives
import Releases
import SystemPackage
import TUF
import UpdatePlan

extension UpdateRun {
    // MARK: choosing and fetching

    mutating func choose() throws -> UpdateEvent {
        guard let refreshed else { throw UpdatePlanFault(.impossibleEvent, found: "choose without metadata") }
        let (choice, rules) = (try agent.choice(installed), try agent.rules(requested, isNow: isNow, at: time))
        let offered = refreshed.channel.releases
        let candidates =
            if let requested {
                try choice.requested(requested, of: offered).map { [$0] } ?? []
            } else { choice.candidates(of: offered) }
        let (facts, held) = refreshed.choose(candidates, rules)
        self.held = try held.map(agent.knowingPlace)
        guard let facts else { return held.map { .mustWait($0.waiting) } ?? .nothingToDo }
        return .chosen(try prepare(facts, refreshed))
    }

    /// Fetches what is said about the release, and plans the way to it and back.
    private mutating func prepare(_ facts: ReleaseFacts, _ refreshed: RefreshedChannel) throws -> UpdateStep {
        try refreshed.checkDelegation(of: facts.version)
        let chosen = try ChosenRelease(facts, refreshed, agent, download(refreshed))
        release = chosen
        if try !isHere(chosen) {
            patches = try PatchDelivery(of: chosen, over: installed, refreshed, agent, download(refreshed))
        }
        return UpdateStep(
            .update, from: installed?.version, to: facts.version, tree: chosen.manifest.tree.sha256,
            fromTree: installed?.tree, return: UpdateStep.Return(chosen.manifest.install))
    }

    /// Fetches anew what is kept of the installed release, where it was lost: by it the tree is verified, services are known,
    /// data are changed back, and there is a way back at all. That it cannot be had any more is no reason not to update.
    mutating func completeKept(_ refreshed: RefreshedChannel) throws {
        guard let known = installed,
            try instance.keptRelease(known.version, limits: agent.configuration.limits.tree) == nil,
            let facts = refreshed.channel.releases.first(where: { $0.version == known.version })
        else { return }
        do {
            var chosen = try ChosenRelease(facts, refreshed, agent, download(refreshed))
            try chosen.fetchListing(download(refreshed))
            guard let listing = chosen.listing, try isInstalled(known, chosen.manifest, listing) else { return }
            try instance.keep(known.version, manifest: chosen.manifestBytes, listing: listing.encoding)
            installed?.tree = chosen.manifest.tree.sha256
            if let installed { try instance.record(installed) }
        } catch let fault as any ReportableFault {
            if (fault as? AgentFault)?.code == .stopped { throw fault }
        }
    }

    /// Whether this is the installed tree, by what was recorded; where that is lost too, by every byte of it.
    private func isInstalled(
        _ installed: Installation, _ manifest: ReleaseManifest, _ listing: TreeListing
    ) throws -> Bool {
        if let tree = installed.tree { return tree == manifest.tree.sha256 }
        let links = try manifest.sharedLinks(in: listing)
        return try agent.verifier.verify(folders.tree(installed.version), against: listing, with: links).isEmpty
    }

    /// Whether an earlier run made the tree, and kept what it is checked against.
    private func isHere(_ chosen: ChosenRelease) throws -> Bool {
        let version = chosen.manifest.version
        guard try instance.linkedVersion() != version, try storage.info(folders.tree(version))?.kind == .directory
        else {
            return false
        }
        return try instance.keptManifest(version) == chosen.manifest
    }

    private func download(_ refreshed: RefreshedChannel) -> TargetDownload {
        let report = agent.ports.progress
        return TargetDownload(
            folder: folders.downloads, mirrors: refreshed.mirrors, storage: storage,
            consistentSnapshot: refreshed.trusted.root.content.consistentSnapshot
        ) { path, done, total in report(.fetching(path.description, done, of: total)) }
    }

    mutating func fetch(_ step: UpdateStep) throws -> UpdateEvent {
        guard let refreshed, var chosen = release else {
            throw UpdatePlanFault(.impossibleEvent, found: "fetch without a release")
        }
        try checkPlaces()
        try checkWhoRuns(chosen.manifest.install)
        try checkTools(of: chosen.manifest)
        if try isHere(chosen), let kept = try instance.keptRelease(step.to, limits: agent.configuration.limits.tree),
            try reuse(step.to, listing: kept.listing, kept.manifest)
        {
            try chosen.use(kept.listing)
            release = chosen
            return .done
        }
        if var patches {
            return try tryingPatches(step) { run in
                try run.checkSpace(for: patches.targets(), chosen.manifest.tree, passing: patches.passingBytes)
                try patches.fetch(run.download(refreshed))
                run.patches = patches
                return .done
            }
        }
        try checkSpace(for: [chosen.archive], chosen.manifest.tree)
        try chosen.fetch(download(refreshed))
        release = chosen
        return .done
    }

    /// Whatever is wrong with patches, the archive is as good: the history says why, and the run goes on with that. No
    /// patch is tried a second time in one run.
    private mutating func tryingPatches(
        _ step: UpdateStep, _ body: (inout UpdateRun) throws -> UpdateEvent
    ) throws -> UpdateEvent {
        do { return try body(&self) } catch let fault as AgentFault where fault.code == .stopped {
            throw fault
        } catch let fault as any ReportableFault {
            patches = nil
            patchRefusal = Delivery.reason(fault)
            try instance.addToHistory(HistoryEntry(refusingPatchesTo: step, because: fault, at: agent.ports.now))
            return .patchRefused
        }
    }

    /// Looks once more whether the release can be installed, then whether it may be.
    mutating func decide(_ step: UpdateStep) throws -> UpdateEvent {
        guard let release, let listing = release.listing else {
            throw UpdatePlanFault(.impossibleEvent, found: "decide without a release")
        }
        try release.manifest.checkPrograms(in: listing)
        try checkTools(of: release.manifest)
        try checkInterpreters(of: release.manifest)
        let rules = try agent.rules(requested, isNow: isNow, at: time)
        if let waiting = rules.waiting(toApply: release.manifest.facts, step) { return .mustWait(waiting) }
        try lookAtOldTree(step)
        return .mayApply
    }

    /// Once more before anything is changed: the lock may have been long in coming, or the agent was stopped since. The
    /// step is given up then, which gives back the lock; what is here of the release stays.
    mutating func mustStillWait(_ step: UpdateStep) throws -> UpdateEvent? {
        let rules = try agent.rules(requested, isNow: isNow, at: time)
        guard let manifest = try instance.keptManifest(step.to),
            let waiting = rules.waiting(toApply: manifest.facts, step)
        else { return nil }
        (self.waiting, hasToWait) = (waiting, true)
        return .refused("it has to wait: \(waiting.reason.rawValue)")
    }

    // MARK: building

    mutating func build(_ step: UpdateStep) throws -> UpdateEvent {
        if let patches, let release {
            return try tryingPatches(step) { run in
                var release = release
                let (folder, listing) = try patches.build()
                try release.use(listing)
                if try run.reuse(step.to, listing: listing, release.manifest) {
                    try run.storage.removeTree(folder)
                } else {
                    try run.place(folder, as: release.manifest, listing)
                }
                run.release = release
                run.delivery = Delivery(patches.steps, of: release.manifest)
                return .done
            }
        }
        return try buildFromArchive(step)
    }

    private mutating func buildFromArchive(_ step: UpdateStep) throws -> UpdateEvent {
        guard let release, let listing = release.listing else {
            throw UpdatePlanFault(.impossibleEvent, found: "build without a release")
        }
        // Nothing was fetched where the very tree stood here.
        guard let archive = release.archiveFile else { return .done }
        delivery = Delivery([], of: release.manifest)
        if try reuse(step.to, listing: listing, release.manifest) { return .done }
        agent.ports.progress(.building(step.to))
        let building = folders.building(step.to)
        try storage.removeTree(building)
        let order = BuildOrder(
            .archive(release.manifest.archive.sha256), in: archive, into: building,
            limits: agent.configuration.limits.tree)
        _ = try agent.ports.build(order, listing, storage)
        try place(building, as: release.manifest, listing)
        return .done
    }

    /// Gives a whole tree its links to what the instance shares between releases, and its final name.
    private func place(_ folder: FilePath, as manifest: ReleaseManifest, _ listing: TreeListing) throws {
        for link in try manifest.sharedLinks(in: listing) {
            guard case .link(let target) = link.kind else { continue }
            try storage.replaceLink(at: folder.appending(link.path.asWritten), target: target.asWritten)
        }
        try storage.renameExclusively(folder, to: folders.tree(manifest.version))
    }

    /// Whether the very tree stands there already. A damaged one is moved out of the way, unless it is in use.
    private func reuse(_ version: Version, listing: TreeListing, _ manifest: ReleaseManifest) throws -> Bool {
        let tree = folders.tree(version)
        guard let info = try storage.info(tree) else { return false }
        guard info.kind == .directory else {
            throw AgentFault(.occupied, expected: "a folder, or nothing", at: tree.string)
        }
        agent.ports.progress(.verifying(version))
        let links = try manifest.sharedLinks(in: listing)
        guard let difference = try agent.verifier.verify(tree, against: listing, with: links).first else { return true }
        guard try instance.linkedVersion() != version else {
            throw AgentFault(.damagedTree, found: difference.description, at: tree.string)
        }
        try removeVersion(version)
        return false
    }

    func keepRelease(_ step: UpdateStep) throws -> UpdateEvent {
        guard let release, let listing = release.listing else {
            throw UpdatePlanFault(.impossibleEvent, found: "keep without a release")
        }
        try instance.keep(step.to, manifest: release.manifestBytes, listing: listing.encoding)
        return .done
    }
}
