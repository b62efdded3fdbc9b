import FoundationEssentials
import Primitives

/// Times as people type them for a hold.
package enum HoldTime {
    package static let expected =
        "2026-12-24T18:00:00Z, 2026-12-24 (its beginning, UTC), or a span such as 90m, 12h, 3d, 2w"
    private static let units: [Character: Int] = ["m": 60, "h": 3600, "d": 86_400, "w": 604_800]
    /// Longer than anybody means.
    private static let mostSeconds = 10 * 366 * 86_400

    /// Nil when `text` is none of these: RFC 3339 in UTC or with an offset, a date, a span from `now`.
    package static func decode(_ text: String, now: Date) -> Date? {
        if let time = UTCTime.decode(ByteString(text)) { return time }
        if let date = UTCTime.decode(ByteString(text + "T00:00:00Z")) { return date }
        return span(text).map { now + TimeInterval($0) } ?? withOffset(text)
    }

    private static func span(_ text: String) -> Int? {
        guard let unit = text.last.flatMap({ units[$0] }), let number = number(text.dropLast()), number > 0 else {
            return nil
        }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit)
        return overflow || seconds > mostSeconds ? nil : seconds
    }

    /// `2026-12-24T18:00:00+01:00`.
    private static func withOffset(_ text: String) -> Date? {
        let bytes = Array(text.utf8)
        guard bytes.count == 25, bytes[22] == UInt8(ascii: ":"),
            let sign = ["+": -1, "-": 1][text.dropFirst(19).prefix(1)],
            let hours = number(text.dropFirst(20).prefix(2)), let minutes = number(text.dropFirst(23)), hours < 24,
            minutes < 60, let local = UTCTime.decode(ByteString(text.prefix(19) + "Z"))
        else { return nil }
        return local + TimeInterval(sign * (hours * 60 + minutes) * 60)
    }

    /// Digits only.
    private static func number(_ text: Substring) -> Int? {
        text.utf8.allSatisfy { UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 } ? Int(text) : nil
    }
}
