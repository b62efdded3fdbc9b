import CanonicalJSON
import Foundation
import Primitives
import Publishing
import Releases
import Signatures
import TUF
import Testing

/// Every kind of change, and the exact words for it.
@Suite struct `The words of a review` {
    struct Row: Sendable, CustomTestStringConvertible {
        let kind: Change.Kind
        let says: String
        let isAlarming: Bool
        var testDescription: String { says }

        init(_ kind: Change.Kind, _ says: String, alarming: Bool = false) {
            self.kind = kind
            self.says = says
            isAlarming = alarming
        }
    }

    static func key(_ name: String, _ id: String = "4e77d1c0ff", twice: Bool = false) -> KeyMention {
        KeyMention(name: name, id: KeyID(ByteString(id)), isAmbiguous: twice)
    }

    static func rule(_ threshold: Int, _ names: String...) -> SigningRule {
        SigningRule(threshold: threshold, keys: names.map { key($0) })
    }

    static func release(_ version: String) throws -> Change.Release {
        Change.Release(channel: try ChannelName("stable"), version: try Version(version))
    }

    static func facts(_ severity: Severity) throws -> ReleaseFacts {
        ReleaseFacts(version: try Version("2.12.0"), severity: severity, time: time)
    }

    static func slowly(_ severity: Severity, updateFrom: String) throws -> ReleaseFacts {
        ReleaseFacts(
            version: try Version("2.12.0"), severity: severity, time: time, updateFrom: try Version(updateFrom),
            rollout: try Rollout(
                start: time, steps: [.init(hours: 0, perMille: 50), .init(hours: 48, perMille: 1000)]))
    }

    static let time = Date(timeIntervalSince1970: 1_790_000_000)
    static let root = RoleTitle.topLevel(.root)
    static let targets = RoleTitle.topLevel(.targets)
    static let online: [RoleTitle] = [.topLevel(.snapshot), .topLevel(.timestamp)]

    static func rows() throws -> [Row] {
        let paths = ReleasePaths(product: try ProductName("suite"), channel: try ChannelName("stable"))
        let beta = RoleTitle.channel(ReleasePaths(product: try ProductName("suite"), channel: try ChannelName("beta")))
        let bins = ["0", "1", "2"].map { RoleTitle.bin(paths, ByteString($0)) }
        let (old, new) = (try release("2.8.0"), try release("2.9.0"))
        return [
            Row(
                .setsUp([root, targets], rule(2, "alice", "bob", "carol")),
                "sets up root and targets, signed by 2 of alice, bob, carol"),
            Row(.setsUp(online, rule(1, "online")), "sets up snapshot and timestamp, signed by online"),
            Row(.keyJoins(key("carol"), [root, targets]), "carol's key joins root and targets"),
            Row(.keyLeaves(key("bob"), [root]), "bob's key leaves root"),
            Row(.keyLeaves(key("bob", twice: true), [root]), "bob's key 4e77d1c0 leaves root"),
            Row(
                .keyJoins(key("dave"), [.archive(paths)] + bins),
                "dave's key joins the archive of stable and 3 bins of the archive of stable"),
            Row(
                .onlineKey(online, from: key("online"), to: key("online-2")),
                "the online key of snapshot and timestamp changes from online to online-2"),
            Row(
                .threshold([root], from: rule(2, "a", "b", "c"), to: rule(2, "a", "b", "c", "d")),
                "threshold of root: 2 of 3 becomes 2 of 4"),
            Row(
                .releaseKey(from: nil, to: key("packer")),
                "packer's key becomes the release key, which signs archives for minisign"),
            Row(
                .releaseKey(from: key("packer"), to: key("packer-2")),
                "the release key, which signs archives for minisign, changes from packer to packer-2"),
            Row(
                .releaseKey(from: key("packer"), to: nil),
                "packer's key is the release key no more, and none takes its place"),
            Row(
                .opens([beta], rule(2, "alice", "bob", "carol")),
                "opens channel beta, signed by 2 of alice, bob, carol"),
            Row(.opens(bins, rule(1, "alice")), "opens 3 bins of the archive of stable, signed by alice"),
            Row(.closes(beta), "CLOSES channel beta: instances will not find its releases any more", alarming: true),
            Row(
                .withdraws(new, reason: "it eats mail", time: time), "withdraws 2.9.0 from stable: it eats mail"),
            Row(
                .changesWithdrawal(new, from: "it eats mail", to: "it loses mail"),
                "withdraws 2.9.0 from stable for another reason: it loses mail (it was: it eats mail)"),
            Row(.reinstates(new), "TAKES BACK the withdrawal of 2.9.0 from stable", alarming: true),
            Row(
                .moves([new, old], files: 3), "moves 2.9.0 and 2.8.0 to the archive of stable (3 metadata files)"),
            Row(.bringsBack([old]), "brings 2.8.0 back from the archive to stable"),
            Row(.rearranges([new, old]), "rearranges the archive of stable: 2 releases stay as they are"),
            Row(.drops([old]), "DROPS 2.8.0 from stable: instances will not find it any more", alarming: true),
            Row(
                .changesFiles(new, ["release.json", "tree.mtree"]),
                "CHANGES the files of published release 2.9.0 in stable: release.json and tree.mtree", alarming: true),
            Row(
                .changesFacts(new, from: try facts(.critical), to: try facts(.low)),
                "CHANGES what is said of published release 2.9.0 in stable: severity critical becomes low",
                alarming: true),
            Row(
                .changesFacts(new, from: try facts(.low), to: try slowly(.low, updateFrom: "2.0")),
                "CHANGES what is said of published release 2.9.0 in stable: for instances of any version becomes for "
                    + "instances from 2.0 on, instances get it at once becomes instances get it within 48 hours, 5 % at once",
                alarming: true),
            Row(
                .validity(targets, from: time, to: time + 86400, isAll: true),
                "renews targets: valid until 2026-09-22T14:13:20Z instead of 2026-09-21T14:13:20Z"),
            Row(
                .validity(beta, from: time, to: time + 86400, isAll: false),
                "channel beta is valid until 2026-09-22T14:13:20Z instead of 2026-09-21T14:13:20Z"),
            Row(
                .specification(root, from: "1.0.34", to: "1.0.35"),
                "root follows version 1.0.35 of the TUF specification instead of 1.0.34"),
            Row(
                .undescribed(root, ["x-new"]),
                "changes something this version of sceau cannot describe in root (x-new): do not sign unless you know why",
                alarming: true),
        ]
    }

    @Test(arguments: try rows()) func `for a change`(_ row: Row) {
        let change = Change(row.kind, in: [.root])
        #expect(change.sentence == row.says)
        #expect(change.isAlarming == row.isAlarming)
        #expect(change.report["text"] == .string(ByteString(row.says)))
        #expect(change.report["alarming"] == .bool(row.isAlarming))
    }

    @Test func `each kind has a word of its own for scripts`() throws {
        let rows = try Self.rows()
        let words = Set(rows.map { Change($0.kind, in: []).report["kind"] })
        // Some kinds have several rows.
        #expect(words.count == 20)
    }

    @Test func `text from outside cannot reach the terminal, nor fill it`() throws {
        let evil = ByteString("fine\u{1b}[2J\r\nready: run sceau publish\u{202e}\u{9b}")
        let sentence = Change(.withdraws(try Self.release("1.0"), reason: evil, time: Self.time), in: []).sentence
        #expect(
            sentence
                == "withdraws 1.0 from stable: fine\\u{1b}[2J\\u{d}\\u{a}ready: run sceau publish\\u{202e}\\u{9b}")
        let long = ByteString([UInt8](repeating: UInt8(ascii: "a"), count: 100_000))
        let cut = Change(.withdraws(try Self.release("1.0"), reason: long, time: Self.time), in: []).sentence
        #expect(cut.utf8.count < 1100)
        #expect(cut.hasSuffix("… (100000 bytes in all)"))
        let many = Change(.undescribed(Self.root, (0..<5000).map { "field\($0)" }), in: []).sentence
        #expect(many.contains("field11 and 4988 more"))
    }
}
