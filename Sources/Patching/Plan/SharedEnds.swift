import Primitives

/// A text coded against another: the bytes shared at the beginning, those shared at the end, and what stands between.
struct SharedEnds {
    let prefix: Int
    let suffix: Int
    let middle: ArraySlice<UInt8>

    init(_ text: ByteString, against base: ByteString) {
        let (text, base) = (text.bytes, base.bytes)
        let shorter = min(text.count, base.count)
        var prefix = 0
        while prefix < shorter, text[prefix] == base[prefix] { prefix += 1 }
        var suffix = 0
        while suffix < shorter - prefix, text[text.count - 1 - suffix] == base[base.count - 1 - suffix] { suffix += 1 }
        (self.prefix, self.suffix) = (prefix, suffix)
        middle = text[prefix..<text.count - suffix]
    }

    /// Bytes it is written in, for lengths below 128.
    var cost: Int { middle.count }

    func write(to writer: inout NumberWriter) {
        writer.append(prefix)
        writer.append(suffix)
        writer.append(middle.count)
        writer.append(middle)
    }

    static func read(
        _ reader: inout NumberReader, against base: ByteString, limit: Int
    ) throws(PatchFault) -> ByteString {
        let prefix = try reader.number(atMost: base.count, "shared bytes")
        let suffix = try reader.number(atMost: base.count - prefix, "shared bytes")
        let middle = try reader.take(try reader.number(atMost: limit, "name bytes"))
        let text = base.bytes[..<prefix] + middle + base.bytes[(base.count - suffix)...]
        guard text.count <= limit else { throw PatchFault(.tooLarge, found: "a path of \(text.count) bytes") }
        return ByteString(Array(text))
    }
}
