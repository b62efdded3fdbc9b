import CanonicalJSON
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

/// What a keyholder reads before signing a root with another witness policy.
@Suite struct `A review of who watches` {
    private static let log = TestKey("log")
    private static var logLine: String { "log \(log.vkey("example.org/log", .log))\n" }

    private static func policy(_ text: ByteString, log: String = logLine) throws -> WitnessPolicy {
        try WitnessPolicy(decoding: ByteString(Array(log.utf8) + text.bytes))
    }

    private static func id(_ name: String) -> String {
        let key = TestKey("witness \(name)")
        return Hex.encode(key.noteKeyID(ByteString("\(name).example/w"), .witness))
    }

    private static let weaker =
        "asks witnesses for LESS than before, or for others: this is weaker, and instances count it only after seven public "
        + "days"

    struct Step: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let from: ByteString
        let to: ByteString
        let says: [String]
    }

    static let steps: [Step] = [
        Step(
            testDescription: "one more must cosign", from: Witnesses.two,
            to: Witnesses.text(3, of: "north", "east", "south"),
            says: ["quorum of witnesses: 2 of 3 must cosign becomes 3 of 3 must cosign"]),
        Step(
            testDescription: "one fewer must cosign", from: Witnesses.text(3, of: "north", "east", "south"),
            to: Witnesses.two,
            says: [weaker, "quorum of witnesses: 3 of 3 must cosign becomes 2 of 3 must cosign"]),
        Step(
            testDescription: "a witness joins, and one more must cosign", from: Witnesses.two, to: Witnesses.three,
            says: [
                "witness west (key \(id("west"))) joins",
                "quorum of witnesses: 2 of 3 must cosign becomes 3 of 4 must cosign",
            ]),
        Step(
            testDescription: "a witness leaves and another joins", from: Witnesses.two,
            to: Witnesses.text(2, of: "north", "east", "west"),
            says: [weaker, "witness west (key \(id("west"))) joins", "witness south (key \(id("south"))) leaves"]),
        Step(
            testDescription: "another key under a witness's name", from: Witnesses.two,
            to: Witnesses.two.replacing(
                "witness south \(Witnesses.vkey("south"))", with: "witness south \(Witnesses.vkey("west"))"),
            says: [
                weaker,
                "witness south (key \(id("south"))) gives way to another of this name: south (key \(id("west")))",
            ]),
        Step(
            testDescription: "another address", from: Witnesses.two,
            to: Witnesses.two.replacing("https://south.example/witness", with: "https://south.example/2"),
            says: [
                "witness south (key \(id("south"))) is asked at https://south.example/2 instead of "
                    + "https://south.example/witness"
            ]),
        Step(
            testDescription: "groups of witnesses", from: Witnesses.two,
            to: ByteString(
                ["north", "east", "south"].map { Witnesses.line($0) }.joined()
                    + "group near any north east\ngroup both all near south\nquorum both\n"),
            says: [
                "quorum of witnesses: 2 of 3 must cosign becomes 2 of 2 must cosign: near (1 of 2: north, east), south"
            ]),
        Step(
            testDescription: "a comment", from: Witnesses.two,
            to: ByteString(Array("# three friends\n".utf8) + Witnesses.two.bytes),
            says: [
                "changes comments, order, names of groups or the log's address in the witness policy; what it asks for "
                    + "stays"
            ]),
    ]

    @Test(arguments: steps) func `says what changes, and whether it is weaker`(_ step: Step) throws {
        let association = try Association(watchedBy: step.from)
        try association.releaseWatched("1.0")
        let result = try association.proposeWatched(step.to)
        let review = try association.review()
        let sentences = review.changes.map(\.sentence)
        #expect(Array(sentences.prefix(step.says.count)) == step.says, "\(sentences)")
        // Nothing else but the expiry.
        #expect(sentences.dropFirst(step.says.count).allSatisfy { $0.hasPrefix("root is valid until") }, "\(sentences)")
        let isWeaker = step.says.contains(Self.weaker)
        #expect(review.isAlarming == isWeaker)
        #expect(result.warnings.contains("witness policy: \(Self.weaker)") == isWeaker, "\(result.warnings)")
        #expect(review.obstacles.isEmpty, "\(review.obstacles)")
    }

    @Test func `names log and witnesses with their whole keys when transparency is turned on`() throws {
        let association = try Association(watchedBy: Witnesses.two)
        let review = try association.review()
        let log = try #require(try association.witnessPolicy()).log
        let change = try #require(review.changes.first { $0.sentence.hasPrefix("turns transparency on") })
        #expect(
            change.sentence
                == "turns transparency on: everything is logged in example.org/log (key \(Hex.encode(log.id))), and of its "
                + "witnesses 2 of 3 must cosign")
        #expect(
            change.details == ["log \(log.vkey)"]
                + ["north", "east", "south"].map {
                    "witness \($0): \(Witnesses.vkey($0)) at https://\($0).example/witness"
                })
        let json = String(decoding: JSONValue.object(change.report).canonicalEncoding, as: UTF8.self)
        #expect(json.contains("\"kind\":\"log_begins\""))
        #expect(json.contains("\"quorum\":\"2 of 3 must cosign\""))
        #expect(json.contains("\"vkey\":\"\(log.vkey)\""))
        #expect(json.contains("\"url\":\"https://east.example/witness\""))
    }

    @Test func `says in JSON what quorum there was and what there would be`() throws {
        let association = try Association.watchedCopy()
        _ = try association.proposeWatched(Witnesses.text(1, of: "north", "east", "south"))
        let reports = try association.review().changes.map {
            String(decoding: JSONValue.object($0.report).canonicalEncoding, as: UTF8.self)
        }
        for kind in ["weaker_witnessing", "quorum"] {
            let report = try #require(reports.first { $0.contains("\"kind\":\"\(kind)\"") })
            #expect(report.contains("\"from\":{\"log\":{\"origin\":\"example.org/log\""), "\(report)")
            #expect(report.contains("\"quorum\":\"1 of 3 must cosign\""))
            #expect(report.contains("\"quorum\":\"2 of 3 must cosign\""))
        }
        #expect(reports.first?.contains("\"alarming\":true") == true)
    }

    struct Warned: Sendable, CustomTestStringConvertible {
        let policy: ByteString
        let says: [String]
        var testDescription: String { says.joined(separator: "; ") }
    }

    private static let recommended = "4 of 5 or 5 of 7 is recommended"

    @Test(arguments: [
        Warned(policy: Witnesses.text(4, of: "a", "b", "c", "d", "e"), says: []),
        Warned(policy: Witnesses.text(5, of: "a", "b", "c", "d", "e", "f", "g"), says: []),
        Warned(policy: Witnesses.text(4, of: "a", "b", "c", "d", "e", "f"), says: []),
        Warned(policy: Witnesses.two, says: ["one dishonest witness is enough for two different logs"]),
        Warned(
            policy: Witnesses.text(3, of: "a", "b", "c", "d", "e"), says: ["one dishonest witness is enough for two"]),
        Warned(policy: Witnesses.text(2, of: "a", "b", "c", "d"), says: ["two quorums need have no witness in common"]),
        Warned(policy: Witnesses.text(1, of: "a", "b", "c"), says: ["one witness is enough: if it is dishonest"]),
        Warned(
            policy: ByteString(Witnesses.line("a") + "quorum a\n"),
            says: ["one witness is enough", "nothing can be published while a is out of reach"]),
        Warned(
            policy: Witnesses.text(3, of: "a", "b", "c"),
            says: ["nothing can be published while any of a, b and c is out of reach"]),
        Warned(
            policy: ByteString(
                Array(Witnesses.line("idle").utf8) + Witnesses.text(4, of: "a", "b", "c", "d", "e").bytes),
            says: ["idle cosigns, and no quorum waits for it"]),
        // Three of each region, and two regions of three: two witnesses of one region are in the way of a fork.
        Warned(
            policy: ByteString(
                (0..<9).map { Witnesses.line("w\($0)") }.joined()
                    + "group x 3 w0 w1 w2\ngroup y 2 w3 w4 w5\ngroup z 2 w6 w7 w8\ngroup all 2 x y z\nquorum all\n"),
            says: ["one dishonest witness is enough for two different logs"]),
    ])
    func `warns of a quorum that a few can get around, or that one can hold up`(_ row: Warned) throws {
        let association = try Association(watchedBy: row.policy)
        let warnings = try association.review().warnings
        #expect(warnings.count == row.says.count, "\(warnings)")
        for (warning, says) in zip(warnings, row.says) {
            #expect(warning.hasPrefix("witness policy: \(says)"), "\(warning)")
        }
        #expect(try association.initialisation(watchedBy: row.policy).warnings == warnings)
    }

    @Test func `does not describe what it cannot read, and nobody may sign it`() throws {
        let association = try Association.watchedCopy()
        try association.stageByHand("root", version: 2) { $0["x-sceau-witness-policy"] = "quorum none\n" }
        let review = try association.review()
        #expect(review.isAlarming)
        #expect(review.changes.first?.sentence.contains("cannot describe in root (x-sceau-witness-policy)") == true)
        #expect(review.obstacles.count == 1)
    }
}

extension ByteString {
    func replacing(_ old: String, with new: String) -> ByteString {
        ByteString(String(decoding: bytes, as: UTF8.self).replacing(old, with: new))
    }
}
