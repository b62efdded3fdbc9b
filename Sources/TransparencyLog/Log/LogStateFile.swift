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

    private static let format = "sceau-log-state/1"

    package var encoded: [UInt8] {
        let body = body
        return Array("\(Self.format)\nsha256 \(Digest.sha256(of: body).hex)\n".utf8) + body
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
        var lines = TextLines(bytes)
        guard lines.next()?.elementsEqual(Self.format.utf8) == true,
            let digest = lines.next()?.fields(named: "sha256", count: 1)?.digests?.first
        else { throw LogFault(.malformedState, found: "another beginning", expected: Self.format) }
        guard Digest.sha256(of: Array(lines.rest)) == digest else {
            throw LogFault(.malformedState, found: "damaged content")
        }
        guard let state = Self.read(&lines), state.encoded == bytes else {
            throw LogFault(.malformedState, found: "content that no version of the program writes")
        }
        self = state
    }

    /// Lenient: what it makes of the lines is written again and compared.
    private static func read(_ text: inout TextLines) -> LogState? {
        guard let size = text.next()?.fields(named: "size", count: 1)?.first?.wholeNumber,
            let bundleBytes = text.next()?.fields(named: "bundle", count: 1)?.first?.wholeNumber,
            let hashes = text.next()?.fields(named: "edge")?.digests,
            let edge = try? RightEdge(size: size, hashes: hashes)
        else { return nil }
        var facts = Facts()
        while let line = text.next() {
            guard !line.isEmpty else {
                return LogState(
                    edge: edge, ledger: facts.ledger(size: size), bundleBytes: bundleBytes,
                    checkpoint: Array(text.rest), lines: facts.lines)
            }
            guard facts.add(line) else { return nil }
        }
        return nil
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

/// What the lines of a ledger say.
private struct Facts {
    var metadata: [(role: ByteString, versions: LogLedger.Versions)] = []
    var releases: [LogLedger.Release] = []
    var notices: [LogLedger.Notice] = []
    var lines: [LogState.Line] = []

    func ledger(size: Int) -> LogLedger? {
        LogLedger(size: size, metadata: metadata, releases: releases, notices: notices)
    }

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
        guard fields.count >= 4, let first = fields[1].wholeNumber, let newest = fields[2].wholeNumber,
            let digests = fields.dropFirst(3).digests
        else { return false }
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

extension Collection<ByteString> {
    /// All of them as digests; nil unless all are.
    fileprivate var digests: [Digest]? {
        let digests = compactMap { Digest(hex: $0) }
        return digests.count == count ? digests : nil
    }
}
