import Primitives

/// Building and printing of `http:` and `https:` addresses. Nothing is normalised: what is built here is what is sent.
package enum HTTPAddress {
    /// `base`, one slash, and the segments with everything but unreserved characters (RFC 3986, 2.3) as `%XX`.
    ///
    /// A segment that is empty, `.` or `..` is refused: servers take it for a step in the tree.
    package static func join(_ base: String, _ segments: [ByteString]) throws(TransportFault) -> String {
        var result = base
        if !result.utf8.reversed().starts(with: "/".utf8) { result += "/" }
        for (index, segment) in segments.enumerated() {
            guard !segment.isEmpty, segment != ".", segment != ".." else {
                throw TransportFault(.unsafePath, found: "\"\(segment)\"", at: displayed(base))
            }
            if index > 0 { result += "/" }
            result += encode(segment)
        }
        return result
    }

    /// Like `join`, with the segments of a target path `a/b/c`.
    package static func join(_ base: String, path: ByteString) throws(TransportFault) -> String {
        let segments = path.bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        return try join(base, segments.map { ByteString(Array($0)) })
    }

    /// Throws unless `base` can be the base of addresses: http or https, a host, no query, fragment, blank or control
    /// character.
    package static func checkBase(_ base: String) throws(TransportFault) {
        guard let parts = AddressParts(base), !parts.rest.contains("?"), !parts.rest.contains("#") else {
            throw TransportFault(.invalidURL, found: displayed(base))
        }
    }

    /// Whether only Tor reaches `address`.
    package static func isOnion(_ address: String) -> Bool { AddressParts(address)?.isOnion ?? false }

    /// The address as it may be printed: without user, password and query.
    package static func displayed(_ address: String) -> String {
        guard let separator = address.firstRange(of: "://") else { return address }
        let rest = address[separator.upperBound...]
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        // Greedy, so that an `@` inside a password, even after a stray slash, cannot bring half of it to the light.
        let hostStart = rest.lastIndex(of: "@").map(rest.index(after:)) ?? authority.startIndex
        let shown = rest[hostStart...].prefix { $0 != "?" && $0 != "#" }
        return address[..<separator.upperBound] + String(shown)
    }

    private static func encode(_ segment: ByteString) -> String {
        var result = ""
        for byte in segment.bytes {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                result += "%" + Hex.encode([byte]).uppercased()
            }
        }
        return result
    }
}
