import Primitives

/// A bundle's content: entries, each behind its length in two bytes, big-endian. A longer bundle begins with the shorter
/// one it grew from, and any whole entries from its middle decode as well.
package enum EntryBundle {
    /// Bytes of the longest entry.
    package static let entryLimit = 65_535
    /// Bytes that the longest entry takes in a bundle.
    package static let entryByteLimit = entryLimit + 2
    /// Bytes of the longest bundle.
    package static let byteLimit = TileShape.width * entryByteLimit

    /// Throws `log/malformed-bundle` unless `bytes` are exactly `width` entries, 1 to 256.
    package static func decode(_ bytes: [UInt8], width: Int) throws(LogFault) -> [[UInt8]] {
        guard 1...TileShape.width ~= width else { throw LogFault(.malformedBundle, found: "\(width) entries") }
        var entries: [[UInt8]] = []
        entries.reserveCapacity(width)
        var rest = bytes[...]
        while entries.count < width {
            guard let high = rest.popFirst(), let low = rest.popFirst() else { throw endsEarly(entries.count, width) }
            let length = Int(high) << 8 | Int(low)
            guard rest.count >= length else { throw endsEarly(entries.count, width) }
            entries.append(Array(rest.prefix(length)))
            rest = rest.dropFirst(length)
        }
        guard rest.isEmpty else {
            throw LogFault(.malformedBundle, found: "\(rest.count) bytes more", expected: "\(width) entries")
        }
        return entries
    }

    private static func endsEarly(_ count: Int, _ width: Int) -> LogFault {
        LogFault(.malformedBundle, found: "\(count) entries", expected: "\(width)")
    }

    /// Throws `log/entry-too-long`, and `log/malformed-bundle` unless there are 1 to 256 entries.
    package static func encode(_ entries: [[UInt8]]) throws(LogFault) -> [UInt8] {
        guard 1...TileShape.width ~= entries.count else {
            throw LogFault(.malformedBundle, found: "\(entries.count) entries", expected: "1 to \(TileShape.width)")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(entries.reduce(0) { $0 + encodedLength($1) })
        for entry in entries {
            guard entry.count <= entryLimit else {
                throw LogFault(.entryTooLong, found: "\(entry.count) bytes", expected: "at most \(entryLimit)")
            }
            bytes.append(UInt8(entry.count >> 8))
            bytes.append(UInt8(entry.count & 0xFF))
            bytes += entry
        }
        return bytes
    }

    /// Bytes an entry takes in a bundle.
    package static func encodedLength(_ entry: [UInt8]) -> Int { entry.count + 2 }
}
