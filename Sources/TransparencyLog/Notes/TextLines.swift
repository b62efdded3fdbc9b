/// Text formats, line by line. Every line ends in a line feed, the last one too.
struct TextLines {
    private static let end = UInt8(ascii: "\n")

    /// What has not been read.
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) {
        rest = bytes[...]
    }

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    var isAtEnd: Bool { rest.isEmpty }

    /// The next line without its end; nil when there is none, or when it has no end.
    mutating func next() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: Self.end) else { return nil }
        defer { rest = rest[(end + 1)...] }
        return rest[..<end]
    }

    /// The next line, when it begins with `prefix`: what follows that. Otherwise nothing is read.
    mutating func next(after prefix: String) -> ArraySlice<UInt8>? {
        guard rest.starts(with: prefix.utf8) else { return nil }
        return next()?.dropFirst(prefix.utf8.count)
    }

    /// All `count` next bytes, whatever they are; nil when there are fewer.
    mutating func next(count: Int) -> ArraySlice<UInt8>? {
        guard 0...rest.count ~= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }
}

/// Numbers as every text of a log writes them.
enum Decimal {
    /// The number, or nil when it has a sign, leading zeros, other characters, or is above `limit`.
    static func decode(_ text: ArraySlice<UInt8>, limit: Int) -> Int? {
        let zero = UInt8(ascii: "0")
        guard let first = text.first, first != zero || text.count == 1 else { return nil }
        var number = 0
        for character in text {
            guard zero...UInt8(ascii: "9") ~= character else { return nil }
            let (tens, much) = number.multipliedReportingOverflow(by: 10)
            let (sum, more) = tens.addingReportingOverflow(Int(character - zero))
            guard !much, !more, sum <= limit else { return nil }
            number = sum
        }
        return number
    }

    /// Appends the digits of `number`, after a hyphen when it is negative.
    static func append(_ number: Int, to text: inout [UInt8]) {
        let start = text.count
        var rest = number.magnitude
        repeat {
            text.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        if number < 0 { text.append(UInt8(ascii: "-")) }
        text[start...].reverse()
    }
}
