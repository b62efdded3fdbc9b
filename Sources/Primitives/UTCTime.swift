import FoundationEssentials

/// Times as every format of the house writes them: RFC 3339, UTC, whole seconds, `YYYY-MM-DDTHH:MM:SSZ`.
///
/// By own arithmetic: Foundation's formatter takes longer to make than a signature to verify, in every process anew.
package enum UTCTime {
    private static let form = Array("0000-00-00T00:00:00Z".utf8)
    private static let fields = [0..<4, 5..<7, 8..<10, 11..<13, 14..<16, 17..<19]
    private static let daySeconds = 86_400
    /// The first second of year 0 and the last one of year 9999.
    private static let range = -62_167_219_200.0...253_402_300_799.0

    /// A time outside the years 0 to 9999, which cannot be written, becomes the nearest that can.
    package static func encode(_ date: Date) -> String {
        let seconds = Int(max(range.lowerBound, min(range.upperBound, date.timeIntervalSince1970.rounded(.down))))
        let (days, rest) = seconds.flooredQuotientAndRemainder(by: daySeconds)
        let (year, month, day) = calendarDate(days)
        var text = form
        for (field, number) in zip(fields, [year, month, day, rest / 3600, rest / 60 % 60, rest % 60]) {
            var number = number
            for index in field.reversed() {
                text[index] += UInt8(number % 10)
                number /= 10
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The time, or nil when `text` is spelled in any other way (a fraction, an offset, a date that does not exist).
    package static func decode(_ text: ByteString) -> Date? {
        let zero = UInt8(ascii: "0")
        guard text.count == form.count,
            zip(text.bytes, form).allSatisfy({ $1 == zero ? zero...UInt8(ascii: "9") ~= $0 : $0 == $1 })
        else { return nil }
        let numbers = fields.map { text.bytes[$0].reduce(0) { 10 * $0 + Int($1 - zero) } }
        guard 1...12 ~= numbers[1], 1...31 ~= numbers[2] else { return nil }
        let days = daysSinceEpoch(year: numbers[0], month: numbers[1], day: numbers[2])
        let date = Date(
            timeIntervalSince1970: Double(((days * 24 + numbers[3]) * 60 + numbers[4]) * 60 + numbers[5]))
        // What does not exist is written otherwise: 31 June as 1 July, 24:00 as 0:00 of the next day.
        return encode(date) == text.description ? date : nil
    }

    // MARK: the Gregorian calendar

    // Counted in years that begin in March, so that the leap day is a year's last, and in eras of 400 years, which all
    // have 146,097 days. 719,468 days lie between 1 March of year 0 and 1 January 1970.

    /// Days from 1 January 1970 to this day of the Gregorian calendar.
    package static func daysSinceEpoch(year: Int, month: Int, day: Int) -> Int {
        let (era, yearOfEra) = (month > 2 ? year : year - 1).flooredQuotientAndRemainder(by: 400)
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day of the Gregorian calendar so many days after 1 January 1970.
    package static func calendarDate(_ daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let (era, dayOfEra) = (daysSinceEpoch + 719_468).flooredQuotientAndRemainder(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        let month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * marchMonth + 2) / 5 + 1)
    }
}

extension Int {
    /// The quotient rounded down, and what is left, which is never negative. `divisor` is positive.
    package func flooredQuotientAndRemainder(by divisor: Int) -> (quotient: Int, remainder: Int) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}
