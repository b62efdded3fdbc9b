import Archiving
import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import UpdatePlan

/// One run of the agent with the lock held: carries out what `UpdatePlan` says and tells it what came of it.
///
/// The order is always: new state into the journal, durably; then its actions. A fault leaves everything where it is;
/// the next run reads the journal and recovers, just as after a power cut.
struct UpdateRun {
    let agent: Agent
    private var plan = UpdatePlan()
    /// What the administrator asked for by name.
    var requested: Version?
    private(set) var installed: Installation?
    private(set) var refreshed: RefreshedChannel?
    private(set) var release: ChosenRelease?
    /// The newest release, when it has to wait.
    private(set) var held: HeldRelease?
    /// The release on its way by patches; nil when its archive is fetched.
    private var patches: PatchDelivery?
    /// How the release came here; once built.
    private(set) var delivery: Delivery?
    /// Why patches were not used, in a run that meant to.
    private(set) var patchRefusal: String?

    init(_ agent: Agent) {
        self.agent = agent
    }

    private var instance: Instance { agent.instance }
    private var folders: InstanceFolders { agent.folders }
    private var storage: DurableStorage { agent.storage }

    // MARK: events and actions

    /// Completes or drops what an earlier run left, and gives back what is installed.
    mutating func recover() throws -> Installation? {
        try instance.mend()
        plan = UpdatePlan(try instance.journalledState())
        try handle(.restarted(current: try instance.linkedVersion()))
        installed = try instance.installation()
        if let installed, try instance.recordedInstallation() != installed { try instance.record(installed) }
        return installed
    }

    /// One update, from metadata that has just been refreshed.
    mutating func update(_ refreshed: RefreshedChannel) throws {
        self.refreshed = refreshed
        try handle(.refreshed)
    }

    mutating func revert(_ step: UpdateStep) throws {
        try handle(.revertWanted(step))
    }

    private mutating func handle(_ first: UpdateEvent) throws {
        var events = [first]
        while let event = events.popLast() {
            let before = plan.state
            let actions = try plan.handle(event)
            if plan.state != before { try instance.writeJournal(plan.state) }
            for action in actions {
                if let next = try perform(action) { events.append(next) }
            }
        }
    }

    private mutating func perform(_ action: UpdateAction) throws -> UpdateEvent? {
        switch action {
        case .discardUnfinished: try discardUnfinished()
        case .choose: return try choose()
        case .fetch(let step): return try fetch(step)
        case .build(let step): return try build(step)
        case .keepRelease(let step): return try keepRelease(step)
        case .switchLink(let step):
            try checkLinkPlace()
            try storage.replaceLink(at: folders.current, target: InstanceFolders.linkTarget(step.to))
            return .switched
        case .record(let step): return try record(step)
        case .cleanUp: try cleanUp()
        }
        return nil
    }

    // MARK: choosing and fetching

    private mutating func choose() throws -> UpdateEvent {
        guard let refreshed else { throw UpdatePlanFault(.impossibleEvent, found: "choose without metadata") }
        let rules = try agent.choice(installed)
        let offered = refreshed.channel.releases
        let candidates =
            if let requested {
                try rules.requested(requested, of: offered).map { [$0] } ?? []
            } else { rules.candidates(of: offered) }
        let chosenFacts = refreshed.choose(candidates)
        held = chosenFacts.held
        guard let facts = chosenFacts.release else { return .nothingToDo }
        try refreshed.checkDelegation(of: facts.version)
        let chosen = try ChosenRelease(facts, refreshed, agent, download(refreshed))
        release = chosen
        patches = try PatchDelivery(of: chosen, over: installed, refreshed, agent, download(refreshed))
        return .chosen(
            UpdateStep(
                .update, from: installed?.version, to: facts.version, tree: chosen.manifest.tree.sha256))
    }

    private func download(_ refreshed: RefreshedChannel) -> TargetDownload {
        let report = agent.ports.progress
        return TargetDownload(
            folder: folders.downloads, mirrors: refreshed.mirrors, storage: storage,
            consistentSnapshot: refreshed.trusted.root.content.consistentSnapshot
        ) { path, done, total in report(.fetching(path.description, done, of: total)) }
    }

    private mutating func fetch(_ step: UpdateStep) throws -> UpdateEvent {
        guard let refreshed, var chosen = release else {
            throw UpdatePlanFault(.impossibleEvent, found: "fetch without a release")
        }
        try checkPlaces()
        if var patches {
            return try tryingPatches(step) { run in
                try run.checkSpace(for: patches.targets(), trees: chosen.manifest.tree.bytes + patches.passingBytes)
                try patches.fetch(run.download(refreshed))
                run.patches = patches
                return .fetched
            }
        }
        try checkSpace(for: [chosen.archive], trees: chosen.manifest.tree.bytes)
        try chosen.fetch(download(refreshed))
        release = chosen
        return .fetched
    }

    /// Whatever is wrong with patches, the archive is as good: the history says why, and the run goes on with that. No
    /// patch is tried a second time in one run.
    private mutating func tryingPatches(
        _ step: UpdateStep, _ body: (inout UpdateRun) throws -> UpdateEvent
    ) throws -> UpdateEvent {
        do { return try body(&self) } catch let fault as any ReportableFault {
            patches = nil
            patchRefusal = Delivery.reason(fault)
            try instance.addToHistory(HistoryEntry(refusingPatchesTo: step, because: fault, at: agent.ports.now))
            return .patchRefused
        }
    }

    // What would stop the release later is found out before the long download.

    private func checkPlaces() throws {
        try checkLinkPlace()
        try storage.makeDirectory(folders.versions)
        for folder in [folders.prefix, folders.versions] where !storage.isWritable(folder) {
            throw AgentFault(.notWritable, at: folder.string)
        }
        try storage.makeDirectory(folders.downloads, mode: .privateDirectory)
    }

    /// - Parameter trees: bytes of what is built from the files.
    private func checkSpace(for files: [SignedTarget], trees: Int) throws {
        // What an earlier run brought here takes up no space a second time.
        let missing = try files.reduce(0) { sum, file in
            sum + max(0, file.length - (try storage.info(folders.downloads.appending(file.digest))?.size ?? 0))
        }
        for (folder, bytes) in [(folders.downloads, missing), (folders.versions, missing + trees)] {
            let free = try agent.ports.freeBytes(folder)
            guard free >= bytes else {
                throw AgentFault(
                    .notEnoughSpace, found: "\(free) bytes free", expected: "at least \(bytes)", at: folder.string)
            }
        }
    }

    /// `current` may be a link or nothing: what else stands there is not ours.
    private func checkLinkPlace() throws {
        guard let info = try storage.info(folders.current), info.kind != .link else { return }
        throw AgentFault(.occupied, expected: "a symbolic link, or nothing", at: folders.current.string)
    }

    // MARK: building

    private mutating func build(_ step: UpdateStep) throws -> UpdateEvent {
        if let patches, let release {
            return try tryingPatches(step) { run in
                var release = release
                let (folder, listing) = try patches.build()
                try release.use(listing)
                if try run.reuse(step.to, listing: listing) {
                    try run.storage.removeTree(folder)
                } else {
                    try run.storage.renameExclusively(folder, to: run.folders.tree(step.to))
                }
                run.release = release
                run.delivery = Delivery(patches.steps, of: release.manifest)
                return .built
            }
        }
        return try buildFromArchive(step)
    }

    private mutating func buildFromArchive(_ step: UpdateStep) throws -> UpdateEvent {
        guard let release, let listing = release.listing, let archive = release.archiveFile else {
            throw UpdatePlanFault(.impossibleEvent, found: "build without a release")
        }
        delivery = Delivery([], of: release.manifest)
        if try reuse(step.to, listing: listing) { return .built }
        agent.ports.progress(.building(step.to))
        let building = folders.building(step.to)
        try storage.removeTree(building)
        try agent.extractor.extract(
            archive, expectedDigest: release.manifest.archive.sha256, listing: listing, into: building, storage: storage
        )
        try storage.renameExclusively(building, to: folders.tree(step.to))
        return .built
    }

    /// Whether the very tree stands there already. A damaged one is moved out of the way, unless it is in use.
    private func reuse(_ version: Version, listing: TreeListing) throws -> Bool {
        let tree = folders.tree(version)
        guard let info = try storage.info(tree) else { return false }
        guard info.kind == .directory else {
            throw AgentFault(.occupied, expected: "a folder, or nothing", at: tree.string)
        }
        agent.ports.progress(.verifying(version))
        guard let difference = try agent.verifier.verify(tree, against: listing).first else { return true }
        guard try instance.linkedVersion() != version else {
            throw AgentFault(.damagedTree, found: difference.description, at: tree.string)
        }
        try removeVersion(version)
        return false
    }

    private func keepRelease(_ step: UpdateStep) throws -> UpdateEvent {
        guard let release, let listing = release.listing else {
            throw UpdatePlanFault(.impossibleEvent, found: "keep without a release")
        }
        try instance.keep(step.to, manifest: release.manifestBytes, listing: listing.encoding)
        return .kept
    }

    // MARK: recording and cleaning

    private mutating func record(_ step: UpdateStep) throws -> UpdateEvent {
        let now = agent.ports.now
        let old = try instance.recordedInstallation()
        let entry = HistoryEntry(step, by: step.kind == .update ? delivery : nil, at: now)
        if old?.version != step.to || old?.tree != step.tree {
            let new = Installation(
                version: step.to, tree: step.tree, since: now, previous: step.from,
                revertedFrom: entry.pin(before: old?.revertedFrom))
            try instance.record(new)
            installed = new
        } else {
            installed = old
        }
        try instance.addToHistory(entry)
        return .recorded
    }

    private func discardUnfinished() throws {
        guard try storage.info(folders.versions) != nil else { return }
        for name in try storage.list(folders.versions) where InstanceFolders.isUnfinished(name) {
            try storage.removeTree(folders.versions.appending(name))
        }
    }

    /// Removes downloads, and versions beyond those to keep; never the installed one or the one before it.
    private func cleanUp() throws {
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
        let others = try kept.filter { try $0 != installed.version && isTree($0) }
        let ordered = others.filter { $0 == installed.previous } + others.filter { $0 != installed.previous }
        for version in ordered.dropFirst(agent.configuration.keep) { try removeVersion(version) }
    }

    private func isTree(_ version: Version) throws(StorageFault) -> Bool {
        try storage.info(folders.tree(version))?.kind == .directory
    }

    /// The tree's name goes first: what still stands under a version's name is whole. What is kept of the release goes
    /// last: as long as it is there, the next run knows that there may be more to remove.
    private func removeVersion(_ version: Version) throws {
        let removing = folders.removing(version)
        try storage.removeTree(removing)
        if try isTree(version) { try storage.renameExclusively(folders.tree(version), to: removing) }
        try storage.removeTree(removing)
        try storage.removeTree(folders.release(version))
    }
}
