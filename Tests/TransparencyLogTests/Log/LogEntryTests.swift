import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("Log entries")
struct LogEntryTests {
    static let good: [(LogEntry.Kind, ByteString, ByteString)] = [
        (.root, "root", "1"), (.targets, "targets", "17"), (.snapshot, "snapshot", "9007199254740992"),
        (.delegated, "blowfish-stable", "3"), (.release, "blowfish-stable", "2.12.0-rc.1+7"), (.release, "!", "~"),
        (.notice, "log", "1"), (.release, ByteString([UInt8](repeating: 0x7E, count: 255)), "1"),
    ]

    @Test(arguments: good, [[], [0x0A], Array("{\"a\":1}\n".utf8), [0, 0xFF]])
    func `what an entry says comes back`(words: (LogEntry.Kind, ByteString, ByteString), content: [UInt8]) throws {
        let entry = LogEntry(kind: words.0, role: words.1, version: words.2, content: content)
        let bytes = try entry.encoded
        let head = "sceau-log/1 \(words.0.rawValue) \(words.1) \(words.2) \(Digest.sha256(of: content).hex)\n"
        #expect(bytes == Array(head.utf8) + content)
        #expect(try LogEntry(decoding: bytes) == entry)
    }

    @Test(
        arguments: [
            (.root, "targets", "1"), (.targets, "blowfish-stable", "1"), (.snapshot, "timestamp", "1"),
            (.delegated, "root", "1"), (.delegated, "timestamp", "1"), (.delegated, "log", "1"),
            (.release, "snapshot", "1"),
            (.notice, "root", "1"), (.root, "root", "0"), (.root, "root", "01"), (.root, "root", "-1"),
            (.root, "root", "+1"), (.root, "root", "1.0"), (.root, "root", "9007199254740993"),
            (.root, "root", "99999999999999999999"), (.root, "root", ""), (.delegated, "", "1"), (.release, "a b", "1"),
            (.release, "a", "1\n2"), (.release, "é", "1"), (.release, "a", "\u{7F}"), (.notice, "log", "x"),
            (.release, ByteString([UInt8](repeating: 0x61, count: 256)), "1"),
            (.release, "a", ByteString([UInt8](repeating: 0x31, count: 256))),
        ] as [(LogEntry.Kind, ByteString, ByteString)])
    func `an entry with a role or version that its kind does not have is refused`(
        words: (LogEntry.Kind, ByteString, ByteString)
    ) throws {
        let entry = LogEntry(kind: words.0, role: words.1, version: words.2, content: [1])
        #expect(code { _ = try entry.encoded } == .malformedEntry)
        var head = Array("sceau-log/1 \(words.0.rawValue) ".utf8) + words.1.bytes + [0x20] + words.2.bytes
        head += Array(" \(entry.digest.hex)\n".utf8)
        #expect(code { _ = try LogEntry(decoding: head + [1]) } == .malformedEntry)
        var ledger = LogLedger()
        #expect(code { try ledger.record(entry, at: 0) } == .malformedEntry)
        #expect(ledger == LogLedger())
    }

    @Test func `an entry is at most what a bundle can hold`() throws {
        let room = 65_535 - "sceau-log/1 root root 1 \n".utf8.count - 64
        let largest = LogEntry(kind: .root, role: "root", version: "1", content: [UInt8](repeating: 1, count: room))
        #expect(try largest.encoded.count == 65_535)
        #expect(try LogEntry(decoding: largest.encoded) == largest)
        let larger = LogEntry(kind: .root, role: "root", version: "1", content: [UInt8](repeating: 1, count: room + 1))
        #expect(code { _ = try larger.encoded } == .entryTooLong)
        let bytes = Array("sceau-log/1 root root 1 \(larger.digest.hex)\n".utf8) + larger.content
        #expect(code { _ = try LogEntry(decoding: bytes) } == .entryTooLong)
    }

    @Test(arguments: [
        "", "\n", "sceau-log/1", "sceau-log/1 root root 1 ", "sceau-log/2 root root 1 D\n",
        "sceau-log/1 Root root 1 D\n",
        "sceau-log/1 timestamp timestamp 1 D\n", "sceau-log/1  root root 1 D\n", "sceau-log/1 root root 1 D \n",
        " sceau-log/1 root root 1 D\n", "sceau-log/1 root root 1\n", "sceau-log/1 root root 1 D E\n",
        "sceau-log/1\troot root 1 D\n", "sceau-log/1 root root 1 D\r\n", "sceau-log/1 root root 1 d\n",
        "sceau-log/1 root root 1 U\n", "sceau-log/1 root root 1 X\n",
    ])
    func `a first line spelled in any other way is refused`(line: String) {
        let digest = Digest.sha256(of: [5]).hex
        let text = line.replacing("D", with: digest).replacing("U", with: digest.uppercased())
            .replacing("X", with: Digest.sha256(of: [6]).hex)
        #expect(code { _ = try LogEntry(decoding: Array(text.utf8) + [5]) } == .malformedEntry)
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `changed anywhere, an entry is refused or says so itself`(seed: UInt64) throws {
        var random = SplitMix(seed)
        let entry = LogEntry(kind: .delegated, role: "blowfish-stable", version: "12", content: Array("{}\n".utf8))
        let bytes = try entry.encoded
        for _ in 0..<500 {
            let mutant = random.mutant(of: bytes)
            guard let read = try? LogEntry(decoding: mutant) else { continue }
            #expect(try read.encoded == mutant, "seed \(seed)")
            #expect(mutant == bytes || read != entry, "seed \(seed)")
            #expect(mutant == bytes || read.content == entry.content, "its digest says what the content is")
        }
    }
}

extension SplitMix {
    /// `bytes` with one to three of them changed, taken out, doubled or put in.
    mutating func mutant(of bytes: [UInt8]) -> [UInt8] {
        var mutant = bytes
        for _ in 0..<Int.random(in: 1...3, using: &self) where !mutant.isEmpty {
            let place = mutant.indices.randomElement(using: &self) ?? 0
            switch Int.random(in: 0..<5, using: &self) {
            case 0: mutant[place] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1: mutant[place] = Array("0123456789abcdef \nAx-".utf8).randomElement(using: &self) ?? 0
            case 2: mutant.remove(at: place)
            case 3: mutant.insert(mutant[place], at: place)
            default:
                mutant.replaceSubrange(place..., with: mutant[place...].dropFirst(Int.random(in: 0...80, using: &self)))
            }
        }
        return mutant
    }
}
