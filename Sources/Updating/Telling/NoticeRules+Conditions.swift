import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

extension NoticeRules {
    private typealias Condition = NoticeMemory.Condition

    /// What holds now and would be told, with what tells two of a kind apart.
    private struct Seen {
        let subject: String
        let notice: AgentNotice

        func isOf(_ condition: Condition) -> Bool { condition.kind == notice.kind && condition.subject == subject }
    }

    func conditions(_ facts: RunFacts, _ memory: inout NoticeMemory) -> [AgentNotice] {
        let seen = seen(facts).filter { settings.events.contains($0.notice.kind) }
        var notices: [AgentNotice] = []
        var (lasting, over): ([Condition], [Condition]) = ([], [])
        for condition in memory.conditions where !seen.contains(where: { $0.isOf(condition) }) {
            if isOver(condition, facts) { over.append(condition) } else { lasting.append(condition) }
        }
        for seen in seen {
            let known = memory.conditions.first(where: seen.isOf)
            var condition = Condition(
                kind: seen.notice.kind, subject: seen.subject, operation: facts.operation,
                since: min(known?.since ?? facts.time, facts.time), told: known?.told, title: seen.notice.title)
            if isDue(condition, facts.time) {
                condition.told = facts.time
                notices.append(seen.notice)
            }
            lasting.append(condition)
        }
        memory.conditions = lasting.suffix(NoticeMemory.mostConditions)
        return notices + recovery(over, facts.time)
    }

    private func isDue(_ condition: Condition, _ now: Date) -> Bool {
        let patience = condition.kind == .unreachable ? settings.unreachableHours : 0
        guard now.timeIntervalSince(condition.since) >= TimeInterval(patience) * 3600 else { return false }
        // A time that is still to come is that of a clock that was wrong.
        guard let told = condition.told, told <= now else { return true }
        return now.timeIntervalSince(told) >= TimeInterval(settings.againHours) * 3600
    }

    private func recovery(_ over: [Condition], _ now: Date) -> [AgentNotice] {
        let told = over.filter { $0.told != nil && $0.kind != .waiting }
        guard !told.isEmpty else { return [] }
        return [
            AgentNotice(
                .recovered, "well again",
                told.map { "over, since \(UTCTime.encode($0.since)) until now: \($0.title)" }, at: now)
        ]
    }

    /// Whether a run in which `condition` was not seen shows that it has ended.
    private func isOver(_ condition: Condition, _ facts: RunFacts) -> Bool {
        let isGood = facts.fault == nil
        switch condition.kind {
        case .expiring: return facts.expires != nil
        case .waiting: return isGood && facts.operation.looks
        case .unreachable where facts.fault?.family == .refusal: return true
        default:
            // What went wrong while a release was installed may be well only when an update has been.
            return isGood && (facts.operation == .update || facts.operation == condition.operation)
        }
    }

    // MARK: what holds now

    private func seen(_ facts: RunFacts) -> [Seen] {
        var seen = facts.fault.flatMap { self.seen($0, facts) }.map { [$0] } ?? []
        for complaint in facts.complaints where complaint.fault.family == .refusal {
            let fault = complaint.fault
            let notice = AgentNotice(
                .refused, "refused what a mirror offers: \(fault.message)",
                ["mirror \(complaint.mirror); another one was used in its place"] + advice(fault),
                code: fault.codeText, at: facts.time)
            seen.append(Seen(subject: "\(fault.codeText) \(complaint.mirror)", notice: notice))
        }
        if let held = facts.held, held.concernsPeople {
            let version = held.release.version
            seen.append(
                Seen(
                    subject: "\(version) \(held.waiting.reason.rawValue)",
                    notice: AgentNotice(
                        .waiting, "\(version), severity \(held.release.severity), waits", [held.line],
                        version: version, at: facts.time)))
        }
        return seen + (expiry(facts).map { [$0] } ?? [])
    }

    private func seen(_ fault: any ReportableFault, _ facts: RunFacts) -> Seen? {
        // Of a release that was given up or taken back the history tells; what was typed wrongly is seen by who typed.
        guard !(fault is AgentFault && ["agent/reverted", "agent/given-up"].contains(fault.codeText)),
            !(fault is UpdatePlanFault), facts.operation.looks
        else { return nil }
        func notice(_ kind: NoticeKind, _ title: String) -> AgentNotice {
            AgentNotice(
                kind, title, ["[\(fault.codeText)] \(fault.message)"] + advice(fault), code: fault.codeText,
                at: facts.time)
        }
        switch fault.family {
        case .usage: return nil
        case .refusal:
            return Seen(subject: fault.codeText, notice: notice(.refused, "refused what is offered: \(fault.message)"))
        case .transport: return Seen(subject: "", notice: notice(.unreachable, "no mirror can be reached"))
        case .local:
            return Seen(
                subject: fault.codeText,
                notice: notice(.failed, "\(facts.operation.rawValue) failed: \(fault.message)"))
        }
    }

    private func advice(_ fault: any ReportableFault) -> [String] { fault.hint.map { [$0] } ?? [] }

    private func expiry(_ facts: RunFacts) -> Seen? {
        guard let expires = facts.expires,
            expires.timeIntervalSince(facts.time) < TimeInterval(settings.expiringDays) * 86400
        else { return nil }
        let time = UTCTime.encode(expires)
        let isOver = expires <= facts.time
        return Seen(
            subject: "",
            notice: AgentNotice(
                .expiring, isOver ? "the metadata expired \(time)" : "the metadata expires \(time)",
                [
                    isOver
                        ? "nothing new is installed until a mirror has newer metadata"
                        : "after that nothing new is installed until a mirror has newer metadata",
                    "if no mirror has, ask the publisher; if they are up to date elsewhere, somebody may be holding updates back from you",
                ], at: facts.time))
    }
}
