import Primitives
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Witness policies as text")
struct PolicySyntaxTests {
    struct Row: CustomTestStringConvertible {
        let name: String
        let rules: String
        var code: LogFaultCode = .malformedPolicy

        var testDescription: String { name }
    }

    private static func decode(_ text: String) throws -> WitnessPolicy { try WitnessPolicy(decoding: ByteString(text)) }

    private static func vkey(_ name: String) -> String {
        TestKey(name).vkey(ByteString(name), .witness).description
    }

    /// After the lines of a log and of the witnesses a, b and c.
    static let bad: [Row] = [
        Row(name: "no quorum", rules: ""), Row(name: "only comments", rules: "# quorum a\n"),
        Row(name: "two quorums", rules: "quorum a\nquorum b\n"),
        Row(name: "the same quorum twice", rules: "quorum a\nquorum a\n"),
        Row(name: "none, and a quorum", rules: "quorum none\nquorum a\n"),
        Row(name: "a quorum of nothing", rules: "quorum\n"),
        Row(name: "a quorum of two", rules: "quorum a b\n"), Row(name: "an unknown quorum", rules: "quorum d\n"),
        Row(name: "a quorum in another case", rules: "quorum A\n"),
        Row(name: "an upper-case keyword", rules: "Quorum a\n"),
        Row(name: "a quorum before its group", rules: "quorum g\ngroup g any a b\n"),
        Row(name: "a quorum before its witness", rules: "quorum d\nwitness d \(vkey("d"))\n"),
        Row(name: "a group before its witness", rules: "group g any a d\nwitness d \(vkey("d"))\nquorum g\n"),
        Row(name: "a group before its group", rules: "group g any a h\ngroup h any b c\nquorum g\n"),
        Row(name: "a group in itself", rules: "group g any a g\nquorum g\n"),
        Row(name: "a group without members", rules: "group g any\nquorum g\n"),
        Row(name: "a group without a threshold", rules: "group g a b\nquorum g\n"),
        Row(name: "a group without a name", rules: "group any a b\nquorum a\n"),
        Row(name: "none of a group", rules: "group g 0 a b\nquorum g\n"),
        Row(name: "more than all of a group", rules: "group g 3 a b\nquorum g\n"),
        Row(name: "a negative threshold", rules: "group g -1 a b\nquorum g\n"),
        Row(name: "a threshold with a zero before it", rules: "group g 02 a b\nquorum g\n"),
        Row(name: "a threshold with a plus", rules: "group g +1 a b\nquorum g\n"),
        Row(name: "a threshold of 2^64 + 1", rules: "group g 18446744073709551617 a b\nquorum g\n"),
        Row(name: "a threshold in another case", rules: "group g ALL a b\nquorum g\n"),
        Row(name: "a member twice", rules: "group g 2 a a b\nquorum g\n"),
        Row(name: "a member of two groups", rules: "group g any a b\ngroup h any b c\nquorum h\n"),
        Row(name: "a group in two groups", rules: "group g any a b\ngroup h any g\ngroup i any g c\nquorum i\n"),
        Row(name: "none as a member", rules: "group g any a none\nquorum g\n"),
        Row(name: "a group called none", rules: "group none any a b\nquorum none\n"),
        Row(name: "a witness called none", rules: "witness none \(vkey("d"))\nquorum none\n"),
        Row(name: "a group called as a witness", rules: "group a any b c\nquorum a\n"),
        Row(name: "a group called as a group", rules: "group g any a b\ngroup g any c\nquorum g\n"),
        Row(name: "a witness called as a witness", rules: "witness a \(vkey("d"))\nquorum a\n"),
        Row(name: "a witness called as a group", rules: "group g any a b\nwitness g \(vkey("d"))\nquorum g\n"),
        Row(name: "one key as two witnesses", rules: "witness d \(vkey("a"))\nquorum a\n"),
        Row(
            name: "one key as two witnesses under two names",
            rules: "witness d \(TestKey("a").vkey("other", .witness))\nquorum a\n"),
        Row(
            name: "the log as a witness", rules: "witness d \(NoteFixtures.logTestKey.vkey("d", .witness))\nquorum a\n"),
        Row(name: "a witness as a log", rules: "log \(TestKey("a").vkey("a", .log))\nquorum a\n"),
        Row(name: "a second log", rules: "log \(TestKey("z").vkey("z", .log))\nquorum a\n"),
        Row(name: "the log twice", rules: "log \(NoteFixtures.logTestKey.vkey(NoteFixtures.origin, .log))\nquorum a\n"),
        Row(name: "a log's key for a witness", rules: "witness d \(TestKey("d").vkey("d", .log))\nquorum a\n"),
        Row(name: "a witness's key for a log", rules: "log \(TestKey("d").vkey("d", .witness))\nquorum a\n"),
        Row(name: "a witness without a key", rules: "witness d\nquorum a\n"),
        Row(name: "a witness without a name", rules: "witness \(vkey("d"))\nquorum a\n"),
        Row(name: "a key that is none", rules: "witness d d+00000000+AAAA\nquorum a\n", code: .malformedKey),
        Row(
            name: "a key with another's id", rules: "witness d \(vkey("d").replacing("d+", with: "e+"))\nquorum a\n",
            code: .malformedKey),
        Row(name: "too many words for a witness", rules: "witness d \(vkey("d")) https://d/ x\nquorum a\n"),
        Row(name: "too many words for a log", rules: "log \(vkey("d")) https://d/ x\nquorum a\n"),
        Row(name: "an unknown line", rules: "threshold 2\nquorum a\n"),
        Row(name: "a comment behind a rule", rules: "quorum a # all\n"),
        Row(name: "no last line feed", rules: "quorum a"), Row(name: "CR", rules: "quorum a\r\n"),
        Row(name: "a null", rules: "quorum a\n# \0\n"), Row(name: "an escape", rules: "quorum a\n# \u{1B}[2J\n"),
        Row(name: "a delete", rules: "quorum a\n# \u{7F}\n"), Row(name: "a form feed", rules: "quorum\u{C}a\n"),
        Row(name: "a no-break space", rules: "quorum\u{A0}a\n"),
        Row(name: "32 KiB", rules: "quorum a\n#\(String(repeating: "a", count: 32 << 10))\n"),
    ]

    @Test("a policy that breaks a rule is refused", arguments: bad)
    func malformed(_ row: Row) throws {
        let text = try PolicyFixtures.text(["a", "b", "c"], row.rules)
        #expect(LogFixtures.code { _ = try Self.decode(text) } == row.code)
    }

    @Test("a policy without a log is refused where it has to have one")
    func noLog() {
        #expect(LogFixtures.code { _ = try Self.decode("quorum none\n") } == .malformedPolicy)
        #expect(LogFixtures.code { _ = try Self.decode("") } == .malformedPolicy)
    }

    static let good: [Row] = [
        Row(name: "a witness", rules: "quorum a\n"), Row(name: "nobody", rules: "quorum none\n"),
        Row(name: "all", rules: "group g all a b c\nquorum g\n"),
        Row(name: "a group of one", rules: "group g 1 a\nquorum g\n"),
        Row(
            name: "lines before and after the quorum",
            rules: "quorum a\nwitness d \(vkey("d")) https://d/\ngroup g any d b\n"),
        Row(
            name: "tabs, spaces and comments",
            rules: "\n \t \n#x\n\t # quorum b\n\tgroup \t g  any\ta\tb \t\nquorum\tg  \n"),
        Row(name: "a group called all", rules: "group all all a b\nquorum all\n"),
        Row(name: "a member that is also the quorum", rules: "group g any a b\nquorum a\n"),
        Row(name: "names of any bytes", rules: "group \u{1F600}+=# any a\nquorum \u{1F600}+=#\n"),
        Row(name: "31 KiB", rules: "quorum a\n#\(String(repeating: "a", count: 31 << 10))\n"),
    ]

    @Test("a policy is kept exactly as it was written", arguments: good)
    func accepted(_ row: Row) throws {
        let text = try PolicyFixtures.text(["a", "b", "c"], row.rules)
        let policy = try Self.decode(text)
        #expect(policy.text == ByteString(text))
        #expect(policy.log == (try NoteFixtures.log()))
        #expect(policy.witnesses.prefix(3).map(\.name) == ["a", "b", "c"])
        #expect(try Self.decode(String(decoding: policy.text.bytes, as: UTF8.self)) == policy)
    }

    @Test("addresses are kept, and may be left out")
    func addresses() throws {
        let log = try NoteFixtures.log()
        let policy = try Self.decode(
            "log \(log.vkey) https://log/\nwitness a \(Self.vkey("a")) https://a/w\nwitness b \(Self.vkey("b"))\nquorum a\n"
        )
        #expect(policy.logURL == "https://log/")
        #expect(policy.witnesses.map(\.url) == ["https://a/w", nil])
        #expect(policy.quorum == "a")
    }

    @Test("bytes that are no UTF-8 may stand in names and comments")
    func opaqueBytes() throws {
        let start = [UInt8](try PolicyFixtures.text(["a"], "group "))
        let policy = try WitnessPolicy(
            decoding: ByteString(start + [0xFF] + [UInt8](" any a\nquorum ") + [0xFF] + [UInt8]("\n# ") + [0x80, 0x0A]))
        #expect(policy.quorum == ByteString([0xFF]))
        // Kelvin's sign is no K.
        let text = try PolicyFixtures.text(["a"], "group \u{212A} any a\nquorum K\n")
        #expect(LogFixtures.code { _ = try Self.decode(text) } == .malformedPolicy)
    }

    @Test("32 logs, witnesses and groups are taken, and not one more", arguments: [32, 33])
    func counts(_ count: Int) throws {
        let names = PolicyFixtures.names(count)
        let witnesses = try PolicyFixtures.text(names, "quorum w1\n")
        #expect((LogFixtures.code { _ = try Self.decode(witnesses) } == nil) == (count == 32))
        // A chain of groups, each in the next.
        let groups = (1...count).map { "group g\($0) any \($0 == 1 ? "a" : "g\($0 - 1)")\n" }.joined()
        let chain = try PolicyFixtures.text(["a"], groups + "quorum g\(count)\n")
        #expect((LogFixtures.code { _ = try Self.decode(chain) } == nil) == (count == 32))
        let logs = names.map { "log \(TestKey($0).vkey(ByteString($0), .log))\n" }.joined() + "quorum none\n"
        let code = LogFixtures.code { _ = try WitnessPolicy(decoding: ByteString(logs), origin: "w7") }
        #expect((code == nil) == (count == 32))
    }

    @Test("of several logs the one asked for is taken, and without a question none")
    func severalLogs() throws {
        let keys = try [ByteString("one"), "two"].map { try TestKey($0.description).noteKey($0, .log) }
        let text = ByteString(keys.map { "log \($0.vkey)\n" }.joined() + "quorum none\n")
        #expect(try WitnessPolicy(decoding: text, origin: "two").log == keys[1])
        #expect(LogFixtures.code { _ = try WitnessPolicy(decoding: text, origin: "three") } == .malformedPolicy)
        #expect(LogFixtures.code { _ = try WitnessPolicy(decoding: text) } == .malformedPolicy)
    }

    @Test("a log is added to what people write, once, and no other is left in")
    func addingLog() throws {
        let log = try NoteFixtures.log()
        let rules = ByteString("# ours\nwitness a \(Self.vkey("a"))\nquorum a\n")
        let policy = try WitnessPolicy(decoding: rules, adding: log, url: "https://log/")
        #expect(
            policy.text == ByteString("log \(log.vkey) https://log/\n# ours\nwitness a \(Self.vkey("a"))\nquorum a\n"))
        #expect(policy.log == log)
        #expect(try WitnessPolicy(decoding: policy.text, adding: log) == policy)
        #expect(
            try WitnessPolicy(decoding: rules, adding: log).text.bytes == [UInt8]("log \(log.vkey)\n") + rules.bytes)
        let other = try TestKey("other").noteKey("other", .log)
        #expect(LogFixtures.code { _ = try WitnessPolicy(decoding: policy.text, adding: other) } == .malformedPolicy)
        for url in [
            "https://log/ x", "", "https://log/\nwitness z \(Self.vkey("z"))", "https://log/\n", "https://log/\n#",
        ] {
            let code = LogFixtures.code { _ = try WitnessPolicy(decoding: rules, adding: log, url: ByteString(url)) }
            #expect(code == .malformedPolicy, "\(url)")
        }
        // The log's key may not stand among the witnesses.
        let itself = ByteString("witness a \(NoteFixtures.logTestKey.vkey("a", .witness))\nquorum a\n")
        #expect(LogFixtures.code { _ = try WitnessPolicy(decoding: itself, adding: log) } == .malformedPolicy)
    }

    @Test("the policy of the vectors is two of three")
    func vector() throws {
        let policy = try NoteVectors.policy()
        #expect(policy.witnesses.map(\.key) == (try NoteVectors.witnessKeys()))
        #expect(
            policy.groups == [WitnessPolicy.Group(name: "two-of-three", threshold: 2, members: ["w1", "w2", "w3"])])
        for (offset, flipped) in policy.text.bytes.withOneBitFlipped(limit: 300) {
            guard let other = try? WitnessPolicy(decoding: ByteString(flipped)) else { continue }
            #expect(other != policy && other.text == ByteString(flipped), "byte \(offset)")
        }
    }
}
