import CanonicalJSON
import Foundation
import Primitives
import Publishing
import SecretKeys
import Signatures
import TUF
import TestSupport
import Testing

@Suite struct `A review, and a status,` {
    @Test func `follow a release into the archive of its channel, and tell when it changes on the way`() throws {
        let association = try Association.releasedCopy()
        var files = JSONObject()
        try association.stageByHand("suite-stable", version: 2) { signed in
            files = signed[path: "targets"]
            signed["targets"] = .object(JSONObject())
        }
        let ids = try ["alice", "bob", "carol"].map { try association.key($0).publicKey }
        try association.editStaged("2.suite-stable.json") { signed in
            var keys = JSONObject()
            for key in ids { keys[key.computedID.text] = .object(key.object) }
            signed["delegations"] = [
                "keys": .object(keys),
                "roles": [
                    [
                        "name": "suite-stable-archive", "keyids": .array(ids.map { .string($0.computedID.text) }),
                        "threshold": 2, "terminating": true, "paths": ["suite/stable/*/*"],
                    ]
                ],
            ]
        }
        func stageArchive(_ targets: JSONObject) throws {
            let signed: JSONValue = [
                "_type": "targets", "spec_version": "1.0.34", "version": 1, "expires": "2027-09-21T14:13:20Z",
                "targets": .object(targets),
            ]
            try association.folder.write(
                JSONValue.object(["signatures": [], "signed": signed]).fileEncoding,
                to: "w/Staged/metadata/1.suite-stable-archive.json")
        }
        try stageArchive(files)
        #expect(
            try association.sentences() == [
                "moves 1.0 to the archive of stable (2 metadata files)",
                "opens the archive of stable, signed by 2 of alice, bob, carol",
                "the archive of stable is valid until 2027-09-21T14:13:20Z",
            ])
        #expect(try association.review().obstacles.isEmpty)
        var changed = files
        changed[path: "suite/stable/1.0/tree.mtree"]["length"] = 1
        try stageArchive(changed)
        #expect(
            try association.sentences().first
                == "CHANGES the files of published release 1.0 in stable: tree.mtree")
        try stageArchive(JSONObject())
        #expect(try association.sentences().first == "DROPS 1.0 from stable: instances will not find it any more")
    }

    @Test func `name what is urgent, when, and the command that mends it`() throws {
        var association = try Association.releasedCopy()
        #expect(
            try WorkspaceStatus.load(association.workspace, now: association.now).warnings.map(\.kind) == [
                .transparency
            ])
        try association.add("2.0")
        association.now += 310 * 86400
        let status = try WorkspaceStatus.load(association.workspace, now: association.now)
        #expect(status.isUrgent)
        #expect(
            status.warnings.map { "\($0.kind.rawValue) \($0.role?.description ?? "-"): \($0.remedy ?? "-")" } == [
                "expired timestamp: sceau refresh", "expired snapshot: sceau refresh",
                "expiring root: sceau root propose --renew, then sign and publish",
                "expiring targets: sceau root propose --renew, then sign and publish",
                "expiring suite-stable: sceau root propose --renew, then sign and publish",
                "staged_expiring suite-stable: sign and publish it, or stage it again",
                "staged_waiting suite-stable: -",
                "transparency root: sceau root propose --witness-policy FILE, then sign and publish",
            ])
        #expect(
            status.warnings.last { $0.kind == .stagedWaiting }?.text
                == "staged suite-stable version 2 waits for signatures since 2026-09-21T14:13:20Z: 0 of 2 signatures; "
                + "can sign: alice, bob, carol")
    }
}
