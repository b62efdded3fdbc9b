import CanonicalJSON
import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog

/// Witness policies that nobody signs here, wherever they come from.
@Suite struct `A witness policy that would protect nobody` {
    struct Row: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let says: String
        /// The text without the log's line.
        let text: @Sendable (Association) throws -> ByteString

        init(_ description: String, _ says: String, _ text: @escaping @Sendable (Association) throws -> ByteString) {
            testDescription = description
            self.says = says
            self.text = text
        }
    }

    private static func witness(_ key: PublicKey, name: String) throws -> ByteString {
        let vkey = try NoteKey(name: "w.example", kind: .witness, publicKey: key.material).vkey
        return ByteString("witness \(name) \(vkey) https://w.example\nquorum \(name)\n")
    }

    static let rows: [Row] = [
        Row("no text at all", "expected a quorum line") { _ in "" },
        Row("prose", "found \"ask\"") { _ in "ask our friends\n" },
        Row("no line feed at its end", "a line feed") { _ in ByteString(Array(Witnesses.two.bytes.dropLast())) },
        Row("nobody to ask", "found quorum none") { _ in "quorum none\n" },
        Row("witnesses whom no quorum asks", "found quorum none") { _ in
            ByteString(Witnesses.line("north") + "quorum none\n")
        },
        Row("a quorum that nobody is in", "the name friends") { _ in
            ByteString(Witnesses.line("north") + "quorum friends\n")
        },
        Row("more than there are", "a number from 1 to 3") { _ in Witnesses.text(4, of: "north", "east", "south") },
        Row("one witness twice", "again") { _ in
            ByteString(
                Witnesses.line("north") + "witness other \(Witnesses.vkey("north")) https://n.example\nquorum north\n")
        },
        Row("a witness without an address", "no address for witness north") { _ in
            ByteString("witness north \(Witnesses.vkey("north"))\nquorum north\n")
        },
        Row("an address of another kind", "the address ftp://north.example") { _ in
            ByteString(Witnesses.line("north", url: "ftp://north.example") + "quorum north\n")
        },
        Row("the log as its own witness", "again") {
            try witness($0.key("suite-log").publicKey, name: "itself")
        },
        Row("a keyholder as a witness", "alice's key as that of witness friend") {
            try witness($0.key("alice").publicKey, name: "friend")
        },
        Row("the online key as a witness", "online's key as that of witness machine") {
            try witness($0.key("online").publicKey, name: "machine")
        },
        Row("a key with another id", "key id") { _ in
            Witnesses.two.replacing(
                "+\(Hex.encode(TestKey("witness east").noteKeyID("east.example/w", .witness)))+", with: "+00000000+")
        },
    ]

    /// 1.0 is live without a log; the key `suite-log` is at hand.
    private func association() throws -> Association {
        var association = try Association.releasedCopy()
        association.keys["suite-log"] = try Association.key("suite-log")
        return association
    }

    @Test(arguments: rows) func `is not proposed`(_ row: Row) throws {
        let association = try association()
        let key = NewLogKey(
            KeyFile(unencrypted: try association.key("suite-log")), at: association.folder.path("l.key"))
        let text = try row.text(association)
        let before = try association.files(below: "")
        let fault = #expect(throws: PublishingFault.self) {
            try association.propose {
                $0.witnesses = text
                $0.logKey = key
            }
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.family == .refusal)
        #expect(fault?.message.contains(row.says) == true, "\(fault?.message ?? "")")
        #expect(try association.files(below: "") == before)
    }

    @Test(arguments: rows) func `does not begin a workspace`(_ row: Row) throws {
        let other = try association()
        let association = Association(folder: try TemporaryFolder(in: TemporaryFolder.inMemory), keys: other.keys)
        let key = NewLogKey(
            KeyFile(unencrypted: try association.key("suite-log")), at: association.folder.path("l.key"))
        let text = try row.text(association)
        let fault = #expect(throws: PublishingFault.self) {
            try association.initialisation(watchedBy: text, logKey: key).run(now: association.now)
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(fault?.message.contains(row.says) == true, "\(fault?.message ?? "")")
        #expect(try association.folder.contents().isEmpty)
    }

    @Test(arguments: rows) func `is not signed when somebody else has staged it`(_ row: Row) throws {
        let association = try association()
        let log = try NoteKey(
            name: "example.org/log", kind: .log, publicKey: association.key("suite-log").publicKey.material)
        let text = ByteString(Array("log \(log.vkey)\n".utf8) + (try row.text(association)).bytes)
        try association.stageByHand("root", version: 2) { $0[Root.witnessPolicyField] = .string(text) }
        let before = try association.files(below: "w")
        #expect(try association.review().obstacles.first?.contains(row.says) == true)
        let fault = #expect(throws: PublishingFault.self) { try association.sign("alice") }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `that is no text, or names two logs, is not signed`() throws {
        let two = Witnesses.two
        let logs = ["a.example/log", "b.example/log"].map { "log \(TestKey($0).vkey(ByteString($0), .log))\n" }.joined()
        for value in [JSONValue.array([]), .string(ByteString(Array(logs.utf8) + two.bytes)), .string(two)] {
            let association = try association()
            try association.stageByHand("root", version: 2) { $0[Root.witnessPolicyField] = value }
            let fault = #expect(throws: PublishingFault.self) { try association.sign("alice") }
            #expect(fault?.code == .invalidWitnessPolicy)
        }
    }

    @Test func `a witness's key cannot become a keyholder's`() throws {
        var association = try Association.watchedCopy()
        let key = try Association.key("friend")
        association.keys["friend"] = key
        let vkey = try NoteKey(name: "f.example", kind: .witness, publicKey: key.publicKey.material).vkey
        let text = ByteString(
            "witness friend \(vkey) https://f.example\n" + Witnesses.line("north")
                + "group all all friend north\nquorum all\n")
        _ = try association.proposeWatched(text)
        let before = try association.files(below: "")
        let fault = #expect(throws: PublishingFault.self) {
            try association.propose { $0.add = [Association.publicFile(key)] }
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(try association.files(below: "") == before)
    }

    @Test func `and a log that changes its key and keeps its name, are refused whoever stages them`() throws {
        let association = try Association.watchedCopy()
        let former = try #require(try association.witnessPolicy())
        for log in [
            TestKey("other").vkey("example.org/log", .log),
            try NoteKey(name: "example.org/other", kind: .log, publicKey: former.log.publicKey).vkey,
        ] {
            try association.stageByHand("root", version: 2) { signed in
                signed[Root.witnessPolicyField] = .string(ByteString(Array("log \(log)\n".utf8) + Witnesses.two.bytes))
            }
            let fault = #expect(throws: PublishingFault.self) { try association.sign("alice") }
            #expect(fault?.code == .invalidWitnessPolicy)
            #expect(fault?.hint?.contains("a log keeps its key and its name") == true)
        }
    }

    @Test func `too long for root is refused before anything is written`() throws {
        let association = try association()
        let key = NewLogKey(
            KeyFile(unencrypted: try association.key("suite-log")), at: association.folder.path("l.key"))
        let before = try association.files(below: "")
        let long = ByteString(Array(Witnesses.two.bytes) + Array("#\(String(repeating: "x", count: 33 << 10))\n".utf8))
        let fault = #expect(throws: PublishingFault.self) {
            try association.propose {
                $0.witnesses = long
                $0.logKey = key
            }
        }
        #expect(fault?.code == .invalidWitnessPolicy)
        #expect(try association.files(below: "") == before)
    }
}
