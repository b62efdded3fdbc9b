import Primitives

/// From the target of a request to the name of a published file, and nothing else.
///
/// A path is compared with the catalogue, never handed to the file system. The rules here are therefore a second lock,
/// and they keep one file from having two names: percent-encoding is undone exactly once, and nothing is normalised.
package enum RequestPath {
    /// Bytes of a request target; longer ones name nothing.
    package static let maximumLength = 4096

    /// The path relative to the published folder (`metadata/timestamp.json`), or nil when no file can have this name.
    ///
    /// Takes the origin form (`/a/b?query`) and the absolute form (`http://host/a/b`); the query is ignored, for mirrors
    /// that append one. `/` is `index.html`.
    package static func decode(_ target: ByteString) -> ByteString? {
        guard target.count <= maximumLength, let origin = originForm(target.bytes[...]) else { return nil }
        let encoded = origin.prefix { $0 != UInt8(ascii: "?") }
        guard encoded.first == UInt8(ascii: "/"), let path = percentDecode(encoded.dropFirst()) else { return nil }
        if path.isEmpty { return "index.html" }
        let segments = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return segments.allSatisfy(isPublishable) ? ByteString(path) : nil
    }

    /// Whether a file or folder of this name may be published: not empty, no leading dot (so neither `..` nor a hidden or
    /// unfinished file), no slash, no backslash, no control character.
    package static func isPublishable(_ segment: some Collection<UInt8>) -> Bool {
        guard let first = segment.first, first != UInt8(ascii: ".") else { return false }
        return segment.allSatisfy { $0 >= 0x20 && $0 != 0x7f && $0 != UInt8(ascii: "\\") && $0 != UInt8(ascii: "/") }
    }

    /// RFC 9112, 3.2.2: a server must take the absolute form as well. Whatever host it names, it means us.
    private static func originForm(_ target: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        if target.first == UInt8(ascii: "/") { return target }
        for scheme in ["http://", "https://"] where target.starts(with: scheme.utf8) {
            let rest = target.dropFirst(scheme.utf8.count)
            return rest.firstIndex(of: UInt8(ascii: "/")).map { rest[$0...] }
        }
        return nil
    }

    /// Nil for a broken escape, and for an escaped slash: it would look like a separator to us and not to a proxy.
    private static func percentDecode(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        guard bytes.contains(UInt8(ascii: "%")) else { return Array(bytes) }
        var result: [UInt8] = []
        var rest = bytes
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                result.append(byte)
                continue
            }
            guard rest.count >= 2, let value = Hex.decode(rest.prefix(2))?.first, value != UInt8(ascii: "/") else {
                return nil
            }
            result.append(value)
            rest = rest.dropFirst(2)
        }
        return result
    }
}
