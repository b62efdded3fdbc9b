import CanonicalJSON
import FoundationEssentials
import Primitives

/// Why a release is no longer to be installed: signed by the channel's keyholders, in the facts beside `release.json`.
package struct Withdrawal: Hashable, Sendable {
    /// Its name in `custom.sceau`.
    package static let field: ByteString = "withdrawn"

    /// One line for people, 1 to `ReleaseLimits.reasonBytes` bytes of UTF-8 without control characters.
    package let reason: ByteString
    /// In whole seconds.
    package let time: Date

    /// Throws `ReleaseFault.invalidReason`.
    package init(reason: ByteString, time: Date) throws(ReleaseFault) {
        guard (1...ReleaseLimits.reasonBytes).contains(reason.count),
            let text = String(validating: reason.bytes, as: UTF8.self), text.escapingUnprintable() == text
        else {
            throw ReleaseFault(
                .invalidReason, found: "\(reason.count) bytes",
                expected: "one line of 1 to \(ReleaseLimits.reasonBytes) bytes, without control characters")
        }
        self.reason = reason
        self.time = Date(timeIntervalSince1970: time.timeIntervalSince1970.rounded(.down))
    }

    init(_ reader: JSONReader) throws {
        try self.init(reason: reader.field("reason").string(), time: reader.field("time").time())
    }

    package var json: JSONValue { ["reason": .string(reason), "time": .string(ByteString(UTCTime.encode(time)))] }
}

/// A withdrawn release, and where to go instead.
package struct WithdrawalNotice: Hashable, Sendable {
    package let version: Version
    package let withdrawal: Withdrawal
    /// The newest release that is newer and not withdrawn; failing that, the newest older one; nil when there is none.
    package let successor: Version?
    /// Going to the successor would be a revert, which an agent never does unasked.
    package var successorIsOlder: Bool { successor.map { $0 < version } ?? false }

    /// Nil when `facts` are not of a withdrawn release.
    package init?(_ facts: ReleaseFacts, among offered: [ReleaseFacts]) {
        guard let withdrawal = facts.withdrawal else { return nil }
        version = facts.version
        self.withdrawal = withdrawal
        let good = offered.filter { $0.withdrawal == nil }.map(\.version)
        successor = good.filter { $0 > facts.version }.max() ?? good.filter { $0 < facts.version }.max()
    }

    /// `withdrawn at TIME: REASON`, for people.
    package var reasonText: String { "withdrawn at \(UTCTime.encode(withdrawal.time)): \(withdrawal.reason)" }

    /// What to do on an instance with `installed`, for people. One that never had the release has nothing to go back from.
    package func advice(with installed: Version?) -> String {
        guard successorIsOlder, installed != version else { return advice }
        return "it is not installed here; nothing newer is there yet"
    }

    /// What to do where it is in use, for people.
    package var advice: String {
        guard let successor else { return "the channel has no other release yet" }
        return successorIsOlder
            ? "nothing newer is there yet; \(successor) is the newest release before it: going back to it is a revert"
            : "its successor is \(successor)"
    }
}
