import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `What root propose stages` {
    private func roles(_ result: RootProposal.Result) -> [String] {
        result.staged.map { "\($0.role) \($0.version) \($0.reason?.rawValue ?? "")" }
    }

    @Test func `nothing, when all is as the policy says`() throws {
        let association = try Association.releasedCopy()
        let before = try association.files(below: "w")
        let result = try association.propose()
        #expect(result.isEmpty)
        #expect(result.warnings.isEmpty)
        #expect(try association.files(below: "w") == before)
        #expect(try association.propose { $0.renew = true }.isEmpty)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `what people wrote into the policy, and only what it concerns`() throws {
        let association = try Association.releasedCopy()
        let text = String(decoding: try #require(try association.folder.read("w/Keys/policy.yaml")), as: UTF8.self)
        try association.folder.write(association.publicFile("dave").encoded, to: "w/Keys/dave.pub")
        let channel = try #require(text.range(of: "channels:"))
        let (top, channels) = (String(text[..<channel.lowerBound]), String(text[channel.lowerBound...]))
        let edited = top + channels.replacing("[alice, bob, carol]", with: "[dave, carol, alice]")
        try association.folder.write(edited, to: "w/Keys/policy.yaml")
        #expect(roles(try association.propose()) == ["targets 2 changed", "suite-stable 2 signatures_too_few"])
        // It is the person's file: nothing had to be changed in it.
        #expect(try association.folder.read("w/Keys/policy.yaml") == Array(edited.utf8))
    }

    @Test func `nothing for another order of the same keyholders`() throws {
        let association = try Association.releasedCopy()
        let text = String(decoding: try #require(try association.folder.read("w/Keys/policy.yaml")), as: UTF8.self)
        try association.folder.write(
            text.replacing("[alice, bob, carol]", with: "[carol, bob, alice]"), to: "w/Keys/policy.yaml")
        #expect(try association.propose().isEmpty)
    }

    @Test func `before anything is published: the first version anew`() throws {
        var association = try Association()
        association.keys["dave"] = try Association.key("dave")
        try association.sign("alice")
        let result = try association.propose { $0.add = [try association.publicFile("dave")] }
        #expect(roles(result) == ["root 1 new", "targets 1 new"])
        #expect(result.staged.map(\.droppedSignatures) == [["alice"], ["alice"]])
        #expect(result.kept.map(\.role) == ["suite-stable"])
        try association.sign("alice", "dave")
        try association.publish()
        #expect(try association.checkWithPythonTUF().versions?["root"] == 1)
    }

    @Test func `a proposal in the place of one that nobody has published, naming whose signatures are dropped`() throws
    {
        let association = try Association.releasedCopy()
        try association.propose { request in
            request.roles = ["root"]
            request.threshold = 3
        }
        try association.sign("alice", "carol")
        let result = try association.propose { request in
            request.roles = ["root"]
            request.add = [try association.publicFile("dave")]
        }
        #expect(roles(result) == ["root 2 changed"])
        #expect(result.staged.first?.droppedSignatures == ["alice", "carol"])
        #expect(try association.stagedRoles() == ["root 2"])
        #expect(try association.propose().kept.map(\.role) == [.root])
    }

    @Test func `nothing any more, when the wish is taken back`() throws {
        let association = try Association.releasedCopy()
        let before = try association.files(below: "w")
        try association.propose { $0.threshold = 3 }
        try association.sign("alice")
        let result = try association.propose { $0.threshold = 2 }
        #expect(result.takenBack.map(\.role) == [.root, .targets])
        #expect(result.takenBack.first?.droppedSignatures == ["alice"])
        // The channel had to be signed anew by three; that does no harm, and may be wanted.
        #expect(try association.stagedRoles() == ["suite-stable 2"])
        try Discard("stable", workspace: association.workspace).run()
        #expect(try association.published() == before.filter { $0.key.hasPrefix("w/Releases") })
        #expect(try association.folder.read("w/Keys/policy.yaml") == before["w/Keys/policy.yaml"])
    }

    @Test func `what expires soon, with --renew, or the roles that are named`() throws {
        var association = try Association.releasedCopy()
        let named = try association.propose { request in
            request.renew = true
            request.roles = ["stable"]
        }
        #expect(roles(named) == ["suite-stable 2 renewed"])
        association.now += 300 * 86400 + 1
        // What waits already is not made anew for a few days more; root and targets have 65 days, and are warned at 60.
        #expect(try association.propose { $0.renew = true }.isEmpty)
        association.now += 10 * 86400
        let result = try association.propose { $0.renew = true }
        #expect(roles(result) == ["root 2 renewed", "targets 2 renewed", "suite-stable 2 renewed"])
        try association.sign("alice", "bob")
        try association.publish()
        let life = 365.0 * 86400
        #expect(try Staging.load(association.workspace).root?.header.expires == association.now + life)
        let instance = HoldingInstance(pinnedRoot: try association.anchor())
        #expect(try instance.refresh(from: association) == "1.0")
    }

    @Test func `a release key in root, and none again`() throws {
        let association = try Association.releasedCopy()
        let key = try association.publicFile("dave")
        #expect(roles(try association.propose { $0.releaseKey = key }) == ["root 2 changed"])
        #expect(try Staging.load(association.workspace).root?.releaseKey() == key.publicKey)
        let fault = #expect(throws: PublishingFault.self) { try association.propose { $0.add = [key] } }
        #expect(fault?.code == .duplicateKeyholder)
    }

    @Test func `warnings about who would sign`() throws {
        let association = try Association.releasedCopy()
        let result = try association.propose { $0.threshold = 3 }
        #expect(result.warnings.count == 1)
        #expect(result.warnings.first?.hasPrefix("root, targets, suite-stable: all 3 of 3 keys must sign") == true)
    }
}

@Suite struct `Warnings about keyholders` {
    struct Row: Sendable, CustomTestStringConvertible {
        let names: [String]
        let threshold: Int
        let says: [String]
        var testDescription: String { "\(threshold) of \(names.joined(separator: ", "))" }
    }

    static let lost =
        "root: all 2 of 2 keys must sign: when one is lost, nothing more can be signed, and when it is root's, "
        + "instances have to be set up anew"

    @Test(arguments: [
        Row(names: ["alice", "bob", "carol"], threshold: 2, says: []),
        Row(names: ["alice.card", "alice.laptop", "bob", "carol"], threshold: 3, says: []),
        Row(names: ["alice", "bob"], threshold: 2, says: [lost]),
        Row(
            names: ["alice", "bob"], threshold: 1,
            says: ["root: one signature is enough: whoever takes one key can sign alone"]),
        Row(
            names: ["alice.card", "alice.laptop", "alice"], threshold: 2,
            says: ["root: all keys are held by alice: whoever takes them over can sign alone"]),
        Row(
            names: ["alice.card", "bob", "alice.laptop"], threshold: 2,
            says: ["root: alice alone can sign, with alice.card and alice.laptop"]),
    ]) func `say what is the matter, and nothing when all is well`(_ row: Row) {
        let rule = KeyholderRule(role: .root, keyholders: row.names, threshold: row.threshold)
        #expect(KeyholderWarnings.about([rule]) == row.says)
    }

    @Test func `say it once for roles with the same fault`() throws {
        let association = try Association()
        let staging = try Staging.load(association.workspace)
        #expect(staging.keyholderRules.map(\.role) == [.root, .targets, "suite-stable"])
        #expect(staging.keyholderRules == (try association.workspace.loadPolicy().keyholderRules))
        let rules = staging.keyholderRules.map {
            KeyholderRule(role: $0.role, keyholders: $0.keyholders, threshold: 1)
        }
        #expect(KeyholderWarnings.about(rules).count == 1)
    }
}
