import Primitives
import Signatures
import Testing

@testable import TransparencyLog

@Suite("What a log's entries say")
struct LogLedgerTests {
    static func entry(
        _ kind: LogEntry.Kind, _ role: ByteString, _ version: ByteString, _ content: String = "x"
    ) -> LogEntry {
        LogEntry(kind: kind, role: role, version: version, content: Array(content.utf8))
    }

    static func digest(_ content: String) -> Digest { .sha256(of: Array(content.utf8)) }

    /// Two publications.
    static let history = [
        entry(.root, "root", "1", "r1"), entry(.root, "root", "2", "r2"), entry(.targets, "targets", "4", "t4"),
        entry(.delegated, "a-stable", "8", "a8"), entry(.snapshot, "snapshot", "20", "s20"),
        entry(.release, "a-stable", "1.0", "one"), entry(.notice, "log", "1", "n1"),
        entry(.delegated, "a-stable", "9", "a9"), entry(.snapshot, "snapshot", "21", "s21"),
        entry(.release, "a-stable", "1.1", "two"), entry(.root, "root", "3", "r3"),
        entry(.snapshot, "snapshot", "22", "s22"), entry(.notice, "log", "2", "n2"),
    ]

    static func ledger(_ entries: [LogEntry] = history) throws -> LogLedger {
        var ledger = LogLedger()
        for (index, entry) in entries.enumerated() { try ledger.record(entry, at: index) }
        return ledger
    }

    @Test(arguments: [LogEntry.Kind.notice, .release])
    func `a log that says more than can be remembered is refused`(kind: LogEntry.Kind) throws {
        var ledger = LogLedger()
        let role = kind == .notice ? "log" : ByteString(String(repeating: "r", count: 255))
        let content = String(repeating: "n", count: kind == .notice ? 65_000 : 1)
        let padding = String(repeating: "0", count: 240)
        let fault = #expect(throws: LogFault.self) {
            for index in 0..<200_000 {
                let version = kind == .release ? "\(padding)\(index)" : "\(index + 1)"
                try ledger.record(Self.entry(kind, role, ByteString(version), content), at: index)
            }
        }
        #expect(fault?.code == .tooMuch)
        #expect(fault?.location?.hasSuffix("entry \(ledger.size)") == true)
    }

    @Test func `the newest of each role, every release and every notice are known`() throws {
        let ledger = try Self.ledger()
        #expect(ledger.size == 13)
        let newest = ["root", "targets", "a-stable", "snapshot"].map { ledger.newest($0) }
        #expect(newest.map { $0?.version } == [3, 4, 9, 22])
        #expect(newest.map { $0?.digest } == ["r3", "t4", "a9", "s22"].map(Self.digest))
        #expect(ledger.newest("b-stable") == nil)
        #expect(ledger.release("a-stable", "1.0") == Self.digest("one"))
        #expect(ledger.entry("a-stable", "1.1")?.index == 9)
        #expect(ledger.release("a-stable", "1.2") == nil && ledger.release("b-stable", "1.0") == nil)
        #expect(ledger.notices.map(\.number) == [1, 2] && ledger.notices.map(\.index) == [6, 12])
        #expect(ledger.notices.map(\.content) == [Array("n1".utf8), Array("n2".utf8)])
        #expect(ledger.releases.map(\.version) == ["1.0", "1.1"])
    }

    @Test func `two versions of a role are remembered, and all of root`() throws {
        let ledger = try Self.ledger()
        #expect([1, 2, 3].map { ledger.digest("root", version: $0) } == ["r1", "r2", "r3"].map(Self.digest))
        #expect(
            [20, 21, 22].map { ledger.digest("snapshot", version: $0) } == [
                nil, Self.digest("s21"), Self.digest("s22"),
            ])
        for version in [0, 4, -1, .max, .min] { #expect(ledger.digest("root", version: version) == nil) }
    }

    @Test(
        arguments: [
            (entry(.root, "root", "2", "other"), .secondContent), (entry(.root, "root", "2", "r2"), .repeated),
            (entry(.root, "root", "5", "r5"), .gap), (entry(.snapshot, "snapshot", "22", "other"), .secondContent),
            (entry(.snapshot, "snapshot", "21", "other"), .secondContent),
            (entry(.snapshot, "snapshot", "21", "s21"), .repeated),
            (entry(.snapshot, "snapshot", "20", "s20"), .repeated),
            (entry(.snapshot, "snapshot", "20", "other"), .repeated), (entry(.snapshot, "snapshot", "19", "s19"), .gap),
            (entry(.snapshot, "snapshot", "24", "s24"), .gap),
            (entry(.snapshot, "snapshot", "9007199254740992", "s"), .gap),
            (entry(.release, "a-stable", "1.0", "other"), .secondContent),
            (entry(.release, "a-stable", "1.0", "one"), .repeated),
            (entry(.notice, "log", "2", "other"), .secondContent),
            (entry(.notice, "log", "1", "n1"), .repeated), (entry(.notice, "log", "4", "n4"), .gap),
        ] as [(LogEntry, LogFaultCode)])
    func `what contradicts the log is refused and not recorded`(entry: LogEntry, expected: LogFaultCode) throws {
        var ledger = try Self.ledger()
        #expect(code { try ledger.record(entry, at: 13) } == expected)
        #expect(try ledger == Self.ledger())
        try ledger.record(Self.entry(.snapshot, "snapshot", "23", "s23"), at: 13)
    }

    @Test func `the first notice has number 1, the first metadata any`() throws {
        var ledger = LogLedger()
        #expect(code { try ledger.record(Self.entry(.notice, "log", "2"), at: 0) } == .gap)
        try ledger.record(Self.entry(.root, "root", "7"), at: 0)
        try ledger.record(Self.entry(.root, "root", "8"), at: 1)
        #expect(ledger.newest("root")?.version == 8)
        #expect(code { try ledger.record(Self.entry(.root, "root", "6"), at: 2) } == .gap)
    }

    @Test(arguments: [12, 14, 0, -1, .max, .min])
    func `entries are recorded in their order`(index: Int) throws {
        var ledger = try Self.ledger()
        #expect(code { try ledger.record(Self.entry(.release, "a-stable", "2.0"), at: index) } == .outOfRange)
        #expect(try ledger == Self.ledger())
    }

    @Test func `a channel and the releases under its name do not get in each other's way`() throws {
        let ledger = try Self.ledger([
            Self.entry(.release, "a", "1", "release"), Self.entry(.delegated, "a", "1", "metadata"),
        ])
        #expect(ledger.release("a", "1") == Self.digest("release"))
        #expect(ledger.newest("a")?.digest == Self.digest("metadata"))
    }

    @Test func `whether something is logged already can be asked before it is appended`() throws {
        let ledger = try Self.ledger()
        #expect(try ledger.holds(Self.entry(.root, "root", "1", "r1")))
        #expect(try ledger.holds(Self.entry(.release, "a-stable", "1.0", "one")))
        #expect(try ledger.holds(Self.entry(.notice, "log", "2", "n2")))
        #expect(try !ledger.holds(Self.entry(.root, "root", "4", "r4")))
        #expect(try !ledger.holds(Self.entry(.release, "a-stable", "1.2", "one")))
        #expect(try !ledger.holds(Self.entry(.targets, "targets", "3", "older than the log")))
        let other = Self.entry(.release, "a-stable", "1.0", "other")
        #expect(code { _ = try ledger.holds(other) } == .secondContent)
        #expect(code { _ = try ledger.holds(Self.entry(.snapshot, "snapshot", "20", "s20")) } == .superseded)
    }
}
