import Primitives
import Signatures

/// One entry of the log: a file, and what it is.
///
///     sceau-log/1 <kind> <role> <version> <sha256 of the content, hex>
///     <content, byte for byte>
package struct LogEntry: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// The metadata of a role, as published.
        case root, targets, snapshot, delegated
        /// The `release.json` of a release, under the role of its channel.
        case release
        /// Something the log's owner tells its readers.
        case notice

        init?(spelled text: ByteString) {
            guard let kind = Self.allCases.first(where: { $0.spelling == text }) else { return nil }
            self = kind
        }

        var spelling: ByteString { ByteString(rawValue) }
    }

    /// The role a notice stands under.
    package static let noticeRole: ByteString = "log"
    /// Bytes of the longest role and version.
    package static let wordLimit = 255

    package let kind: Kind
    package let role: ByteString
    package let version: ByteString
    package let content: [UInt8]
    /// Of the content.
    package let digest: Digest

    /// Not checked: `encoded` and `LogLedger` do that.
    package init(kind: Kind, role: ByteString, version: ByteString, content: [UInt8]) {
        self.init(
            kind: kind, role: role, version: version, content: content, digest: .sha256(of: content))
    }

    private init(kind: Kind, role: ByteString, version: ByteString, content: [UInt8], digest: Digest) {
        self.kind = kind
        self.role = role
        self.version = version
        self.content = content
        self.digest = digest
    }

    /// Throws `log/malformed-entry` for anything that is not spelled as `encoded` spells it, and `log/entry-too-long`.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard let end = bytes.prefix(Self.headLimit).firstIndex(of: UInt8(ascii: "\n")) else {
            throw LogFault(.malformedEntry, found: "no first line")
        }
        let words = bytes[..<end].split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
            .map { ByteString(Array($0)) }
        guard words.count == 5, words[0] == Self.format, let kind = Kind(spelled: words[1]) else {
            throw LogFault(.malformedEntry, found: ByteString(Array(bytes[..<end])).description)
        }
        self.init(kind: kind, role: words[2], version: words[3], content: Array(bytes[(end + 1)...]))
        guard Digest(hex: words[4]) == digest else {
            throw LogFault(.malformedEntry, found: words[4].description, expected: digest.hex, at: name)
        }
        try check()
    }

    /// Throws `log/malformed-entry` when role or version is nothing this kind of entry has, and `log/entry-too-long` when
    /// the whole is longer than a bundle can hold.
    package var encoded: [UInt8] {
        get throws(LogFault) {
            try check()
            return head + content
        }
    }

    /// `delegated blowfish-stable 12`, `root 3`, for people.
    package var name: String { role == kind.spelling ? "\(role) \(version)" : "\(kind.rawValue) \(role) \(version)" }

    /// The number of metadata or of a notice, from 1; nil of a release, and when it is not spelled as numbers are.
    package var number: Int? { kind == .release ? nil : version.wholeNumber.flatMap { $0 > 0 ? $0 : nil } }

    // MARK: form

    private static let format: ByteString = "sceau-log/1"
    private static let headLimit = 2 * wordLimit + 128
    /// Names of roles that no delegated role has: an entry must not pass for that of another kind.
    private static let reserved: Set<ByteString> = ["root", "targets", "snapshot", "timestamp", noticeRole]

    private var head: [UInt8] {
        var head = Self.format.bytes
        for word in [kind.spelling.bytes, role.bytes, version.bytes, Array(digest.hex.utf8)] {
            head.append(UInt8(ascii: " "))
            head += word
        }
        head.append(UInt8(ascii: "\n"))
        return head
    }

    /// Throws like `encoded`.
    func check() throws(LogFault) {
        guard Self.isWord(role), Self.isWord(version) else { throw LogFault(.malformedEntry, found: name) }
        let isProper =
            switch kind {
            case .root, .targets, .snapshot: role == kind.spelling && number != nil
            case .delegated: Self.isDelegatedRole(role) && number != nil
            case .release: Self.isDelegatedRole(role)
            case .notice: role == Self.noticeRole && number != nil
            }
        guard isProper else { throw LogFault(.malformedEntry, found: name) }
        let words = [Self.format.count, kind.spelling.count, role.count, version.count, 2 * Digest.byteCount]
        let length = words.reduce(0) { $0 + $1 + 1 } + content.count
        guard length <= EntryBundle.entryLimit else {
            throw LogFault(
                .entryTooLong, found: "\(length) bytes", expected: "at most \(EntryBundle.entryLimit)", at: name)
        }
    }

    static func isDelegatedRole(_ role: ByteString) -> Bool { isWord(role) && !reserved.contains(role) }

    static func isMetadataRole(_ role: ByteString) -> Bool {
        isDelegatedRole(role) || ["root", "targets", "snapshot"].contains(role)
    }

    /// 1 to 255 visible ASCII characters.
    static func isWord(_ text: ByteString) -> Bool {
        1...wordLimit ~= text.count && text.bytes.allSatisfy { 0x21...0x7E ~= $0 }
    }
}

extension ByteString {
    /// A size, index or version of a log.
    var wholeNumber: Int? { Decimal.decode(bytes[...], limit: LogSize.limit) }
}
