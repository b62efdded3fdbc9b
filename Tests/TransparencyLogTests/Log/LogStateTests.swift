import Foundation
import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("What a reader of a log remembers")
struct LogStateTests {
    static func state() throws -> LogState {
        var state = LogState()
        try state.read(LogLedgerTests.history.map { try $0.encoded })
        state.checkpoint = Array("log.example.org\n13\n…\n\n— log.example.org …\n".utf8)
        state.lines = [
            try LogState.Line(name: "latest-time", value: "2026-11-23T20:00:00Z"),
            try LogState.Line(name: "seen", value: "a-stable 1.0 2026-11-23T20:00:00Z"),
            try LogState.Line(name: "seen", value: ""),
        ]
        return state
    }

    @Test func `what is remembered comes back`() throws {
        for state in [LogState(), try Self.state()] {
            #expect(try LogState(decoding: state.encoded) == state)
        }
        let state = try LogState(decoding: Self.state().encoded)
        #expect(state.size == 13 && state.ledger.size == 13 && state.edge.hashes.count == 3)
        #expect(state.ledger.release("a-stable", "1.1") == LogLedgerTests.digest("two"))
    }

    @Test func `the file is text that people can read`() throws {
        let lines = String(decoding: try Self.state().encoded, as: UTF8.self).split(separator: "\n")
        #expect(lines[0] == "sceau-log-state/1" && lines[1].hasPrefix("sha256 ") && lines[2] == "size 13")
        let digest = LogLedgerTests.digest("one").hex
        #expect(lines.contains("release a-stable 1.0 5 \(digest)"))
        #expect(lines.contains { $0.hasPrefix("metadata root 1 3 ") } && lines.contains("notice 1 6 6e31"))
        #expect(lines.contains("extra seen a-stable 1.0 2026-11-23T20:00:00Z"))
    }

    @Test func `a log read in pieces is the log read at once`() throws {
        let entries = try LogLedgerTests.history.map { try $0.encoded }
        var (pieces, log) = (LogState(), MemoryLog())
        for entry in entries {
            try pieces.read([entry])
            try log.append([entry])
            #expect(pieces.edge == log.edge)
            try pieces.check(reaches: log.head)
            #expect(pieces.bundleBytes == log.files[try BundleID(index: 0, width: pieces.size).path]?.count)
            pieces = try LogState(decoding: pieces.encoded)
        }
        var atOnce = LogState()
        try atOnce.read(entries)
        #expect(pieces == atOnce)
    }

    @Test func `where the next entry begins in the last bundle is known across bundles`() throws {
        let entries = try (1...600).map {
            try LogLedgerTests.entry(.root, "root", ByteString("\($0)"), "\($0)").encoded
        }
        var (state, log) = (LogState(), MemoryLog())
        for size in [1, 200, 255, 256, 257, 512, 600] {
            try state.read(Array(entries[state.size..<size]))
            try log.append(Array(entries[log.head.size..<size]))
            try state.check(reaches: log.head)
            let last = try BundleID.needed(from: size - 1, size: size).map(\.path)[0]
            #expect(state.bundleBytes == (size % 256 == 0 ? 0 : log.files[last]?.count))
            #expect(try LogState(decoding: state.encoded) == state)
        }
    }

    @Test func `the entries must be those of the checkpoint, all of them and no others`() throws {
        let state = try Self.state()
        let entries = try LogLedgerTests.history.map { try $0.encoded }
        var (shorter, longer, other) = (LogState(), state, LogState())
        try shorter.read(entries.dropLast())
        try longer.read([LogLedgerTests.entry(.release, "b", "1").encoded])
        try other.read(entries.dropLast() + [LogLedgerTests.entry(.notice, "log", "2", "other").encoded])
        try state.check(reaches: state.edge.head)
        #expect(code { try shorter.check(reaches: state.edge.head) } == .missingEntries)
        #expect(code { try longer.check(reaches: state.edge.head) } == .shrunk)
        #expect(code { try other.check(reaches: state.edge.head) } == .wrongRoot)
        #expect(code { try state.check(reaches: .empty) } == .shrunk)
    }

    @Test func `an entry that is none, or says something else than before, is refused`() throws {
        var state = try Self.state()
        #expect(code { try state.read([Array("{\"n\":1}\n".utf8)]) } == .malformedEntry)
        state = try Self.state()
        let other = LogLedgerTests.entry(.release, "a-stable", "1.0", "other")
        #expect(code { try state.read([other.encoded]) } == .secondContent)
    }

    @Test(arguments: [
        ("", "x"), ("a b", "x"), ("é", "x"), ("a", "x\ny"), ("a", "\u{1B}"), ("a", "\u{7F}"), ("a\n", ""),
    ])
    func `a line that would not come back is refused`(name: String, value: String) {
        #expect(
            code { _ = try LogState.Line(name: ByteString(name), value: ByteString(value)) } == .malformedState)
    }

    @Test func `a state of 2,000 releases comes back`() throws {
        var state = LogState()
        for number in 1...2000 {
            try state.read([
                LogLedgerTests.entry(.release, "blowfish-stable", ByteString("1.\(number)")).encoded,
                LogLedgerTests.entry(.delegated, "blowfish-stable", ByteString("\(number)")).encoded,
                LogLedgerTests.entry(.snapshot, "snapshot", ByteString("\(number)")).encoded,
            ])
        }
        let bytes = state.encoded
        #expect(bytes.count < 250_000)
        #expect(try LogState(decoding: bytes) == state)
    }

    // MARK: damage

    @Test func `one bit other anywhere and the file is refused`() throws {
        let bytes = try Self.state().encoded
        for place in bytes.indices {
            var damaged = bytes
            damaged[place] ^= 1 << (place % 8)
            #expect(code { _ = try LogState(decoding: damaged) } == .malformedState, "byte \(place)")
        }
        for length in bytes.indices {
            #expect(code { _ = try LogState(decoding: Array(bytes.prefix(length))) } == .malformedState)
        }
    }

    /// Whoever can write the digest as well gets a state in, but only one that is spelled as ours are.
    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `changed with its digest made anew, a file is refused or says the change itself`(seed: UInt64) throws {
        var random = SplitMix(seed)
        let state = try Self.state()
        let body = Self.body(of: state)
        for _ in 0..<200 {
            let mutant = random.mutant(of: body)
            guard let read = try? LogState(decoding: Self.file(mutant)) else { continue }
            #expect(read.encoded == Self.file(mutant), "seed \(seed)")
            #expect(mutant == body || read != state, "seed \(seed)")
        }
    }

    @Test(arguments: [
        ("size 13\n", "size 12\n"), ("size 13\n", "size 013\n"), ("size 13\n", "size +13\n"),
        ("size 13\n", "size 13 \n"), ("size 13\n", "size 9007199254740993\n"), ("size 13\n", ""),
        ("size 13\n", "size 99999999999999999999999\n"), ("bundle ", "bundle 9999"), ("bundle ", "bundle -"),
        ("root 1 3 ", "root 1 4 "), ("root 1 3 ", "root 0 3 "), ("root 1 3 ", "root 3 1 "),
        ("root 1 3 ", "root 9007199254740992 9007199254740992 "), ("metadata root", "metadata log"),
        ("metadata root", "metadata timestamp"), ("metadata root", "metadata a-stable"), ("metadata root", "metadata "),
        ("metadata root", "metadata zzz"), (" 20 22 ", " 19 22 "), (" 20 22 ", " 21 23 0000 "),
        ("release a-stable 1.0 5", "release a-stable 1.0 9"), ("release a-stable 1.0 5", "release a-stable 1.0 6"),
        ("release a-stable 1.0 5", "release a-stable 1.0 13"), ("release a-stable 1.0 5", "release a-stable 1.1 5"),
        ("release a-stable 1.0 5", "release root 1.0 5"), ("release a-stable 1.0 5", "release  a-stable 1.0 5"),
        ("notice 1 6 6e31", "notice 3 6 6e31"), ("notice 1 6 6e31", "notice 1 6 6E31"),
        ("notice 1 6 6e31", "notice 1 6 6e3"), ("notice 1 6 6e31\n", ""), ("notice 1 6 6e31\n", "unknown 1\n"),
        ("extra seen ", "extra  seen "), ("edge ", "edge"), ("edge ", "edge 00 "), ("\n\n", "\n"),
        ("extra latest-time", "size 13\nextra latest-time"),
    ])
    func `a file no version of the program writes is refused, even with its digest made anew`(
        part: String, other: String
    ) throws {
        let text = String(decoding: Self.body(of: try Self.state()), as: UTF8.self)
        let place = try #require(text.firstRange(of: part), "\(part) is not in the file")
        let mutant = text.replacingCharacters(in: place, with: other)
        #expect(code { _ = try LogState(decoding: Self.file(Array(mutant.utf8))) } == .malformedState)
    }

    @Test func `numbers that do not add up are refused without overflow`() throws {
        let hash = MerkleHash.leaf([]).hex
        let roles = (0..<1100).map { "metadata r\($0) 1 9007199254740992 \(hash) \(hash)\n" }.sorted().joined()
        let body = "size 9007199254740992\nbundle 0\nedge \(hash)\n\(roles)\n"
        #expect(code { _ = try LogState(decoding: Self.file(Array(body.utf8))) } == .malformedState)
    }

    private static func body(of state: LogState) -> [UInt8] {
        Array(state.encoded.drop { $0 != 0x0A }.dropFirst().drop { $0 != 0x0A }.dropFirst())
    }

    private static func file(_ body: [UInt8]) -> [UInt8] {
        Array("sceau-log-state/1\nsha256 \(Digest.sha256(of: body).hex)\n".utf8) + body
    }
}
