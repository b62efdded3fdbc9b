import Primitives

/// The short name of a product or of a channel: `[a-z0-9][a-z0-9-]{0,31}`. `Kind` only keeps the two apart.
package struct Label<Kind>: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: ByteString

    package init(_ text: ByteString) throws(ReleaseFault) {
        guard (1...32).contains(text.count), text.bytes.first != UInt8(ascii: "-"),
            text.bytes.allSatisfy({ $0.isLowercaseLetter || $0.isDigit || $0 == UInt8(ascii: "-") })
        else {
            throw ReleaseFault(
                .invalidName, found: "\"\(text)\"",
                expected: "1 to 32 of a-z, 0-9 and -, the first not a -")
        }
        self.text = text
    }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    package var description: String { text.description }
}

package enum ProductLabel {}
package enum ChannelLabel {}
package typealias ProductName = Label<ProductLabel>
package typealias ChannelName = Label<ChannelLabel>

/// The name of one file of a release, safe in a URL and on any file system: `[A-Za-z0-9][A-Za-z0-9._+-]{0,127}`.
package struct ReleaseFileName: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: ByteString

    package init(_ text: ByteString) throws(ReleaseFault) {
        guard (1...128).contains(text.count), let first = text.bytes.first, first.isASCIILetter || first.isDigit,
            text.bytes.allSatisfy({ $0.isASCIILetter || $0.isDigit || "._+-".utf8.contains($0) })
        else {
            throw ReleaseFault(
                .invalidName, found: "\"\(text)\"",
                expected: "1 to 128 of A-Z, a-z, 0-9, '.', '_', '+' and '-', the first a letter or digit")
        }
        self.text = text
    }

    fileprivate init(unchecked text: ByteString) {
        self.text = text
    }

    package static let manifest = ReleaseFileName(unchecked: "release.json")
    package static let listing = ReleaseFileName(unchecked: "tree.mtree")
    /// The other files of a release with their digests, as `sha256sum -c` reads them.
    package static let sums = ReleaseFileName(unchecked: "SHA256SUMS")

    /// `<product>-<version>.tar.zst`; within the limit, since a label has at most 32 and a version at most 64 bytes.
    package static func archive(_ product: ProductName, _ version: Version) -> ReleaseFileName {
        ReleaseFileName(unchecked: ByteString("\(product)-\(version).tar.zst"))
    }

    /// The archive's signature for minisign: `<archive>.minisig`; likewise within the limit.
    package static func minisig(_ product: ProductName, _ version: Version) -> ReleaseFileName {
        ReleaseFileName(unchecked: ByteString("\(archive(product, version)).minisig"))
    }

    /// `<product>-<version>.from-<earlier>.patch`. Throws when long versions make the name too long.
    package static func patch(
        _ product: ProductName, from earlier: Version, to version: Version
    ) throws(ReleaseFault) -> ReleaseFileName {
        try ReleaseFileName(ByteString("\(product)-\(version).from-\(earlier).patch"))
    }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    package var description: String { text.description }
}

/// The identifier of an advisory, such as `CVE-2026-12345`: `[A-Za-z0-9][A-Za-z0-9._-]{0,63}`.
package struct AdvisoryID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: ByteString

    package init(_ text: ByteString) throws(ReleaseFault) {
        guard text.count <= 64, (try? ReleaseFileName(text)) != nil, !text.bytes.contains(UInt8(ascii: "+")) else {
            throw ReleaseFault(
                .invalidName, found: "\"\(text)\"",
                expected: "an advisory id: 1 to 64 of A-Z, a-z, 0-9, '.', '_' and '-', the first a letter or digit")
        }
        self.text = text
    }

    /// `<ID>.json`.
    package var file: ReleaseFileName { ReleaseFileName(unchecked: ByteString("\(self).json")) }

    package static func < (left: Self, right: Self) -> Bool { left.text < right.text }
    package var description: String { text.description }
}

extension UInt8 {
    var isDigit: Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(self) }
    var isLowercaseLetter: Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(self) }
    var isASCIILetter: Bool { isLowercaseLetter || (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) }
}
