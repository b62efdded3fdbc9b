import Primitives
import Signatures

/// The file of a `LogState`: text, one fact a line, an empty line, the checkpoint's note.
///
///     sceau-log-state/1
///     sha256 <hex digest of everything below this line>
///     size <entries>
///     bundle <bytes of the last bundle when it is not full, else 0>
///     edge <hash>...
///     metadata <role> <first version logged> <newest> <digest>...      sorted by role
///     release <role> <version> <index> <digest>                        in the order of the log
///     notice <number> <index> <content, hex>
///     extra <name> <value>                                             of whoever keeps the state
///
///     <note>
///
/// Who reads it trusts it, so it must not change by itself: that is what its own digest is for.
extension LogState {
    /// Far above what any log of releases leads to.
    package static let byteLimit = 256 << 20

    private static let format = "sceau-log-state/1\n"

    package var encoded: [UInt8] {
        let body = body
        return Array("\(Self.format)sha256 \(Digest.sha256(of: body).hex)\n".utf8) + body
    }

    private var body: [UInt8] {
        var text = Text()
        text.line("size", [.number(size)])
        text.line("bundle", [.number(bundleBytes)])
        text.line("edge", edge.hashes.map(ByteString.hex))
        for (role, versions) in ledger.metadata.sorted(by: { $0.key < $1.key }) {
            let words = [role, .number(versions.first), .number(versions.newest)]
            text.line("metadata", words + versions.digests.map(ByteString.hex))
        }
        for release in ledger.releases {
            text.line("release", [release.role, release.version, .number(release.index), .hex(release.digest)])
        }
        for notice in ledger.notices {
            let content = ByteString(Hex.encode(notice.content))
            text.line("notice", [.number(notice.number), .number(notice.index), content])
        }
        for line in lines { text.line("extra", [line.name, line.value]) }
        text.line("", [])
        return text.bytes + checkpoint
    }

    /// Throws `log/malformed-state` for anything but what `encoded` writes.
    package init(decoding bytes: [UInt8]) throws(LogFault) {
        guard bytes.count <= Self.byteLimit else {
            throw LogFault(.malformedState, found: "\(bytes.count) bytes", expected: "at most \(Self.byteLimit)")
        }
        var reader = Reader(rest: bytes[...])
        guard bytes.starts(with: Self.format.utf8), reader.skip(Self.format.utf8.count),
            let digest = reader.line()?.fields(named: "sha256", count: 1)?.first.flatMap({ Digest(hex: $0) })
        else { throw LogFault(.malformedState, found: "another beginning", expected: "sceau-log-state/1") }
        guard Digest.sha256(of: Array(reader.rest)) == digest else {
            throw LogFault(.malformedState, found: "damaged content")
        }
        guard let state = reader.state(), state.encoded == bytes else {
            throw LogFault(.malformedState, found: "content no version of the program writes")
        }
        self = state
    }
}

/// Lines being written.
private struct Text {
    var bytes: [UInt8] = []

    mutating func line(_ name: String, _ words: [ByteString]) {
        bytes += name.utf8
        for word in words {
            bytes.append(UInt8(ascii: " "))
            bytes += word.bytes
        }
        bytes.append(UInt8(ascii: "\n"))
    }
}

/// Lines being read. It is lenient, since what it makes of them is written again and compared.
private struct Reader {
    var rest: ArraySlice<UInt8>

    mutating func skip(_ count: Int) -> Bool {
        guard rest.count >= count else { return false }
        rest = rest.dropFirst(count)
        return true
    }

    /// Without its end; nil at the end of the text.
    mutating func line() -> ArraySlice<UInt8>? {
        guard let end = rest.firstIndex(of: UInt8(ascii: "\n")) else { return nil }
        let line = rest[..<end]
        rest = rest[(end + 1)...]
        return line
    }

    mutating func state() -> LogState? {
        guard let size = line()?.fields(named: "size", count: 1)?.first?.wholeNumber,
            let bundleBytes = line()?.fields(named: "bundle", count: 1)?.first?.wholeNumber,
            let edge = line()?.fields(named: "edge").flatMap({ RightEdge(size: size, fields: $0) })
        else { return nil }
        var facts = Facts()
        while let line = line() {
            if line.isEmpty {
                return LogLedger(
                    size: size, metadata: facts.metadata, releases: facts.releases, notices: facts.notices
                ).flatMap {
                    LogState(
                        edge: edge, ledger: $0, bundleBytes: bundleBytes, checkpoint: Array(rest),
                        lines: facts.lines)
                }
            }
            guard facts.add(line) else { return nil }
        }
        return nil
    }
}

/// What the lines of a ledger say.
private struct Facts {
    var metadata: [(role: ByteString, versions: LogLedger.Versions)] = []
    var releases: [LogLedger.Release] = []
    var notices: [LogLedger.Notice] = []
    var lines: [LogState.Line] = []

    mutating func add(_ line: ArraySlice<UInt8>) -> Bool {
        if let fields = line.fields(named: "release", count: 4) { return addRelease(fields) }
        if let fields = line.fields(named: "metadata") { return addMetadata(fields) }
        if let fields = line.fields(named: "notice", count: 3) { return addNotice(fields) }
        return addExtra(line)
    }

    private mutating func addRelease(_ fields: [ByteString]) -> Bool {
        guard let index = fields[2].wholeNumber, let digest = Digest(hex: fields[3]) else { return false }
        releases.append(LogLedger.Release(role: fields[0], version: fields[1], index: index, digest: digest))
        return true
    }

    private mutating func addMetadata(_ fields: [ByteString]) -> Bool {
        guard fields.count >= 4, let first = fields[1].wholeNumber, let newest = fields[2].wholeNumber else { return false }
        let digests = fields.dropFirst(3).compactMap { Digest(hex: $0) }
        guard digests.count == fields.count - 3 else { return false }
        metadata.append((fields[0], LogLedger.Versions(first: first, newest: newest, digests: digests)))
        return true
    }

    private mutating func addNotice(_ fields: [ByteString]) -> Bool {
        guard let number = fields[0].wholeNumber, let index = fields[1].wholeNumber,
            let content = Hex.decode(fields[2].bytes)
        else { return false }
        notices.append(LogLedger.Notice(number: number, index: index, content: content))
        return true
    }

    private mutating func addExtra(_ line: ArraySlice<UInt8>) -> Bool {
        let words = line.split(separator: UInt8(ascii: " "), maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3, words[0].elementsEqual("extra".utf8),
            let line = try? LogState.Line(name: ByteString(Array(words[1])), value: ByteString(Array(words[2])))
        else { return false }
        lines.append(line)
        return true
    }
}

extension ArraySlice<UInt8> {
    /// The words after the first, when that is `name` and there are `count` of them.
    fileprivate func fields(named name: String, count: Int? = nil) -> [ByteString]? {
        guard starts(with: name.utf8) else { return nil }
        let words = split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
        guard words[0].count == name.utf8.count, count == nil || count == words.count - 1 else { return nil }
        return words.dropFirst().map { ByteString(Array($0)) }
    }
}

extension ByteString {
    fileprivate static func number(_ number: Int) -> ByteString { ByteString(String(number)) }
    fileprivate static func hex(_ digest: Digest) -> ByteString { ByteString(digest.hex) }
}

extension RightEdge {
    fileprivate init?(size: Int, fields: [ByteString]) {
        let hashes = fields.compactMap { Digest(hex: $0) }
        guard hashes.count == fields.count else { return nil }
        try? self.init(size: size, hashes: hashes)
    }
}
