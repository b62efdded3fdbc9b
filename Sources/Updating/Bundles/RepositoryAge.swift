import CanonicalJSON
import FoundationEssentials
import Primitives

/// How old what a bundle holds is, by what is signed. Old is not wrong; but who gave the bundle may be keeping newer
/// releases, and warnings about this one, from the instance.
package struct RepositoryAge: Hashable, Sendable {
    /// When timestamp or snapshot expired; nil when neither has.
    package let expiredSince: Date?
    /// When a quorum of witnesses saw the log last; nil where no log is asked for.
    package let cosignedAt: Date?

    /// In words, for a warning; nil when a mirror would be allowed to offer the same now.
    ///
    /// - Parameter freshness: hours that cosignatures may be old.
    package func warning(now: Date, freshness: Int) -> String? {
        var found: [String] = []
        if let expiredSince {
            found.append("its metadata expired \(UTCTime.encode(expiredSince)), \(Self.ago(expiredSince, now))")
        }
        if let cosignedAt, isStale(now: now, freshness: freshness) {
            found.append("witnesses saw its log last \(UTCTime.encode(cosignedAt)), \(Self.ago(cosignedAt, now))")
        }
        guard !found.isEmpty else { return nil }
        return "this bundle is old: " + found.joined(separator: "; ")
            + "; it cannot show whether there are newer releases since, or a warning about this one"
    }

    package func json(now: Date, freshness: Int) -> JSONValue {
        func time(_ date: Date?) -> JSONValue { date.map { .string(ByteString(UTCTime.encode($0))) } ?? .null }
        return [
            "old": .bool(warning(now: now, freshness: freshness) != nil), "expired_since": time(expiredSince),
            "cosigned_at": time(cosignedAt),
            "hours": cosignedAt.map { .integer(Int64(clamping: Self.hours($0, now))) } ?? .null,
        ]
    }

    /// Whether by then no mirror could have offered this any more: nothing is learnt by waiting so long with it.
    func ends(before time: Date, freshness: Int) -> Bool {
        cosignedAt.map { $0 + TimeInterval(freshness) * 3600 < time } ?? false
    }

    private func isStale(now: Date, freshness: Int) -> Bool {
        cosignedAt.map { $0 < now - TimeInterval(freshness) * 3600 } ?? false
    }

    private static func hours(_ time: Date, _ now: Date) -> Int {
        Int(exactly: (max(0, now.timeIntervalSince(time)) / 3600).rounded(.down)) ?? Int.max
    }

    private static func ago(_ time: Date, _ now: Date) -> String {
        let hours = hours(time, now)
        return hours < 48 ? "\(Counted.text(hours, "hour")) ago" : "\(Counted.text(hours / 24, "day")) ago"
    }
}
