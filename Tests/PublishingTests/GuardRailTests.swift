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

/// What is neither signed nor published, whoever asks: instances would refuse it, or nobody could mend it afterwards.
@Suite struct `Guard rails` {
    struct Danger: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let role: String
        var version = 2
        let says: String
        var code = PublishingFaultCode.wouldBeRefused
        let edit: @Sendable (inout JSONObject) -> Void
    }

    private static func noKeys(_ role: ByteString) -> @Sendable (inout JSONObject) -> Void {
        { $0[path: "roles", role]["keyids"] = [] }
    }

    private static func delegation(_ edit: @escaping @Sendable (inout JSONObject) -> Void) -> (
        @Sendable (inout JSONObject) -> Void
    ) {
        { signed in
            guard case .array(let list)? = signed[path: "delegations"]["roles"],
                case .object(var role)? = list.first
            else { return }
            edit(&role)
            signed[path: "delegations"]["roles"] = .array([.object(role)] + list.dropFirst())
        }
    }

    static let dangers: [Danger] = [
        Danger(testDescription: "the published version again", role: "root", says: "expected version 2") {
            $0["version"] = 1
        },
        Danger(testDescription: "a gap", role: "root", says: "expected version 2, since 1 is published") {
            $0["version"] = 3
        },
        Danger(testDescription: "an expiry in the past", role: "root", says: "expiry 2026-01-01T00:00:00Z") {
            $0["expires"] = "2026-01-01T00:00:00Z"
        },
        Danger(testDescription: "an expiry beyond ten years", role: "root", says: "expected at most ten years") {
            $0["expires"] = "2040-01-01T00:00:00Z"
        },
        Danger(
            testDescription: "a threshold above the number of keys", role: "root",
            says: "found a threshold of 4 for root, expected at most 3"
        ) { $0[path: "roles", "root"]["threshold"] = 4 },
        Danger(
            testDescription: "a snapshot without keys", role: "root", says: "found no key for snapshot",
            edit: noKeys("snapshot")),
        Danger(
            testDescription: "a timestamp without keys", role: "root", says: "found no key for timestamp",
            edit: noKeys("timestamp")),
        Danger(
            testDescription: "keys of a kind that nobody can verify", role: "root",
            says: "found a threshold of 2 for root, expected at most 1"
        ) { signed in
            guard case .array(let ids)? = signed[path: "roles", "root"]["keyids"] else { return }
            for case .string(let id) in ids.dropLast() { signed[path: "keys", id]["scheme"] = "ed448" }
        },
        Danger(testDescription: "inconsistent snapshots", role: "root", says: "found no consistent snapshots") {
            $0["consistent_snapshot"] = false
        },
        Danger(
            testDescription: "a keyholder's key that signs archives too", role: "root",
            says: "found a release key that signs root, expected a key that signs archives only"
        ) { signed in
            guard case .array(let ids)? = signed[path: "roles", "root"]["keyids"], case .string(let id)? = ids.first
            else { return }
            signed["x-sceau-release-key"] = .object(signed[path: "keys", id])
        },
        Danger(
            testDescription: "a release key that is none", role: "root", says: "found a release key of another kind"
        ) { $0["x-sceau-release-key"] = ["keytype": "rsa", "keyval": ["public": "x"], "scheme": "rsa"] },
        Danger(testDescription: "a key under another's id", role: "root", says: "under a foreign key id") { signed in
            let ids = signed[path: "keys"].members
            guard let first = ids.first, let last = ids.last else { return }
            signed[path: "keys", first.name]["keyval"] = signed[path: "keys", last.name]["keyval"]
        },
        Danger(
            testDescription: "more than the longest metadata", role: "root", says: "expected at most 61440",
            code: .metadataTooLong
        ) { $0["x-filler"] = .string(ByteString([UInt8](repeating: UInt8(ascii: "x"), count: 60 << 10))) },
        Danger(
            testDescription: "a delegation of all paths", role: "targets",
            says: "found a delegation to role suite-stable",
            edit: delegation { $0["paths"] = ["*/*/*/*"] }),
        Danger(
            testDescription: "a delegation of another product", role: "targets",
            says: "found a delegation for product other",
            edit: delegation {
                $0["name"] = "other-stable"
                $0["paths"] = ["other/stable/*/*"]
            }),
        Danger(
            testDescription: "a second pattern", role: "targets", says: "found a delegation to role suite-stable",
            edit: delegation { $0["paths"] = ["suite/stable/*/*", "suite/beta/*/*"] }),
        Danger(
            testDescription: "a delegation that does not end the search", role: "targets",
            says: "found a delegation to role suite-stable", edit: delegation { $0["terminating"] = false }),
        Danger(
            testDescription: "a channel whose threshold nobody can meet", role: "targets",
            says: "found a threshold of 9 for suite-stable", edit: delegation { $0["threshold"] = 9 }),
        Danger(
            testDescription: "a channel that delegates to a role of its own choice", role: "suite-stable",
            says: "found a delegation to role mallory"
        ) {
            $0["delegations"] = [
                "keys": [:],
                "roles": [
                    [
                        "name": "mallory", "keyids": [], "threshold": 1, "terminating": true,
                        "paths": ["suite/stable/*/*"],
                    ]
                ],
            ]
        },
        Danger(
            testDescription: "an archive with other keyholders than its channel", role: "suite-stable",
            says: "found other keyholders for suite-stable-archive than for suite-stable"
        ) { signed in
            let mallory = TestKey("mallory")
            signed["delegations"] = [
                "keys": .object(JSONObject([.init(mallory.keyID.text, .object(mallory.publicKey.object))]) ?? [:]),
                "roles": [
                    [
                        "name": "suite-stable-archive", "keyids": [.string(mallory.keyID.text)], "threshold": 1,
                        "terminating": true, "paths": ["suite/stable/*/*"],
                    ]
                ],
            ]
        },
        Danger(
            testDescription: "a file of another channel", role: "suite-stable",
            says: "found \"suite/beta/1.0/release.json\", expected files of its own paths"
        ) {
            $0[path: "targets"]["suite/beta/1.0/release.json"] = [
                "length": 1, "hashes": ["sha256": .string(ByteString(String(repeating: "0", count: 64)))],
            ]
        },
        Danger(
            testDescription: "a second key under a name that is published", role: "targets",
            says: "found two keys named alice, expected a name for each key"
        ) { signed in
            guard let impostor = try? Association.key("alice").publicKey,
                case .array(let list)? = signed[path: "delegations"]["roles"], case .object(var role)? = list.first,
                case .array(let ids)? = role["keyids"]
            else { return }
            signed[path: "delegations", "keys"][impostor.computedID.text] = .object(impostor.object)
            role["keyids"] = .array(ids + [.string(impostor.computedID.text)])
            signed[path: "delegations"]["roles"] = [.object(role)]
        },
        Danger(testDescription: "a file in targets", role: "targets", says: "found files in targets") {
            $0[path: "targets"]["x"] = ["length": 1, "hashes": ["sha256": "00"]]
        },
        Danger(
            testDescription: "keyholders who have not signed the targets that stay", role: "root",
            says: "found targets as published, signed by 1 of its new keyholders, expected 2"
        ) { signed in
            guard case .array(let ids)? = signed[path: "roles", "targets"]["keyids"] else { return }
            signed[path: "roles", "targets"]["keyids"] = .array(Array(ids.suffix(2)))
        },
    ]

    @Test(arguments: dangers) func `hold against`(_ row: Danger) throws {
        let association = try Association.releasedCopy()
        try association.stageByHand(row.role, version: row.version) { signed in
            signed["expires"] = "2027-09-21T14:13:20Z"
            row.edit(&signed)
        }
        let written = "w/Staged/metadata/\(row.version).\(row.role).json"
        if case .object(let file) = try JSONValue.decode(#require(try association.folder.read(written))),
            case .object(let signed)? = file["signed"], case .integer(let version)? = signed["version"], version != 2
        {
            try association.editStaged("2.\(row.role).json", renamedTo: "\(version).\(row.role).json") { _ in }
        }
        let before = try association.files(below: "w")
        let review = try association.review()
        #expect(review.obstacles.contains { $0.contains(row.says) }, "\(review.obstacles)")
        #expect(!review.isReady)
        // Alice may sign everything here, but for what has no signers at all.
        let fault = #expect(throws: PublishingFault.self) { try association.sign("alice") }
        #expect(fault?.code == row.code)
        let publishing = #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(publishing?.code == row.code)
        #expect(try association.files(below: "w") == before)
    }

    @Test(arguments: [nil, "another reason"]) func `a withdrawal that is taken back or changed`(
        _ reason: String?
    ) throws {
        let association = try Association.releasedCopy()
        let withdrawal = try Withdrawal(reason: "it loses mail", time: association.now)
        _ = try ReleaseWithdrawal(workspace: association.workspace, now: association.now)
            .withdraw(Version("1.0"), withdrawal, channel: nil)
        try association.sign("alice", "bob")
        try association.publish()
        try association.add("2.0")
        let path: ByteString = "suite/stable/1.0/release.json"
        try association.editStaged("3.suite-stable.json") { signed in
            signed[path: "targets", path, "custom", "sceau"]["withdrawn"] = reason.map {
                ["reason": .string(ByteString($0)), "time": "2026-09-21T14:13:20Z"]
            }
        }
        let before = try association.published()
        let fault = #expect(throws: PublishingFault.self) { try association.sign("alice") }
        #expect(fault?.code == .wouldBeRefused)
        #expect(throws: PublishingFault.self) { try association.publish() }
        #expect(try association.published() == before)
    }

    @Test func `two staged versions of one role`() throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        let bytes = try #require(try association.folder.read("w/Staged/metadata/2.suite-stable.json"))
        try association.folder.write(bytes, to: "w/Staged/metadata/3.suite-stable.json")
        try association.editStaged("3.suite-stable.json") { $0["version"] = 3 }
        let fault = #expect(throws: PublishingFault.self) { try association.review() }
        #expect(fault?.code == .malformedStaging)
    }

    struct Tampering: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let does: @Sendable (Association) throws -> Void
    }

    /// By somebody who can write to the shared repository, and holds no key.
    static let tamperings: [Tampering] = [
        Tampering(testDescription: "a changed channel") {
            try $0.editPublished("1.suite-stable.json") { $0["x-added"] = 1 }
        },
        Tampering(testDescription: "a changed root") { try $0.editPublished("1.root.json") { $0["x-added"] = 1 } },
        Tampering(testDescription: "a second root that nobody signed") { association in
            let bytes = try #require(try association.folder.read("w/Releases/metadata/1.root.json"))
            try association.folder.write(bytes, to: "w/Releases/metadata/2.root.json")
            try association.editPublished("2.root.json") { $0["version"] = 2 }
        },
        Tampering(testDescription: "another trust anchor and first root, made by a stranger") { association in
            let stranger = try Association()
            try stranger.release("1.0")
            let root = try #require(try stranger.folder.read("w/Keys/root.json"))
            try association.folder.write(root, to: "w/Keys/root.json")
        },
        Tampering(testDescription: "no trust anchor") {
            try DurableStorage().remove($0.folder.path("w/Keys/root.json"))
        },
        Tampering(testDescription: "nothing published") {
            try DurableStorage().removeTree($0.folder.path("w/Releases/metadata"))
        },
        Tampering(testDescription: "a changed snapshot") {
            try $0.editPublished("1.snapshot.json") { $0["x-added"] = 1 }
        },
        Tampering(testDescription: "a changed timestamp") {
            try $0.editPublished("timestamp.json") { $0["x-added"] = 1 }
        },
    ]

    @Test(arguments: tamperings) func `what is published is not believed after`(_ row: Tampering) throws {
        let association = try Association.releasedCopy()
        try association.add("2.0")
        try row.does(association)
        let before = try association.files(below: "w")
        for attempt in [
            { try association.review() }, { try association.sign("alice") }, { try association.add("3.0") },
            { try association.publish() }, { try WorkspaceStatus.load(association.workspace, now: association.now) },
        ] as [() throws -> Any] {
            let fault = #expect(throws: PublishingFault.self) { _ = try attempt() }
            #expect(fault?.code == .untrustedPublication, "\(fault?.description ?? "")")
        }
        #expect(try association.files(below: "w") == before)
    }

    @Test func `a publication that has expired is believed all the same: that is no reason to forget it`() throws {
        var association = try Association.releasedCopy()
        association.now += 300 * 86400
        try association.add("2.0")
        #expect(try association.sentences().first?.hasPrefix("adds release 2.0") == true)
    }
}

extension Association {
    /// Changes published metadata, leaving its signatures as they are.
    fileprivate func editPublished(_ name: String, _ edit: (inout JSONObject) -> Void) throws {
        let path = "w/Releases/metadata/\(name)"
        guard case .object(var file) = try JSONValue.decode(#require(try folder.read(path))),
            case .object(var signed)? = file["signed"]
        else { return }
        edit(&signed)
        file["signed"] = .object(signed)
        try folder.write(JSONValue.object(file).fileEncoding, to: path)
    }
}
