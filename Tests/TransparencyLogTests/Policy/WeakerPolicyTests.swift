import Primitives
import TestSupport
import Testing

@testable import TransparencyLog

@Suite("Policies that ask for less")
struct WeakerPolicyTests {
    typealias Make = @Sendable () throws -> WitnessPolicy

    struct Row: CustomTestStringConvertible {
        let name: String
        let old: Make
        let new: Make
        let isWeaker: Bool
        /// Of the way back.
        let isWeakerBack: Bool

        var testDescription: String { name }
    }

    private static func of(_ threshold: Int, _ names: String...) -> Make {
        { try PolicyFixtures.policy(threshold, of: names) }
    }

    private static func of(_ threshold: Int, _ count: Int) -> Make {
        { try PolicyFixtures.policy(threshold, of: count) }
    }

    private static func rules(_ witnesses: [String], _ rules: String) -> Make {
        { try PolicyFixtures.policy(witnesses, rules) }
    }

    static let six = ["x1", "x2", "x3", "y1", "y2", "y3"]
    static let rows: [Row] = [
        Row(name: "the same", old: of(2, 3), new: of(2, 3), isWeaker: false, isWeakerBack: false),
        Row(name: "one less asked for", old: of(4, 5), new: of(3, 5), isWeaker: true, isWeakerBack: false),
        Row(name: "a witness added", old: of(2, 3), new: of(2, 4), isWeaker: true, isWeakerBack: false),
        Row(
            name: "a witness added, and one more asked for", old: of(2, 3), new: of(3, 4), isWeaker: false,
            isWeakerBack: true),
        Row(
            name: "two witnesses added, and one more asked for", old: of(2, 3), new: of(3, 5), isWeaker: true,
            isWeakerBack: true),
        Row(
            name: "a witness removed", old: of(2, "a", "b", "c"), new: of(2, "a", "b"), isWeaker: false,
            isWeakerBack: true),
        Row(
            name: "a witness removed, and one less asked for", old: of(2, "a", "b", "c"), new: of(1, "a", "b"),
            isWeaker: true, isWeakerBack: false),
        Row(
            name: "a witness replaced", old: of(2, "a", "b", "c"), new: of(2, "a", "b", "d"), isWeaker: true,
            isWeakerBack: true),
        Row(
            name: "all witnesses replaced", old: of(2, "a", "b", "c"), new: of(2, "d", "e", "f"), isWeaker: true,
            isWeakerBack: true),
        Row(
            name: "witnesses in another order", old: of(2, "a", "b", "c"), new: of(2, "c", "a", "b"), isWeaker: false,
            isWeakerBack: false),
        Row(
            name: "any and 1, all and 3", old: rules(["a", "b", "c"], "group g any a b c\nquorum g\n"),
            new: rules(["a", "b", "c"], "group h 1 c b a\nquorum h\n"), isWeaker: false, isWeakerBack: false),
        Row(
            name: "all to any", old: rules(["a", "b", "c"], "group g all a b c\nquorum g\n"),
            new: rules(["a", "b", "c"], "group g any a b c\nquorum g\n"), isWeaker: true, isWeakerBack: false),
        Row(
            name: "nobody is asked", old: of(1, "a"), new: rules(["a"], "quorum none\n"), isWeaker: true,
            isWeakerBack: false),
        Row(
            name: "nobody was asked", old: rules([], "quorum none\n"), new: rules(["a"], "quorum none\n"),
            isWeaker: false, isWeakerBack: false),
        Row(
            name: "a witness that no quorum needs is added", old: rules(["a", "b"], "quorum a\n"),
            new: rules(["a", "b", "c"], "group g any b c\nquorum a\n"), isWeaker: false, isWeakerBack: false),
        Row(
            name: "another witness decides", old: rules(["a", "b"], "quorum a\n"),
            new: rules(["a", "b"], "quorum b\n"),
            isWeaker: true, isWeakerBack: true),
        Row(
            name: "a group around a group", old: rules(["a", "b"], "group g all a b\nquorum g\n"),
            new: rules(["a", "b"], "group g all a b\ngroup h any g\nquorum h\n"), isWeaker: false, isWeakerBack: false),
        Row(
            name: "two organisations instead of any three",
            old: rules(six, "group x 2 x1 x2 x3\ngroup y any y1 y2 y3\ngroup both all x y\nquorum both\n"),
            new: rules(six, "group g 3 x1 x2 x3 y1 y2 y3\nquorum g\n"), isWeaker: true, isWeakerBack: false),
        Row(
            name: "from both organisations to either",
            old: rules(six, "group x 2 x1 x2 x3\ngroup y 2 y1 y2 y3\ngroup both all x y\nquorum both\n"),
            new: rules(six, "group x 2 x1 x2 x3\ngroup y 2 y1 y2 y3\ngroup both any x y\nquorum both\n"),
            isWeaker: true, isWeakerBack: false),
        Row(
            name: "a witness moves to the other organisation",
            old: rules(six, "group x 2 x1 x2 x3\ngroup y 2 y1 y2 y3\ngroup both all x y\nquorum both\n"),
            new: rules(six, "group x 2 x1 x2\ngroup y 2 y1 y2 y3 x3\ngroup both all x y\nquorum both\n"),
            isWeaker: true, isWeakerBack: true),
        Row(
            name: "16 witnesses, one more asked for", old: of(9, 16), new: of(10, 16), isWeaker: false,
            isWeakerBack: true),
        // More than can be tried: any change counts.
        Row(name: "17 witnesses, the same", old: of(9, 17), new: of(9, 17), isWeaker: false, isWeakerBack: false),
        Row(
            name: "17 witnesses, one more asked for", old: of(9, 17), new: of(10, 17), isWeaker: true,
            isWeakerBack: true),
        Row(
            name: "32 witnesses in another order", old: of(20, 32),
            new: { try PolicyFixtures.policy(20, of: PolicyFixtures.names(32).reversed()) }, isWeaker: false,
            isWeakerBack: false),
        Row(
            name: "20 witnesses of which four decide, one more asked for",
            old: rules(PolicyFixtures.names(20), "group g 2 w1 w2 w3 w20\nquorum g\n"),
            new: rules(PolicyFixtures.names(20), "group g 3 w1 w2 w3 w20\nquorum g\n"), isWeaker: false,
            isWeakerBack: true),
        Row(name: "16 witnesses, and a 17th", old: of(9, 16), new: of(10, 17), isWeaker: true, isWeakerBack: true),
    ]

    @Test("a policy is weaker when some witnesses suffice that did not before", arguments: rows)
    func table(_ row: Row) throws {
        let (old, new) = (try row.old(), try row.new())
        #expect(new.isWeaker(than: old) == row.isWeaker)
        #expect(old.isWeaker(than: new) == row.isWeakerBack)
    }

    @Test("a change of the log's key, of addresses, names or comments asks for no less")
    func otherChanges() throws {
        let old = try PolicyFixtures.policy(2, of: 3)
        let other = try TestKey("successor").noteKey("successor", .log)
        let lines = try PolicyFixtures.names(3).map {
            "witness other\($0) \(try NoteFixtures.witness($0).vkey) https://\($0)/\n"
        }
        let new = try WitnessPolicy(
            decoding: ByteString(
                "# new\nlog \(other.vkey)\n\(lines.joined())group all 2 otherw3 otherw1 otherw2\nquorum all\n"))
        #expect(!new.isWeaker(than: old) && !old.isWeaker(than: new))
        // The same key under another name of its own: the name is not in what it signs.
        let renamed = PolicyFixtures.names(3).map {
            "witness \($0) \(TestKey($0).vkey(ByteString("x/\($0)"), .witness))\n"
        }
        let third = try WitnessPolicy(
            decoding: ByteString("log \(other.vkey)\n\(renamed.joined())group g 2 w1 w2 w3\nquorum g\n"))
        #expect(!third.isWeaker(than: old) && !old.isWeaker(than: third))
    }

    @Test(
        "what is weaker is exactly what some set of witnesses shows, for random groups",
        arguments: 1...12 as ClosedRange<UInt64>)
    func random(_ seed: UInt64) throws {
        var random = SeededRandom(seed)
        let names = PolicyFixtures.names(5)
        var policies: [WitnessPolicy] = []
        for _ in 0..<4 {
            let cut = 1 + random.next(below: 3)
            let (left, right) = (names[..<cut], names[cut...])
            let inner = "group x \(1 + random.next(below: left.count)) \(left.joined(separator: " "))\n"
            let outer = "group y \(1 + random.next(below: right.count + 1)) x \(right.joined(separator: " "))\n"
            policies.append(try PolicyFixtures.policy(names, inner + outer + "quorum y\n"))
        }
        for old in policies {
            for new in policies {
                let shown = (0..<(1 << names.count)).contains { subset in
                    let keys = PolicyFixtures.keys(names.indices.filter { subset & 1 << $0 != 0 }.map { names[$0] })
                    return new.isSatisfied(by: keys) && !old.isSatisfied(by: keys)
                }
                #expect(new.isWeaker(than: old) == shown, "seed \(seed)")
            }
        }
    }
}
