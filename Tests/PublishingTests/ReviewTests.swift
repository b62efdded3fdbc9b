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

/// What a review says of what commands stage, over what is published.
@Suite struct `A review` {
    @Test func `of the first release says who signs what, and names every new key with its whole id`() throws {
        let association = try Association()
        try association.add("1.0")
        let review = try association.review()
        #expect(
            review.changes.map(\.sentence) == [
                "adds release 1.0 to stable: 2 files, 31 B, severity important",
                "sets up root and targets, signed by 2 of alice, bob, carol",
                "sets up snapshot and timestamp, signed by online",
                "root is valid until 2027-09-21T14:13:20Z",
                "opens channel stable, signed by 2 of alice, bob, carol",
                "targets is valid until 2027-09-21T14:13:20Z",
                "channel stable is valid until 2027-09-21T14:13:20Z",
            ])
        #expect(review.newKeys.map(\.mention.name) == ["alice", "bob", "carol", "online"])
        for key in review.newKeys {
            #expect(key.mention.id == (try association.key(key.mention.name)).publicKey.computedID)
            #expect(key.objection == nil)
        }
        #expect(!review.isAlarming)
        #expect(review.obstacles.isEmpty)
    }

    @Test func `of a rotation names who leaves and joins, and whom the old and the new root still lack`() throws {
        var association = try Association.releasedCopy()
        association.keys["online-2"] = try Association.key("online-2")
        try association.propose { request in
            request.add = [try association.publicFile("dave"), try association.publicFile("erin")]
            request.remove = ["bob"]
            request.onlineKey = try association.publicFile("online-2")
        }
        let sentences = try association.sentences()
        let expected = [
            "the online key of snapshot and timestamp changes from online to online-2",
            "dave's key joins root and targets", "erin's key joins root and targets",
            "bob's key leaves root and targets",
            "threshold of root and targets: 2 of 3 becomes 2 of 4", "dave's key joins channel stable",
        ]
        for sentence in expected { #expect(sentences.contains(sentence), "\(sentences)") }
        #expect(!(try association.review().isAlarming), "\(sentences)")
        let text = { try #require(try association.review().roles.first).lackingText }
        #expect(
            try text()
                == "0 of 2 of the old root (can sign: alice, bob, carol) and 0 of 2 of the new root (can sign: alice, "
                + "carol, dave, erin)")
        try association.sign("bob", "dave", only: [.root])
        #expect(
            try text()
                == "1 of 2 of the old root (can sign: alice, carol) and 1 of 2 of the new root (can sign: alice, carol, "
                + "erin)")
        try association.sign("carol", only: [.root])
        #expect(try association.review().roles.first?.isComplete == true)
    }

    @Test func `of a channel's first opening and of a renewal`() throws {
        var association = try Association.releasedCopy()
        try association.propose { $0.channels = [try ChannelNames.beta()] }
        #expect(
            try association.sentences() == [
                "opens channel beta, signed by 2 of alice, bob, carol",
                "channel beta is valid until 2027-09-21T14:13:20Z",
            ])
        try association.signAsFarAsPossible(["alice", "bob"])
        try association.publish()
        association.now += 30 * 86400
        try association.propose {
            $0.renew = true
            $0.roles = ["targets"]
        }
        #expect(
            try association.sentences() == [
                "renews targets: valid until 2027-10-21T14:13:20Z instead of 2027-09-21T14:13:20Z"
            ])
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let role: String
        let says: [String]
        let edit: @Sendable (inout JSONObject) -> Void

        init(_ name: String, _ role: String, _ says: [String], _ edit: @escaping @Sendable (inout JSONObject) -> Void) {
            testDescription = name
            self.role = role
            self.says = says
            self.edit = edit
        }
    }

    private static let manifest: ByteString = "suite/stable/1.0/release.json"
    private static let archive: ByteString = "suite/stable/1.0/suite-1.0.tar.zst"
    private static func unknown(_ role: String, _ fields: String) -> String {
        "changes something this version of sceau cannot describe in \(role) (\(fields)): do not sign unless you know why"
    }

    static let edits: [Edit] = [
        Edit(
            "another archive under a published name", "suite-stable",
            ["CHANGES the files of published release 1.0 in stable: suite-1.0.tar.zst"]
        ) { $0[path: "targets", archive, "hashes"]["sha256"] = .string(ByteString(String(repeating: "a", count: 64))) },
        Edit(
            "a published release's severity", "suite-stable",
            ["CHANGES what is said of published release 1.0 in stable: severity important becomes none"]
        ) { $0[path: "targets", manifest, "custom", "sceau"]["severity"] = "none" },
        Edit(
            "a withdrawal", "suite-stable", ["withdraws 1.0 from stable: it eats mail"]
        ) {
            $0[path: "targets", manifest, "custom", "sceau"]["withdrawn"] = [
                "reason": "it eats mail", "time": "2026-09-21T14:13:20Z",
            ]
        },
        Edit(
            "a withdrawal with more in it", "suite-stable",
            [
                unknown("channel stable", "targets.\(manifest).custom.sceau.withdrawn.successor"),
                "withdraws 1.0 from stable: it eats mail",
            ]
        ) {
            $0[path: "targets", manifest, "custom", "sceau"]["withdrawn"] = [
                "reason": "it eats mail", "time": "2026-09-21T14:13:20Z", "successor": "0.9",
            ]
        },
        Edit(
            "a custom field that nobody knows", "suite-stable",
            [unknown("channel stable", "targets.\(manifest).custom.sceau.rollout")]
        ) { $0[path: "targets", manifest, "custom", "sceau"]["rollout"] = 10 },
        Edit(
            "a custom object on the archive", "suite-stable",
            [unknown("channel stable", "targets.\(archive).custom")]
        ) { $0[path: "targets", archive]["custom"] = ["sceau": ["version": "9"]] },
        Edit(
            "a second hash", "suite-stable",
            [
                "CHANGES the files of published release 1.0 in stable: suite-1.0.tar.zst",
                unknown("channel stable", "targets.\(archive).hashes.sha512"),
            ]
        ) { $0[path: "targets", archive, "hashes"]["sha512"] = "00" },
        Edit(
            "a release that is gone", "suite-stable",
            ["DROPS 1.0 from stable: instances will not find it any more"]
        ) { $0["targets"] = .object(JSONObject()) },
        Edit("a field of a later format", "suite-stable", [unknown("channel stable", "x-later")]) {
            $0["x-later"] = [1, 2]
        },
        Edit("a field in root", "root", [unknown("root", "x-later")]) { $0["x-later"] = "a" },
        Edit("a role in root that nobody knows", "root", [unknown("root", "roles.mirrors")]) {
            $0["roles"] = .object($0[path: "roles"].with("mirrors", ["keyids": [], "threshold": 1]))
        },
        Edit("a key in root that signs nothing", "root", [unknown("root", "keys.abc")]) {
            $0["keys"] = .object($0[path: "keys"].with("abc", $0[path: "keys"].members.first?.value ?? .null))
        },
        Edit("inconsistent snapshots", "root", [unknown("root", "consistent_snapshot")]) {
            $0["consistent_snapshot"] = false
        },
        Edit(
            "a lower threshold", "root", ["threshold of root: 2 of 3 becomes 1 of 3"]
        ) { $0[path: "roles", "root"]["threshold"] = 1 },
        Edit(
            "another specification", "root",
            ["root follows version 1.0.99 of the TUF specification instead of 1.0.34"]
        ) { $0["spec_version"] = "1.0.99" },
        Edit(
            "a channel that is closed", "targets",
            ["CLOSES channel stable: instances will not find its releases any more"]
        ) { $0[path: "delegations"] = ["keys": [:], "roles": []] },
        Edit("a file in targets", "targets", [unknown("targets", "targets.x")]) {
            $0[path: "targets"]["x"] = ["length": 1, "hashes": ["sha256": "00"]]
        },
    ]

    @Test(arguments: edits) func `says what is staged by hand`(_ row: Edit) throws {
        let association = try Association.releasedCopy()
        let version = 2
        try association.stageByHand(row.role, version: version) { signed in
            row.edit(&signed)
            signed["expires"] = "2027-09-21T14:13:20Z"
        }
        let said = try association.sentences()
        #expect(said == row.says)
    }

    @Test func `shows a new key under an old name, and that the workspace holds another`() throws {
        let association = try Association.releasedCopy()
        let impostor = try Association.key("alice").publicKey
        try association.stageByHand("root", version: 2) { signed in
            let real = try? association.key("alice").publicKey.computedID
            signed["keys"] = .object(signed[path: "keys"].with(impostor.computedID.text, .object(impostor.object)))
            guard let real, case .array(let ids)? = signed[path: "roles", "root"]["keyids"] else { return }
            signed["keys"] = .object(signed[path: "keys"].with(real.text, signed[path: "keys"][real.text]))
            signed[path: "roles", "root"]["keyids"] = .array(
                ids.map { $0 == .string(real.text) ? .string(impostor.computedID.text) : $0 })
        }
        let real = try association.key("alice").publicKey.computedID
        let sentences = try association.sentences()
        #expect(sentences.contains("alice's key \(impostor.computedID.short) joins root"), "\(sentences)")
        #expect(sentences.contains("alice's key \(real.short) leaves root"), "\(sentences)")
        let new = try association.review().newKeys
        #expect(new.map(\.objection) == ["Keys/alice.pub holds another key"])
        #expect(new.map(\.mention.id) == [impostor.computedID])
    }

    @Test func `says when release.json is not here, and when it is of another release`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try DurableStorage().remove(association.folder.path(association.staged(".release.json")))
        let said = try association.sentences()
        #expect(
            said.first
                == "adds release 2.0 to stable, severity important: its release.json is not here, so nothing more can be "
                + "said of it: do not sign unless you know why")
        #expect(try association.review().isAlarming)
    }

    @Test func `says when the facts of a new release contradict its release.json`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try association.editStaged("2.suite-stable.json") {
            $0[path: "targets", "suite/stable/2.0/release.json", "custom", "sceau"]["severity"] = "none"
        }
        let change = try #require(try association.review().changes.first)
        #expect(change.isAlarming)
        #expect(
            change.details.first?.contains("its release.json is of suite 2.0 in stable, severity important") == true)
    }
}

extension JSONObject {
    func with(_ name: ByteString, _ value: JSONValue?) -> JSONObject {
        var result = self
        result[name] = value
        return result
    }
}
