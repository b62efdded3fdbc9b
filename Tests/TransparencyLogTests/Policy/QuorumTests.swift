import Foundation
import Primitives
import Signatures
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Quorums and their times")
struct QuorumTests {
    /// Two of x1 to x3, and any of y1 to y3: two organisations.
    static func organisations() throws -> WitnessPolicy {
        try PolicyFixtures.policy(
            ["x1", "x2", "x3", "y1", "y2", "y3"],
            "group x 2 x1 x2 x3\ngroup y any y1 y2 y3\ngroup both all x y\nquorum both\n")
    }

    @Test(
        "k of n witnesses are enough, whichever they are, and k - 1 are not",
        arguments: [(1, 1), (2, 3), (4, 5), (5, 7)])
    func thresholds(_ threshold: Int, _ count: Int) throws {
        let policy = try PolicyFixtures.policy(threshold, of: count)
        let names = PolicyFixtures.names(count)
        for subset in 0..<(1 << count) {
            let present = names.indices.filter { subset & 1 << $0 != 0 }.map { names[$0] }
            #expect(policy.isSatisfied(by: PolicyFixtures.keys(present)) == (present.count >= threshold))
            #expect(policy.isSatisfied(by: PolicyFixtures.keys(present + ["stranger"])) == (present.count >= threshold))
        }
        #expect(!policy.isSatisfied(by: PolicyFixtures.keys((1...20).map { "stranger\($0)" })))
    }

    @Test(
        "groups of groups ask each group",
        arguments: [
            (["x1", "x2", "y1"], true), (["x1", "x3", "y3"], true), (["x1", "x2", "x3"], false),
            (["x1", "y1", "y2", "y3"], false), (["y1", "y2", "y3"], false), ([], false),
            (["x1", "x2", "x3", "y1", "y2", "y3"], true),
        ] as [([String], Bool)])
    func nested(_ present: [String], _ isSatisfied: Bool) throws {
        #expect(try Self.organisations().isSatisfied(by: PolicyFixtures.keys(present)) == isSatisfied)
    }

    @Test("a chain of 32 groups over 32 witnesses is followed to its end")
    func deepest() throws {
        let names = PolicyFixtures.names(32)
        let chain = (1...32).map { "group g\($0) all w\($0)\($0 == 1 ? "" : " g\($0 - 1)")\n" }.joined()
        let policy = try PolicyFixtures.policy(names, chain + "quorum g32\n")
        #expect(policy.isSatisfied(by: PolicyFixtures.keys(names)))
        for name in names {
            #expect(!policy.isSatisfied(by: PolicyFixtures.keys(names.filter { $0 != name })))
        }
    }

    @Test("one witness alone, and none at all")
    func simplest() throws {
        let one = try PolicyFixtures.policy(["a", "b"], "quorum b\n")
        #expect(one.isSatisfied(by: PolicyFixtures.keys(["b"])) && !one.isSatisfied(by: PolicyFixtures.keys(["a"])))
        #expect(try PolicyFixtures.policy(["a"], "quorum none\n").isSatisfied(by: []))
    }

    // MARK: times

    struct Row: CustomTestStringConvertible {
        let name: String
        let policy: @Sendable () throws -> WitnessPolicy
        let times: [String: Int]
        /// When it is fresh and when public; nil: no quorum.
        let expected: [Int?]?

        var testDescription: String { name }
    }

    static let noon = 1_767_225_600
    static let fiveHours = 5 * 3600
    static let twoOfThree: @Sendable () throws -> WitnessPolicy = { try PolicyFixtures.policy(2, of: 3) }
    static let fourOfFive: @Sendable () throws -> WitnessPolicy = { try PolicyFixtures.policy(4, of: 5) }
    static let rows: [Row] = [
        Row(
            name: "2 of 3, all together", policy: twoOfThree, times: ["w1": noon, "w2": noon, "w3": noon],
            expected: [noon, noon]),
        Row(name: "2 of 3, all there", policy: twoOfThree, times: ["w1": 10, "w2": 20, "w3": 30], expected: [20, 20]),
        Row(name: "2 of 3, two there", policy: twoOfThree, times: ["w3": 30, "w1": 10], expected: [10, 30]),
        Row(name: "2 of 3, one there", policy: twoOfThree, times: ["w3": 30], expected: nil),
        Row(name: "2 of 3, nobody there", policy: twoOfThree, times: [:], expected: nil),
        Row(
            name: "2 of 3, one clock five hours late", policy: twoOfThree,
            times: ["w1": noon, "w2": noon + 9, "w3": noon + fiveHours], expected: [noon + 9, noon + 9]),
        Row(
            name: "2 of 3, one clock five hours early", policy: twoOfThree,
            times: ["w1": noon, "w2": noon + 9, "w3": noon - fiveHours], expected: [noon, noon]),
        Row(
            name: "2 of 3, one clock at the end of time", policy: twoOfThree,
            times: ["w1": noon, "w2": noon + 9, "w3": .max], expected: [noon + 9, noon + 9]),
        Row(
            name: "2 of 3, one clock at its beginning", policy: twoOfThree,
            times: ["w1": noon, "w2": noon + 9, "w3": 0],
            expected: [noon, noon]),
        // Two are all that are there, so a wrong clock among them counts: in the careful direction.
        Row(
            name: "2 of 3, two there, one clock five hours late", policy: twoOfThree,
            times: ["w1": noon, "w3": noon + fiveHours], expected: [noon, noon + fiveHours]),
        Row(
            name: "2 of 3, two there, one clock five hours early", policy: twoOfThree,
            times: ["w1": noon, "w3": noon - fiveHours], expected: [noon - fiveHours, noon]),
        Row(
            name: "4 of 5, all there", policy: fourOfFive, times: ["w1": 10, "w2": 20, "w3": 30, "w4": 40, "w5": 50],
            expected: [20, 40]),
        Row(
            name: "4 of 5, one clock five hours late", policy: fourOfFive,
            times: ["w1": noon, "w2": noon, "w3": noon, "w4": noon + 1, "w5": noon + fiveHours],
            expected: [noon, noon + 1]),
        Row(
            name: "4 of 5, one clock five hours early", policy: fourOfFive,
            times: ["w1": noon - fiveHours, "w2": noon, "w3": noon, "w4": noon + 1, "w5": noon + 2],
            expected: [noon, noon + 1]),
        Row(
            name: "4 of 5, four there", policy: fourOfFive, times: ["w1": 10, "w2": 20, "w4": 40, "w5": 50],
            expected: [10, 50]),
        Row(name: "4 of 5, three there", policy: fourOfFive, times: ["w1": 10, "w2": 20, "w3": 30], expected: nil),
        Row(
            name: "organisations, all there", policy: organisations,
            times: ["x1": 10, "x2": 20, "x3": 30, "y1": 1, "y2": 2, "y3": 99], expected: [20, 20]),
        Row(
            name: "organisations, the second one late", policy: organisations,
            times: ["x1": 10, "x2": 20, "x3": 30, "y2": 70], expected: [20, 70]),
        Row(
            name: "organisations, the second one early", policy: organisations,
            times: ["x1": 10, "x2": 20, "x3": 30, "y2": 5], expected: [5, 20]),
        // A median over all would be 5: five times one organisation. Both have to agree.
        Row(
            name: "organisations, many clocks of one are wrong", policy: organisations,
            times: ["x1": noon, "x2": noon, "y1": 5, "y2": 5, "y3": 5], expected: [5, noon]),
        Row(
            name: "a stranger's time does not count", policy: twoOfThree, times: ["w1": 10, "w2": 20, "stranger": 99],
            expected: [10, 20]),
    ]

    @Test("a quorum's times: the latest by which it is fresh, the earliest by which it is public", arguments: rows)
    func times(_ row: Row) throws {
        let times = row.times.map { (publicKey: TestKey($0.key).publicKey.material, time: $0.value) }
        let result = try row.policy().quorumTimes(times)
        #expect(result.map { [$0.freshAt, $0.publicAt] } == row.expected)
        #expect(try row.policy().quorumTimes(times.reversed()) == result)
    }

    @Test(
        "the times are what their definition says, for random times over groups",
        arguments: 1...20 as ClosedRange<UInt64>)
    func definition(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let policy = try Self.organisations()
        for _ in 0..<30 {
            let times = ["x1", "x2", "x3", "y1", "y2", "y3"].filter { _ in random.next(below: 4) > 0 }
                .map { ($0, random.next(below: 8)) }
            let satisfied = { (isIncluded: (Int) -> Bool) in
                policy.isSatisfied(by: PolicyFixtures.keys(times.filter { isIncluded($0.1) }.map(\.0)))
            }
            let fresh = (0..<8).last { time in satisfied { $0 >= time } }
            let isPublic = (0..<8).first { time in satisfied { $0 <= time } }
            let result = policy.quorumTimes(times.map { (TestKey($0.0).publicKey.material, $0.1) })
            #expect(result?.freshAt == fresh && result?.publicAt == isPublic, "seed \(seed)")
        }
    }

    @Test("one lying clock takes no time beyond those of the others", arguments: [(2, 3), (3, 5), (4, 5), (5, 7)])
    func lyingClock(_ threshold: Int, _ count: Int) throws {
        let policy = try PolicyFixtures.policy(threshold, of: count)
        let names = PolicyFixtures.names(count)
        var random = SeededRandom(UInt64(count))
        for liar in names {
            for lie in [0, Self.noon - Self.fiveHours, Self.noon + Self.fiveHours, .max] {
                let times = names.map { ($0, $0 == liar ? lie : Self.noon + random.next(below: 60)) }
                let honest = times.filter { $0.0 != liar }.map(\.1)
                let range = try #require(honest.min())...(try #require(honest.max()))
                let result = policy.quorumTimes(times.map { (TestKey($0.0).publicKey.material, $0.1) })
                let (freshAt, publicAt) = (try #require(result?.freshAt), try #require(result?.publicAt))
                #expect(range.contains(freshAt) && range.contains(publicAt), "\(liar) says \(lie)")
            }
        }
    }

    // MARK: the whole of a checkpoint

    @Test("a checkpoint that a quorum saw verifies, with its times")
    func verified() throws {
        let note = try NoteFixtures.note(cosigned: [("w1", 10), ("w3", 30), ("stranger", 99)])
        let witnessed = try PolicyFixtures.policy(2, of: 3).verify(note)
        #expect(witnessed.freshAt == Date(timeIntervalSince1970: 10))
        #expect(witnessed.publicAt == Date(timeIntervalSince1970: 30))
        #expect(witnessed.cosignatures.map(\.key.name) == ["w1", "w3"])
        #expect(witnessed.head == NoteFixtures.head)
        #expect(witnessed.note.encoded == note)
    }

    @Test("without a quorum it is said who is missing")
    func missing() throws {
        let note = try NoteFixtures.note(cosigned: [("w2", 10)])
        let fault = #expect(throws: LogFault.self) { try PolicyFixtures.policy(2, of: 3).verify(note) }
        #expect(fault?.code == .noQuorum)
        #expect(
            fault?.message == "too few witnesses have seen this state of the log: found 1 cosignature, missing w1, w3, "
                + "expected quorum g (\(NoteFixtures.origin))")
    }

    @Test("two lines of one witness are not two witnesses")
    func onceOnly() throws {
        let note = try NoteFixtures.note(cosigned: [("w1", 10), ("w1", 20), ("w1", 10)])
        #expect(LogFixtures.code { _ = try PolicyFixtures.policy(2, of: 3).verify(note) } == .noQuorum)
    }

    @Test("a witness's bad line refuses the checkpoint, even when others are enough")
    func badLine() throws {
        let text = try NoteFixtures.checkpoint().text
        let lines = [NoteFixtures.line("w1", text, 5), NoteFixtures.line("w2", text, 5)]
        let bad = try NoteFixtures.spoilt(NoteFixtures.line("w3", text, 5))
        let policy = try PolicyFixtures.policy(2, of: 3)
        #expect(throws: Never.self) { try policy.verify(NoteFixtures.note(text, lines)) }
        #expect(LogFixtures.code { _ = try policy.verify(NoteFixtures.note(text, lines + [bad])) } == .badSignature)
    }

    @Test("a policy that asks nobody gives times by which nothing is fresh and nothing is public")
    func nobody() throws {
        let policy = try PolicyFixtures.policy(["w1"], "quorum none\n")
        let witnessed = try policy.verify(NoteFixtures.note(cosigned: [("w1", 10)]))
        #expect(witnessed.freshAt == .distantPast)
        #expect(witnessed.publicAt == .distantFuture)
    }

    @Test("a checkpoint that was verified for another log is refused")
    func otherLog() throws {
        let key = try TestKey("other").noteKey(NoteFixtures.origin, .log)
        let text = Checkpoint(log: key, head: NoteFixtures.head).text
        let note = text + [10] + TestKey("other").noteLine(NoteFixtures.origin, over: text)
        let verified = try VerifiedCheckpoint.verify(note, log: key)
        #expect(LogFixtures.code { _ = try PolicyFixtures.policy(1, of: 1).verify(verified) } == .otherOrigin)
    }
}
