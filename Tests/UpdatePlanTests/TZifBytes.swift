import FoundationEssentials
import Primitives

@testable import UpdatePlan

/// A TZif file, made field by field as RFC 9636 section 3 lists them, right or wrong.
struct TZifBytes {
    var version = UInt8(ascii: "2")
    /// Of the second header; that of the first when nil.
    var secondVersion: UInt8?
    /// Seconds since 1970, and the index of the type that begins then.
    var changes: [(time: Int64, type: UInt8)] = []
    /// Seconds ahead of UTC.
    var offsets: [Int32] = [0]
    var names: [UInt8] = Array("UTC\0".utf8)
    var leapSeconds = 0
    var flags: [UInt8] = []
    var footer: String? = "UTC0"

    var bytes: [UInt8] {
        let first = header(version) + block(version == 0 ? 4 : 8)
        // What the first block of two says is nobody's concern, only how long it is.
        return version == 0 ? first : header(version) + block(4) + header(secondVersion ?? version) + block(8) + end
    }

    private var end: [UInt8] { footer.map { Array("\n\($0)\n".utf8) } ?? [] }

    private func header(_ version: UInt8) -> [UInt8] {
        let counts = [flags.count, flags.count, leapSeconds, changes.count, offsets.count, names.count]
        return Array("TZif".utf8) + [version] + [UInt8](repeating: 0, count: 15) + counts.flatMap { big($0, 4) }
    }

    private func block(_ width: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        for change in changes { bytes += big(Int(change.time), width) }
        bytes += changes.map(\.type)
        for offset in offsets { bytes += big(Int(offset), 4) + [0, 0] }
        bytes += names
        bytes += [UInt8](repeating: 0, count: leapSeconds * (width + 4))
        return bytes + flags + flags
    }

    private func big(_ number: Int, _ width: Int) -> [UInt8] {
        (0..<width).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}

extension TimeZoneRules {
    static func decode(_ bytes: [UInt8]) throws(UpdatePlanFault) -> TimeZoneRules {
        try decode(bytes, name: "Test/Zone", file: "zone")
    }

    /// A zone that has had the same rule at all times.
    static func always(_ footer: String, name: String = "Test/Zone") throws -> TimeZoneRules {
        try decode(TZifBytes(footer: footer).bytes, name: name, file: "zone")
    }
}

/// `YYYY-MM-DDTHH:MM:SS`, in UTC.
func utc(_ text: String) throws -> Date {
    struct NoTime: Error {}
    guard let time = UTCTime.decode(ByteString(text + "Z")) else { throw NoTime() }
    return time
}
