import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import UpdatePlan

/// What became of a hold.
package struct HoldReport: Sendable {
    /// Nil: updates are not on hold.
    package let hold: Hold?
    package let before: Hold?
    /// An agent is at work just now, and may be beyond the place where it asks.
    package let isAtWork: Bool
}

/// What became of an approval.
package struct ApprovalReport: Sendable {
    package let version: Version
    /// Nil when none was to be made, or another agent is at work.
    package let update: UpdateReport?
    /// Another agent is at work; it, or the next run, uses the approval.
    package let isAtWork: Bool
}

extension Agent {
    /// Bytes of a reason.
    package static let reasonLimit = 500

    /// Stops updates until `until`, or for good when that is nil. Waits for nobody: an agent at work asks before it
    /// switches.
    package func hold(until: Date?, reason: ByteString) throws -> HoldReport {
        if let until, until <= ports.now {
            throw AgentFault(
                .invalidHold, found: UTCTime.encode(until), expected: "a time after \(UTCTime.encode(ports.now))")
        }
        guard reason.count <= Self.reasonLimit else {
            throw AgentFault(
                .invalidHold, found: "a reason of \(reason.count) bytes", expected: "at most \(Self.reasonLimit)")
        }
        return try setHold(Hold(until: until, reason: reason))
    }

    package func unhold() throws -> HoldReport { try setHold(nil) }

    private func setHold(_ hold: Hold?) throws -> HoldReport {
        _ = try pinnedRoot()
        let before = try instance.hold()
        try instance.setHold(hold)
        let mayBeAtWork = try hold != nil && instance.journalledState().step != nil
        return HoldReport(hold: hold, before: before, isAtWork: mayBeAtWork && isAtWork)
    }

    /// Says that `version` may be installed, and installs it at once unless `isLater`.
    ///
    /// It has to be a release that the last refresh offers, or one that waits here: nobody approves what nobody can see.
    package func approve(_ version: Version, later isLater: Bool = false) throws -> ApprovalReport {
        try checkOffered(version)
        try instance.setApproved(version)
        if isLater { return ApprovalReport(version: version, update: nil, isAtWork: false) }
        do {
            return ApprovalReport(version: version, update: try update(to: version), isAtWork: false)
        } catch let fault as StorageFault where fault.code == .locked {
            return ApprovalReport(version: version, update: nil, isAtWork: true)
        }
    }

    private func checkOffered(_ version: Version) throws {
        let pinnedRoot = try pinnedRoot()
        let choice = try choice(try instance.installation())
        let offered = storedChannel(pinnedRoot).map { choice.candidates(of: $0.channel.releases).map(\.version) } ?? []
        let waiting = try instance.journalledState().waiting?.version
        guard offered.contains(version) || waiting == version else {
            let known = offered.map(\.description).joined(separator: ", ")
            throw AgentFault(
                .notWaiting, found: "\(version)",
                expected: known.isEmpty ? "nothing: no release waits" : "one of \(known)")
        }
    }

    /// The last `limit` entries of the history, oldest first. Damaged lines are left out.
    package func history(limit: Int = Int.max) throws -> [HistoryEntry] {
        _ = try pinnedRoot()
        return Array(try instance.history().suffix(max(0, limit)))
    }
}
