import Archiving
import Primitives
import Releases
import UpdatePlan

extension UpdateRun {
    /// Hashes the tree that is in use, to which an automatic revert would go back. What is wrong with it is said, and stops
    /// nothing: the update is what mends it.
    mutating func lookAtOldTree(_ step: UpdateStep) throws {
        guard let from = step.from, from != step.to, let tree = step.fromTree,
            let kept = try instance.keptRelease(from, limits: agent.configuration.limits.tree),
            kept.manifest.tree.sha256 == tree
        else { return }
        agent.ports.progress(.verifying(from))
        let reason: String
        do {
            let links = try kept.manifest.sharedLinks(in: kept.listing)
            let differences = try agent.verifier.verify(folders.tree(from), against: kept.listing, with: links)
            guard !differences.isEmpty else { return }
            reason = Self.text(differences)
        } catch let fault as any ReportableFault {
            reason = Delivery.reason(fault)
        }
        let trouble = Trouble(at: .ready, "the installed tree of \(from) was not as signed any more: \(reason)")
        oldTreeTrouble = trouble
        let entry = HistoryEntry(damaged: from, trouble, at: agent.ports.now)
        // However often the update is tried, it is said once.
        let past = try instance.history()
        let change = past.lastIndex { $0.event == .updated || $0.event == .reverted } ?? past.startIndex
        guard !past[change...].contains(where: { $0.isSameStep(as: entry) }) else { return }
        try instance.addToHistory(entry)
    }

    private static let mostDifferences = 5

    private static func text(_ differences: [TreeDifference]) -> String {
        let shown = differences.prefix(mostDifferences).map { "\($0.path) \($0.kind.rawValue)" }
        let more = differences.count - shown.count
        return shown.joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
    }
}
