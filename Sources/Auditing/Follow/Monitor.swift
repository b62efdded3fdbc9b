import CanonicalJSON
import DurableStorage
import FoundationEssentials
import Primitives
import SystemPackage
import TransparencyLog

/// What one round of a monitor found.
package struct MonitorReport: Sendable {
    package let source: String
    package let time: Date
    /// What rings now: what was seen in this round, and what waits to be acknowledged.
    package let alarms: [Alarm]
    /// Worth knowing, and no alarm.
    package let notes: [String]
    /// Entries of the log read so far.
    package let size: Int
    package let freshAt: Date?

    package var json: JSONObject {
        [
            "source": .string(ByteString(source)), "time": .string(ByteString(UTCTime.encode(time))),
            "size": .integer(Int64(size)),
            "fresh_at": freshAt.map { .string(ByteString(UTCTime.encode($0))) } ?? .null,
            "alarms": .integer(Int64(alarms.count)), "notes": .array(notes.map { .string(ByteString($0)) }),
        ]
    }
}

/// Follows a log and everything around it, round after round.
///
/// What it remembers is written after its alarms were told, and never before: who stops it anywhere may hear an alarm
/// twice, and never misses one. What may be a publication under way is looked at a second time before it rings.
package final class Monitor {
    private let places: FollowedPlaces
    private let givenRoot: [UInt8]
    private let mine: [KeyholderKey]
    private let store: MonitorStore
    private let limits: AuditLimits
    private let wait: () -> Void

    /// - Parameters:
    ///   - folder: of the state; one monitor at a time works in it.
    ///   - mine: keys of the person who watches: what they signed rings until it is acknowledged.
    ///   - wait: the time between two looks of one round.
    package init(
        _ places: FollowedPlaces, givenRoot: [UInt8], folder: FilePath, mine: [KeyholderKey] = [],
        limits: AuditLimits = AuditLimits(), storage: DurableStorage = DurableStorage(), wait: @escaping () -> Void
    ) {
        self.places = places
        self.givenRoot = givenRoot
        self.mine = mine
        self.limits = limits
        self.wait = wait
        store = MonitorStore(folder: folder, storage: storage)
    }

    /// One round. `announce` is told the report before anything is remembered of it; if it throws, nothing is.
    ///
    /// Throws when nothing could be looked at: transport and storage faults, `FollowFault`, and `MetadataFault` when what
    /// was given is no root.
    @discardableResult
    package func round(at time: () -> Date, announce: (MonitorReport) throws -> Void) throws -> MonitorReport {
        let lock = try store.lock()
        return try withExtendedLifetime(lock) {
            let before = try store.load()
            let look = try lookTwice(before, time)
            var state = look.state
            state.standing = Self.standing(before, look.alarms)
            let shown = Set(look.alarms.map(\.id))
            // What somebody knew of and is over rings when it comes again: it is not the same then.
            state.acknowledged = state.acknowledged.filter { shown.contains($0) || Self.stays($0) }
            let rings = (look.alarms + state.standing.filter { !shown.contains($0.id) })
                .filter { !state.acknowledged.contains($0.id) }
            let report = MonitorReport(
                source: look.source.name, time: look.now, alarms: rings, notes: look.notes, size: state.log.size,
                freshAt: look.freshAt)
            for evidence in look.evidence { try store.save(evidence) }
            try announce(report)
            try store.save(state)
            return report
        }
    }

    private func lookTwice(_ before: MonitorState, _ time: () -> Date) throws -> Look {
        let first = try look(before, at: time())
        guard first.alarms.contains(where: { $0.code.mayPass && !before.acknowledged.contains($0.id) }) else {
            return first
        }
        wait()
        let second: Look
        do { second = try look(before, at: time()) } catch let fault as any ReportableFault {
            // What breaks off when it is looked at again is not excused by that.
            first.notes.append("there was no second look: \(fault.message)")
            return first
        }
        // What cannot pass was seen, and need not be seen twice.
        let known = Set(second.alarms.map(\.id))
        second.alarms += first.alarms.filter { !$0.code.mayPass && !known.contains($0.id) }
        second.evidence += first.evidence
        return second
    }

    private func look(_ before: MonitorState, at now: Date) throws -> Look {
        let look = try Look(places, givenRoot: givenRoot, state: before, mine: mine, limits: limits, now: now)
        try look.run()
        look.alarms = Self.unique(look.alarms)
        return look
    }

    private static func unique(_ alarms: [Alarm]) -> [Alarm] {
        var ids: Set<String> = []
        return alarms.filter { ids.insert($0.id).inserted }
    }

    private static func standing(_ before: MonitorState, _ alarms: [Alarm]) -> [Alarm] {
        unique(before.standing + alarms.filter(\.code.stays)).filter { !before.acknowledged.contains($0.id) }
    }

    /// Takes down that somebody knows of these alarms: an id, or `all` for those that stand. Gives back the ids.
    ///
    /// An alarm that passes by itself has an id too, and can be acknowledged before it is over. Throws
    /// `follow/unknown-alarm` for what is no id; nothing is acknowledged then.
    package static func acknowledge(
        _ ids: [String], in folder: FilePath, storage: DurableStorage = DurableStorage()
    ) throws -> [String] {
        let store = MonitorStore(folder: folder, storage: storage)
        let lock = try store.lock()
        return try withExtendedLifetime(lock) {
            var state = try store.load()
            var known: [String] = []
            for id in ids {
                guard id == "all" || Self.isID(id) else { throw FollowFault(.unknownAlarm, found: id) }
                known += id == "all" ? state.standing.map(\.id) : [id]
            }
            state.acknowledged.formUnion(known)
            state.standing.removeAll { state.acknowledged.contains($0.id) }
            try store.save(state)
            return known
        }
    }

    private static func isID(_ text: String) -> Bool { code(of: text) != nil }

    private static func stays(_ id: String) -> Bool { code(of: id)?.stays ?? false }

    private static func code(of id: String) -> AlarmCode? {
        guard let slash = id.firstIndex(of: "/") else { return nil }
        return AlarmCode(rawValue: "follow/\(id[..<slash])")
    }
}
