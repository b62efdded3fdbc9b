import DurableStorage
import Primitives
import Releases
import UpdatePlan

/// Whether there is something to install.
package struct CheckReport: Sendable {
    package let installed: Installation?
    /// What `update` would install now.
    package let available: ReleaseFacts?
    /// How that would come here, as far as the names and lengths of its files tell.
    package let download: Delivery?
    /// The newest release, when it is not to be installed yet; `available` is an older one then, if any.
    package let held: HeldRelease?
    /// The release that was left, when that is why nothing is offered.
    package let notOffered: LeftRelease?
    /// The newest release, when it can only follow on one that is not offered.
    package let unreachable: ReleaseFacts?
    /// The installed release and releases that would be updates, as far as they are withdrawn; oldest first.
    package let withdrawn: [WithdrawalNotice]
    package let complaints: [MirrorComplaint]
    /// A change of the installed release that was interrupted: `update` goes on with it, or drops it.
    package let interrupted: UnderWay?
}

/// A release that is not installed again by itself: the administrator went back from it, or the agent did.
package struct LeftRelease: Hashable, Sendable {
    package let version: Version
    /// Why the agent took it back, or gave it up, and when; nil where that was the administrator's wish, or is not known
    /// any more.
    package let cause: HistoryEntry?
}

extension Agent {
    /// Refreshes the metadata and says whether an update is available. Fetches no release, and changes nothing that is
    /// installed: what was interrupted is only told of.
    package func check() throws -> CheckReport {
        ports.willAsk()
        defer { ports.hasAsked() }
        return try exclusively(.check) { pinnedRoot in
            var run = UpdateRun(self)
            let installed = try run.look()
            let refreshed = try refresh(pinnedRoot: pinnedRoot, installed: installed)
            let offered = refreshed.channel.releases
            let choice = try choice(installed)
            let candidates = choice.candidates(of: offered)
            var (available, held) = try refreshed.choose(candidates, rules())
            if held == nil, let first = candidates.first, let waiting = try stillWaiting(run.waiting, for: first) {
                (available, held) = (nil, HeldRelease(release: first, waiting: waiting))
            }
            // What `update` would refuse is not called available.
            if let available { try refreshed.checkDelegation(of: available.version) }
            return CheckReport(
                installed: installed, available: available,
                download: available.flatMap { expectedDelivery(of: $0.version, installed, refreshed.channel) },
                held: try held.map(knowingPlace),
                notOffered: available == nil && held == nil ? try goneBackFrom(installed, offered) : nil,
                unreachable: choice.unreachable(among: offered), withdrawn: choice.withdrawals(among: offered),
                complaints: refreshed.complaints,
                interrupted: try instance.journalledState().interrupted)
        }
    }

    /// What an update would fetch, by the channel's metadata alone: `release.json`, which has the last word, is not fetched
    /// for a check.
    private func expectedDelivery(of version: Version, _ installed: Installation?, _ channel: Channel) -> Delivery? {
        let product = configuration.product
        func length(_ version: Version, _ file: ReleaseFileName?) -> Int? {
            file.flatMap { try? channel.target(version, $0).length }
        }
        func patch(from earlier: Version, to version: Version) -> Int? {
            length(version, try? .patch(product, from: earlier, to: version))
        }
        guard let archive = length(version, .archive(product, version)) else { return nil }
        guard configuration.prefers == .patch, let installed, installed.tree != nil, installed.version < version else {
            return Delivery(.archive, bytes: archive)
        }
        if let direct = patch(from: installed.version, to: version), direct < archive {
            return Delivery(.patch, bytes: direct)
        }
        let chains = channel.releases.filter { $0.withdrawal == nil }.map(\.version).compactMap { between -> Int? in
            guard let first = patch(from: installed.version, to: between), first < archive,
                let second = patch(from: between, to: version), second < archive - first
            else { return nil }
            return first + second
        }
        return chains.min().map { Delivery(.patches, bytes: $0) } ?? Delivery(.archive, bytes: archive)
    }

    /// The rules for this instance. Without a `current` the record still says below what no update may go.
    func choice(_ installed: Installation?) throws -> ReleaseChoice {
        let known = try installed ?? instance.recordedInstallation()
        // A tree that is gone is the plainest way of not being what was signed.
        let isGone = try installed.map { try storage.info(folders.tree($0.version)) == nil } ?? true
        return ReleaseChoice(
            installed: known?.version, installedIsUnproved: installed?.tree == nil || isGone,
            revertedFrom: known?.revertedFrom)
    }

    func goneBackFrom(_ installed: Installation?, _ offered: [ReleaseFacts]) throws -> LeftRelease? {
        guard let installed, let pin = installed.revertedFrom, pin > installed.version,
            offered.contains(where: { $0.version > installed.version })
        else { return nil }
        let entry = try instance.history().last { $0.leaves == pin }
        return LeftRelease(version: pin, cause: entry?.reason == nil ? nil : entry)
    }
}
