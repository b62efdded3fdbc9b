import Primitives

/// The entity tags of conditional requests (RFC 9110, 8.8.3 and 13.1).
///
/// Ours are strong and are the digest of the content: equal everywhere the same bytes are served, chosen by nobody, so
/// that a server cannot mark a client with one.
enum EntityTag {
    /// Whether an `If-None-Match` field names `tag` (with its quotes), compared weakly. `*` names every tag.
    ///
    /// What is not a tag is skipped up to the next comma: at worst the file is sent once more.
    static func isListed(_ tag: [UInt8], in field: ByteString) -> Bool {
        var rest = ASCII.trimmed(field.bytes[...])
        if rest.elementsEqual([UInt8(ascii: "*")]) { return true }
        while !rest.isEmpty {
            rest = rest.drop { ASCII.isBlank($0) || $0 == UInt8(ascii: ",") }
            if rest.starts(with: [UInt8(ascii: "W"), UInt8(ascii: "/")]) { rest = rest.dropFirst(2) }
            guard rest.first == UInt8(ascii: "\"") else {
                rest = rest.drop { $0 != UInt8(ascii: ",") }
                continue
            }
            // A comma may stand inside the quotes.
            guard let end = rest.dropFirst().firstIndex(of: UInt8(ascii: "\"")) else { return false }
            if rest[...end].elementsEqual(tag) { return true }
            rest = rest[(end + 1)...]
        }
        return false
    }

    /// Whether an `If-Range` field allows the range: it names `tag`, compared strongly. A date never does, for we send no
    /// `Last-Modified` it could have come from.
    static func allowsRange(_ tag: [UInt8], _ field: ByteString) -> Bool {
        ASCII.trimmed(field.bytes[...]).elementsEqual(tag)
    }
}
