import FoundationEssentials

/// Times as every format of the house writes them: RFC 3339, UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ`.
package enum UTCTime {
    private static let style = Date.ISO8601FormatStyle()

    package static func encode(_ date: Date) -> String {
        Date(timeIntervalSince1970: date.timeIntervalSince1970.rounded(.down)).formatted(style)
    }

    /// The time, or nil when `text` is spelled in any other way (a fraction, an offset, a date that does not exist).
    package static func decode(_ text: ByteString) -> Date? {
        guard text.count == 20, text.bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
        let string = String(decoding: text.bytes, as: UTF8.self)
        guard let date = try? style.parse(string), encode(date) == string else { return nil }
        return date
    }
}
