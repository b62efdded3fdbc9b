import FoundationEssentials
import Primitives
import Releases

/// What to tell after a run: decided from what it found out and what was told before. Pure.
///
/// What happened once is told once; what lasts is told when it begins, again once in a while, and when it is over.
struct NoticeRules {
    let settings: NotifySettings

    /// Seconds after which nobody is told any more.
    private static let staleAfter: TimeInterval = 7 * 86400

    /// Without a mark, seconds for which a step is news.
    private static let recent: TimeInterval = 86_400

    func after(_ facts: RunFacts, _ memory: NoticeMemory) -> NoticeMemory {
        var memory = memory
        if facts.operation.looks {
            memory.lastRun = facts.time
            if facts.fault == nil, !facts.isTroubled { memory.lastSuccess = facts.time }
        }
        let notices = steps(facts, &memory) + conditions(facts, &memory)
        memory.outgoing.removeAll { facts.time.timeIntervalSince($0.notice.time) > Self.staleAfter }
        guard !settings.channels.isEmpty else {
            memory.outgoing = []
            return memory
        }
        memory.outgoing += notices.filter { settings.events.contains($0.kind) }
            .map { NoticeMemory.Outgoing(notice: $0, channels: settings.channels) }
        // Of a channel that is not configured any more nothing is expected.
        for index in memory.outgoing.indices { memory.outgoing[index].channels.formIntersection(settings.channels) }
        memory.outgoing.removeAll { $0.channels.isEmpty }
        memory.outgoing = memory.outgoing.suffix(NoticeMemory.mostOutgoing)
        return memory
    }

    // MARK: what happened

    /// What the history has since the mark.
    private func steps(_ facts: RunFacts, _ memory: inout NoticeMemory) -> [AgentNotice] {
        let new = Self.new(facts.history, since: memory.mark, or: facts.time)
        if let last = facts.history.last { memory.mark = NoticeMemory.Mark(last) }
        return new.suffix(NoticeMemory.mostOutgoing).compactMap { notice(of: $0, facts) }
    }

    /// Without a mark, or when its line is gone, time has to tell: of a run that was stopped before it set the mark
    /// people are told too.
    private static func new(
        _ history: [HistoryEntry], since mark: NoticeMemory.Mark?, or run: Date
    ) -> ArraySlice<HistoryEntry> {
        if let mark, let place = history.lastIndex(where: { NoticeMemory.Mark($0).line == mark.line }) {
            return history[(place + 1)...]
        }
        if let mark { return history[...].drop { $0.time <= mark.time } }
        return history[...].drop { run.timeIntervalSince($0.time) > recent }
    }

    private func notice(of entry: HistoryEntry, _ facts: RunFacts) -> AgentNotice? {
        let reason = entry.reason.map { [$0.description] } ?? []
        switch entry.event {
        case .updated:
            guard let to = entry.to else { return nil }
            let manifest = facts.manifest(to)
            let severity = manifest.map { ", severity \($0.severity)" } ?? ""
            let summary = manifest.map { $0.summary.isEmpty ? [] : [$0.summary.description] } ?? []
            let before = entry.from.map { "updated from \($0) to \(to)" } ?? "installed \(to)"
            return AgentNotice(
                .updated, before + severity + (reason.isEmpty ? "" : ", but not all is well"), summary + reason,
                version: to, from: entry.from, at: entry.time)
        case .reverted:
            guard let to = entry.to else { return nil }
            return AgentNotice(
                .reverted, "went back " + (entry.from.map { "from \($0) " } ?? "") + "to \(to)",
                reason.isEmpty ? ["as the administrator asked"] : reason, version: to, from: entry.from, at: entry.time)
        case .failed:
            guard let release = entry.release else { return nil }
            let title =
                entry.isStanding
                ? "\(release) is in use and did not do well; there was no way back" : "could not install \(release)"
            return AgentNotice(
                .failed, title, reason + ["sceau-agent status says what is in use"],
                version: release, from: entry.from, at: entry.time)
        case .damagedTree:
            guard let release = entry.release else { return nil }
            return AgentNotice(
                .failed, "the installed tree of \(release) was not as it was signed",
                reason + [
                    "the update goes on and puts a whole tree in its place; find out what changed this one: there is no good way "
                        + "back to it"
                ],
                version: release, code: AgentFaultCode.damagedTree.rawValue, at: entry.time)
        case .acceptedUnwitnessed, .patchRefused: return nil
        }
    }
}
