import Primitives

extension TimeZoneFooter {
    /// Reads `NAME OFFSET [NAME [OFFSET] , BEGIN [/TIME] , END [/TIME]]`, written without spaces; nil when it is anything
    /// else. Offsets are counted westwards there.
    init?(_ text: ArraySlice<UInt8>) {
        var reader = FooterReader(rest: text)
        guard reader.skipName(), let west = reader.duration(hours: 0...24) else { return nil }
        standard = -west
        guard !reader.rest.isEmpty else {
            summer = nil
            return
        }
        guard reader.skipName() else { return nil }
        // An hour ahead of standard time, unless it says otherwise.
        var offset = standard + 3600
        if reader.rest.first != UInt8(ascii: ",") {
            guard let west = reader.duration(hours: 0...24) else { return nil }
            offset = -west
        }
        guard reader.skip(","), let begin = reader.moment(), reader.skip(","), let end = reader.moment(),
            reader.rest.isEmpty
        else { return nil }
        summer = Summer(offset: offset, begin: begin, end: end)
    }
}

private struct FooterReader {
    /// Two hours after midnight.
    private static let usualTime = 7200

    var rest: ArraySlice<UInt8>

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }

    /// Three letters or more; or in angle brackets, with digits and signs too.
    mutating func skipName() -> Bool {
        let isQuoted = skip("<")
        let name = rest.prefix { character in
            character.isASCIILetter
                || (isQuoted
                    && (character.isDigit || character == UInt8(ascii: "+") || character == UInt8(ascii: "-")))
        }
        rest = rest.dropFirst(name.count)
        return name.count >= 3 && (!isQuoted || skip(">"))
    }

    /// `[+-]HOURS[:MINUTES[:SECONDS]]`, in seconds.
    mutating func duration(hours: ClosedRange<Int>) -> Int? {
        let isNegative = skip("-")
        if !isNegative { _ = skip("+") }
        guard let hour = number(in: hours) else { return nil }
        var seconds = hour * 3600
        for unit in [60, 1] {
            guard skip(":") else { break }
            guard let number = number(in: 0...59) else { return nil }
            seconds += number * unit
        }
        return isNegative ? -seconds : seconds
    }

    mutating func moment() -> TimeZoneFooter.Moment? {
        guard let day = day() else { return nil }
        guard skip("/") else { return .init(day: day, time: Self.usualTime) }
        return duration(hours: 0...167).map { .init(day: day, time: $0) }
    }

    private mutating func day() -> TimeZoneFooter.Moment.Day? {
        if skip("J") { return number(in: 1...365).map { .withoutLeapDay($0) } }
        guard skip("M") else { return number(in: 0...365).map { .ofYear($0) } }
        guard let month = number(in: 1...12), skip("."), let week = number(in: 1...5), skip("."),
            let weekday = number(in: 0...6)
        else { return nil }
        return .ofWeek(month: month, week: week, weekday: weekday)
    }

    /// One to three digits.
    private mutating func number(in range: ClosedRange<Int>) -> Int? {
        let digits = rest.prefix { $0.isDigit }
        guard (1...3).contains(digits.count) else { return nil }
        rest = rest.dropFirst(digits.count)
        let number = digits.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return range.contains(number) ? number : nil
    }
}

extension UInt8 {
    fileprivate var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }

    fileprivate var isASCIILetter: Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self | 0x20) && self < 0x80
    }
}
