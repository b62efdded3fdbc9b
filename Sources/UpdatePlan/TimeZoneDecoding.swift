import Primitives

extension TimeZoneRules {
    /// Bytes of a file; the longest of the tz database have 4,000.
    package static let fileLimit = 64 << 10

    /// Reads a TZif file (RFC 9636), versions 1 to 4. Of two data blocks the second, of 64-bit times, counts.
    ///
    /// Throws `UpdatePlanFault.malformedTimeZone`; also for files that count leap seconds (`right/…`), whose times are not
    /// those of this system's clock.
    ///
    /// - Parameters:
    ///   - name: of the zone; for people.
    ///   - file: for messages.
    package static func decode(
        _ bytes: [UInt8], name: String, file: String
    ) throws(UpdatePlanFault) -> TimeZoneRules {
        do throws(TZifReader.Problem) {
            guard bytes.count <= fileLimit else { throw TZifReader.Problem("at most \(fileLimit) bytes") }
            var reader = TZifReader(bytes)
            return try reader.rules(name: name)
        } catch {
            throw UpdatePlanFault(.malformedTimeZone, expected: error.expected, at: file)
        }
    }
}

/// Goes through the bytes of a TZif file once, from front to back.
private struct TZifReader {
    struct Problem: Error {
        let expected: String

        init(_ expected: String) { self.expected = expected }
    }

    /// The six counts of a header, each below 2^32.
    struct Header {
        let version: UInt8
        let universalFlags: Int
        let standardFlags: Int
        let leapSeconds: Int
        let times: Int
        let types: Int
        let characters: Int

        /// Bytes of the data block that follows, when a time has `width` bytes.
        func blockBytes(width: Int) -> Int {
            times * (width + 1) + types * 6 + characters + leapSeconds * (width + 4) + standardFlags + universalFlags
        }
    }

    /// RFC 9636 section 3.2: from -24:59:59 to 25:59:59.
    private static let offsets = -89_999...93_599

    private var rest: ArraySlice<UInt8>

    init(_ bytes: [UInt8]) { rest = bytes[...] }

    mutating func rules(name: String) throws(Problem) -> TimeZoneRules {
        let first = try header()
        if first.version == 0 {
            let (changes, before) = try block(first, width: 4)
            guard rest.isEmpty else { throw Problem("nothing after the data block") }
            return TimeZoneRules(name: name, changes: changes, before: before, footer: nil)
        }
        _ = try take(first.blockBytes(width: 4))
        let second = try header()
        guard second.version == first.version else { throw Problem("two headers of one version") }
        let (changes, before) = try block(second, width: 8)
        return TimeZoneRules(name: name, changes: changes, before: before, footer: try footer())
    }

    // MARK: parts

    private mutating func header() throws(Problem) -> Header {
        guard try take(4).elementsEqual("TZif".utf8) else { throw Problem("a TZif file") }
        let version = try number(1)
        guard version == 0 || (0x32...0x34).contains(version) else { throw Problem("TZif of version 1 to 4") }
        _ = try take(15)
        let header = Header(
            version: UInt8(version), universalFlags: try number(4), standardFlags: try number(4),
            leapSeconds: try number(4), times: try number(4), types: try number(4), characters: try number(4))
        guard (1...256).contains(header.types), header.characters > 0,
            [0, header.types].contains(header.universalFlags), [0, header.types].contains(header.standardFlags)
        else { throw Problem("1 to 256 local time types, and flags for all or none of them") }
        return header
    }

    /// RFC 9636 section 3.2. Times have `width` bytes.
    private mutating func block(
        _ header: Header, width: Int
    ) throws(Problem) -> (changes: [TimeZoneRules.Change], before: Int) {
        guard header.leapSeconds == 0 else { throw Problem("times without leap seconds: the zone's plain name") }
        // Before anything is set aside for as many as the header claims.
        guard header.blockBytes(width: width) <= rest.count else { throw Problem("a whole data block") }
        var times: [Int] = []
        for _ in 0..<header.times { times.append(try signed(width)) }
        guard zip(times, times.dropFirst()).allSatisfy({ $0 < $1 }) else { throw Problem("times that ascend") }
        let indices = try take(header.times)
        var offsets: [Int] = []
        for _ in 0..<header.types { offsets.append(try localTimeType(header)) }
        guard try take(header.characters).last == 0 else { throw Problem("names that end") }
        try checkFlags(header)
        guard indices.allSatisfy({ $0 < offsets.count }), let before = offsets.first else {
            throw Problem("local time types that are there")
        }
        return (zip(times, indices).map { .init(time: $0, offset: offsets[Int($1)]) }, before)
    }

    /// Seconds ahead of UTC.
    private mutating func localTimeType(_ header: Header) throws(Problem) -> Int {
        let offset = try signed(4)
        guard Self.offsets.contains(offset), try number(1) <= 1, try number(1) < header.characters else {
            throw Problem("an offset of at most a day, daylight saving or not, and a name that is there")
        }
        return offset
    }

    /// Of no use to us: how times in a TZ string without rules were meant.
    private mutating func checkFlags(_ header: Header) throws(Problem) {
        let standard = try take(header.standardFlags)
        let universal = try take(header.universalFlags)
        guard standard.allSatisfy({ $0 <= 1 }), universal.allSatisfy({ $0 <= 1 }) else {
            throw Problem("flags of 0 or 1")
        }
    }

    /// A line between two line feeds, the last thing in the file. Nil when it is empty.
    private mutating func footer() throws(Problem) -> TimeZoneFooter? {
        let lineFeed = UInt8(ascii: "\n")
        guard rest.count >= 2, rest.first == lineFeed, rest.last == lineFeed else { throw Problem("a footer") }
        let text = rest.dropFirst().dropLast()
        guard !text.isEmpty else { return nil }
        guard let footer = TimeZoneFooter(text) else { throw Problem("a footer such as CET-1CEST,M3.5.0,M10.5.0/3") }
        return footer
    }

    // MARK: bytes

    private mutating func take(_ count: Int) throws(Problem) -> ArraySlice<UInt8> {
        guard count <= rest.count else { throw Problem("a whole file") }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    /// Of at most 4 bytes.
    private mutating func number(_ width: Int) throws(Problem) -> Int {
        try take(width).reduce(0) { $0 << 8 | Int($1) }
    }

    /// Of 4 or 8 bytes, in two's complement.
    private mutating func signed(_ width: Int) throws(Problem) -> Int {
        let bits = try take(width).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return width == 4 ? Int(Int32(truncatingIfNeeded: bits)) : Int(Int64(bitPattern: bits))
    }
}
