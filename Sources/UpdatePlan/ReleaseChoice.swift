import Primitives
import Releases

/// What of a channel is to be installed on an instance: decided from signed facts alone.
///
/// Whether it may be installed now is another matter: `UpdateRules`.
package struct ReleaseChoice: Hashable, Sendable {
    /// The version in use, and the least that may be: an update never goes below it.
    package let installed: Version?
    /// The release in use cannot be proved to be what was signed, so that installing it again makes sense.
    package let installedIsUnproved: Bool
    /// The release the administrator went back from. Neither it nor an older one is chosen unasked.
    package let revertedFrom: Version?

    package init(installed: Version?, installedIsUnproved: Bool = false, revertedFrom: Version? = nil) {
        self.installed = installed
        self.installedIsUnproved = installedIsUnproved
        self.revertedFrom = revertedFrom
    }

    /// The newest release of `offered` that is not withdrawn, and newer than all that must stay behind; nil when there
    /// is none.
    package func newest(of offered: [ReleaseFacts]) -> ReleaseFacts? { candidates(of: offered).first }

    /// All releases that might be `newest` if those before them were not there, the newest first: of what is not to be
    /// installed yet, an older release that may be is the next best.
    package func candidates(of offered: [ReleaseFacts]) -> [ReleaseFacts] {
        let candidates = newer(of: offered).filter(canReach)
        // Installing the same again mends it; it is no way around a newer one.
        return candidates.filter { $0.version != installed || candidates.count == 1 }
    }

    /// All releases that an update might lead to, now or over others, the newest first.
    package func newer(of offered: [ReleaseFacts]) -> [ReleaseFacts] {
        offered.filter { $0.withdrawal == nil && mayFollow($0.version) }.sorted { $0.version > $1.version }
    }

    /// The newest release, when no release that is offered leads to it.
    package func unreachable(among offered: [ReleaseFacts]) -> ReleaseFacts? {
        candidates(of: offered).isEmpty ? newer(of: offered).first : nil
    }

    /// The release the administrator asked for; nil when it is installed already.
    package func requested(
        _ version: Version, of offered: [ReleaseFacts]
    ) throws(UpdatePlanFault) -> ReleaseFacts? {
        if let installed, version < installed {
            throw UpdatePlanFault(.olderVersion, found: "\(version)", expected: "newer than \(installed)")
        }
        if version == installed, !installedIsUnproved { return nil }
        guard let facts = offered.first(where: { $0.version == version }) else {
            throw UpdatePlanFault(.unknownVersion, found: "\(version)", expected: Self.describe(offered))
        }
        if let notice = WithdrawalNotice(facts, among: offered) {
            throw UpdatePlanFault(
                .withdrawn, found: "\(version), \(notice.reasonText)", at: "the channel",
                hint: notice.advice(with: installed))
        }
        guard canReach(facts) else {
            throw UpdatePlanFault(
                .stepNeeded, found: "\(version) from \(installed.map { "\($0)" } ?? "nothing")",
                expected: facts.updateFrom.map { "\($0) or newer" }, at: "the channel")
        }
        return facts
    }

    /// A release may ask for an older one to be installed before it; where nothing is, all can be.
    private func canReach(_ release: ReleaseFacts) -> Bool {
        guard let installed, let needed = release.updateFrom else { return true }
        return installed >= needed || installed == release.version
    }

    /// Withdrawn releases that matter here, oldest first: the installed one, and those that would be updates.
    package func withdrawals(among offered: [ReleaseFacts]) -> [WithdrawalNotice] {
        offered.filter { facts in installed.map { facts.version >= $0 } ?? true }
            .sorted { $0.version < $1.version }.compactMap { WithdrawalNotice($0, among: offered) }
    }

    private func mayFollow(_ version: Version) -> Bool {
        // To mend what is in use is no way to what was left.
        if let installed, version == installed { return installedIsUnproved }
        if let revertedFrom, version <= revertedFrom { return false }
        return installed.map { version > $0 } ?? true
    }

    private static func describe(_ offered: [ReleaseFacts]) -> String {
        let newest = offered.map(\.version).sorted(by: >).prefix(5).map(\.description)
        return newest.isEmpty ? "nothing: the channel is empty" : "one of " + newest.joined(separator: ", ")
    }
}
