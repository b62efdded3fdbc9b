import ArgumentParser
import FoundationEssentials
import Primitives

/// A time as `--now` takes it: RFC 3339 with any offset, or seconds since 1970. Without an offset it is UTC.
struct ReferenceTime: ExpressibleByArgument, Equatable {
    let date: Date

    init?(argument: String) {
        if let seconds = Int64(argument) {
            date = Date(timeIntervalSince1970: Double(seconds))
            return
        }
        // `2030-01-31T12:00:00`, with a blank or a small letter where RFC 3339 allows it.
        var rest = Substring(argument)
        var clock = Array(rest.prefix(19))
        rest = rest.dropFirst(19)
        guard clock.count == 19, "T t".contains(clock[10]) else { return nil }
        clock[10] = "T"
        guard let local = UTCTime.decode(ByteString(String(clock) + "Z")) else { return nil }
        guard let fraction = Self.popFraction(&rest), let offset = Self.offset(rest) else { return nil }
        date = local + fraction - offset
    }

    /// Takes `.123` away from the front; nil when there is a point and no digits.
    private static func popFraction(_ text: inout Substring) -> TimeInterval? {
        guard text.first == "." else { return 0 }
        let digits = text.dropFirst().prefix { $0.isASCII && $0.isNumber }
        text = text.dropFirst(digits.count + 1)
        return digits.isEmpty ? nil : Double("0." + digits)
    }

    /// `Z`, `+02:00`, `-0200` or nothing, in seconds.
    private static func offset(_ text: Substring) -> TimeInterval? {
        if text.isEmpty || text == "Z" || text == "z" { return 0 }
        let digits = text.dropFirst().filter { $0 != ":" }
        guard let sign = text.first, "+-".contains(sign), digits.count == 4,
            digits.allSatisfy({ $0.isASCII && $0.isNumber }),
            let hours = Int(digits.prefix(2)), let minutes = Int(digits.suffix(2)), hours < 24, minutes < 60
        else { return nil }
        return Double((hours * 60 + minutes) * 60) * (sign == "-" ? -1 : 1)
    }
}
