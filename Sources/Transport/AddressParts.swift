/// An address taken apart, for comparing: whom it reaches, and what is asked there.
///
/// Strict where libcurl is generous: a host is letters, digits, `.`, `-` and `_`, or stands in brackets. A name that is
/// spelled with percent signs could be another one than it seems.
struct AddressParts {
    /// `https` or `http`.
    let scheme: String
    /// With its `@`, or empty.
    let userInfo: String
    /// Lower case, without a dot at its end.
    let host: String
    let port: Int
    /// As spelled, with the port if there is one.
    let authority: String
    /// Path and query, as spelled; empty, or beginning with a slash.
    let rest: String

    init?(_ address: String) {
        guard address.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }),
            let scheme = ["https", "http"].first(where: { address.hasPrefix($0 + "://") })
        else { return nil }
        let afterScheme = address.dropFirst(scheme.count + 3)
        let whole = afterScheme.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = afterScheme[whole.endIndex...]
        guard rest.isEmpty || rest.hasPrefix("/") else { return nil }
        let hostStart = whole.lastIndex(of: "@").map(whole.index(after:)) ?? whole.startIndex
        let authority = whole[hostStart...]
        guard let (host, port) = Self.split(authority, scheme: scheme) else { return nil }
        self.scheme = scheme
        self.userInfo = String(whole[..<hostStart])
        self.host = host
        self.port = port
        self.authority = String(authority)
        self.rest = String(rest)
    }

    private static func split(_ authority: Substring, scheme: String) -> (host: String, port: Int)? {
        let isBracketed = authority.hasPrefix("[")
        let end =
            isBracketed
            ? authority.firstIndex(of: "]").map(authority.index(after:)) : authority.firstIndex { $0 == ":" }
        guard let hostEnd = end ?? (isBracketed ? nil : authority.endIndex) else { return nil }
        let name = authority[..<hostEnd]
        let host = (name.hasSuffix(".") ? name.dropLast() : name).lowercased()
        guard isHost(host, isBracketed: isBracketed) else { return nil }
        let rest = authority[hostEnd...]
        if rest.isEmpty { return (host, scheme == "https" ? 443 : 80) }
        let digits = rest.dropFirst()
        guard rest.hasPrefix(":"), digits.count <= 5, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
            let port = Int(digits), (1...65535).contains(port)
        else { return nil }
        return (host, port)
    }

    private static func isHost(_ host: String, isBracketed: Bool) -> Bool {
        guard !host.isEmpty, !host.hasPrefix("."), !host.hasSuffix("."), !host.contains("..") else { return false }
        let inner = isBracketed ? host.dropFirst().dropLast() : host[...]
        let others = isBracketed ? ":." : ".-_"
        return !inner.isEmpty
            && inner.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) || (0x30...0x39).contains(byte)
                    || others.utf8.contains(byte)
            }
    }

    /// A name that only Tor can reach.
    var isOnion: Bool { host.hasSuffix(".onion") }

    /// A name that others can look up too: with a dot, and not ending in a number as addresses of all spellings do.
    var isPublicName: Bool {
        guard !host.hasPrefix("["), let last = host.split(separator: ".").last, host.contains(".") else { return false }
        return !(last.utf8.first.map { (0x30...0x39).contains($0) } ?? true)
    }

    func isSameServer(as other: AddressParts) -> Bool {
        scheme == other.scheme && host == other.host && port == other.port
    }
}
