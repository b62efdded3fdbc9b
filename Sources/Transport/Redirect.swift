import Primitives

/// Where a server may send a request on to; Documentation/fetching.md says why.
///
/// Over `http` to the same server only: whoever sits on the line could name any other, and have us ask machines that only
/// we can reach. Over `https` also to another public name, for that one has to prove itself with a certificate. Never to
/// the other scheme, and never from the open net to an onion address or back.
struct Redirect {
    private let from: AddressParts
    private let url: String

    /// Bytes of an address that a server may name.
    private static let longest = 4096

    /// `url`: the address that was asked.
    init?(from url: String) {
        guard let parts = AddressParts(url) else { return nil }
        from = parts
        self.url = url
    }

    enum Answer {
        case follow(String)
        /// With what would have been followed.
        case refuse(expected: String)
    }

    func judge(_ location: ByteString) -> Answer {
        guard location.bytes.count <= Self.longest,
            let target = resolve(String(decoding: location.bytes, as: UTF8.self)),
            let to = AddressParts(target)
        else { return .refuse(expected: "an \(from.scheme) address of at most \(Self.longest) characters") }
        guard to.scheme == from.scheme else { return .refuse(expected: "\(from.scheme) again") }
        if to.isSameServer(as: from) {
            return .follow(from.scheme + "://" + from.userInfo + from.authority + to.rest)
        }
        guard from.scheme == "https" else { return .refuse(expected: "the same server, as it is not https") }
        guard to.isOnion == from.isOnion else { return .refuse(expected: "an address in the same net") }
        guard to.isPublicName else { return .refuse(expected: "the same server, or a name with a domain") }
        return .follow(to.scheme + "://" + to.authority + to.rest)
    }

    /// The whole address that `location` means (RFC 3986, 5.2), without its fragment. Nil for steps in a tree: those we
    /// never send, and a server that means a path can name it.
    private func resolve(_ location: String) -> String? {
        let location = location.prefix { $0 != "#" }
        if location.hasPrefix("//") { return "\(from.scheme):\(location)" }
        let base = "\(from.scheme)://\(from.authority)"
        if location.hasPrefix("/") { return base + location }
        let path = location.prefix { $0 != "?" }
        // What stands before a colon in the first segment is a scheme.
        if path.prefix(while: { $0 != "/" }).contains(":") { return String(location) }
        guard !path.isEmpty, !path.split(separator: "/").contains(where: { $0 == "." || $0 == ".." }) else {
            return nil
        }
        let asked = from.rest.prefix { $0 != "?" }
        let folder = asked.lastIndex(of: "/").map { asked[...$0] } ?? "/"
        return base + folder + location
    }
}
