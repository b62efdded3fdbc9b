import Primitives

/// What a `Range` field asks for, of a file whose length is known (RFC 9110, 14).
package enum ByteRange: Equatable, Sendable {
    /// No range, or one this server does not honour: several ranges, another unit, a wrong spelling.
    case whole
    /// Not empty, and inside the file.
    case part(Range<Int>)
    /// Well formed, but no byte of the file is in it.
    case unsatisfiable

    package init(_ field: ByteString?, length: Int) {
        let unit = Array("bytes=".utf8)
        guard let field, field.bytes.prefix(unit.count).map(ASCII.lowercased) == unit else {
            self = .whole
            return
        }
        let specification = ASCII.trimmed(field.bytes.dropFirst(unit.count))
        let bounds = specification.split(
            separator: UInt8(ascii: "-"), maxSplits: 1, omittingEmptySubsequences: false)
        guard bounds.count == 2, let first = Bound(bounds[0]), let last = Bound(bounds[1]) else {
            self = .whole
            return
        }
        self.init(first, last, length: length)
    }

    private init(_ first: Bound, _ last: Bound, length: Int) {
        switch (first, last) {
        case (.absent, .absent):
            self = .whole
        case (.absent, .position(let count)):
            self = count > 0 && length > 0 ? .part(max(0, length - count)..<length) : .unsatisfiable
        case (.position(let start), .absent):
            self = start < length ? .part(start..<length) : .unsatisfiable
        case (.position(let start), .position(let end)):
            guard start <= end else {
                self = .whole
                return
            }
            self = start < length ? .part(start..<(min(end, length - 1) + 1)) : .unsatisfiable
        }
    }

    /// One side of the dash.
    private enum Bound {
        case absent
        case position(Int)

        /// Nil when there is anything but digits. A number too large for `Int` is as good as the largest one.
        init?(_ digits: ArraySlice<UInt8>) {
            guard digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
            self = digits.isEmpty ? .absent : .position(Int(String(decoding: digits, as: UTF8.self)) ?? .max)
        }
    }
}

/// Letters and blanks of header fields.
enum ASCII {
    static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

    static func trimmed(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        var result = bytes.drop(while: isBlank)
        while let last = result.last, isBlank(last) { result.removeLast() }
        return result
    }
}
