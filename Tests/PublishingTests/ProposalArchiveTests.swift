import DurableStorage
import Foundation
import Primitives
import Publishing
import SecretKeys
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import Updating

/// A channel delegates to its archive and that to hash bins; all have the channel's keyholders.
@Suite struct `A proposal follows a channel into its archive` {
    private static let archive: RoleName = "suite-stable-archive"
    private static let bin: RoleName = "suite-stable-archive-0"

    /// alice and bob have signed a channel with an archive that has one bin.
    private static let base = Result {
        let association = try Association.releasedCopy()
        let keys = try Association.keyholderNames.map { try association.key($0).publicKey }
        let table = Dictionary(uniqueKeysWithValues: keys.map { ($0.computedID, $0) })
        let signers = RoleKeys(keyIDs: keys.map(\.computedID), threshold: 2)
        func delegation(to role: RoleName, _ scope: PathScope, terminating: Bool) -> Delegations {
            Delegations(
                keys: table, roles: [DelegatedRole(name: role, keys: signers, terminating: terminating, scope: scope)])
        }
        let header = PayloadHeader(version: 1, expires: association.now + 365 * 86400)
        var channel = try #require(try Staging.load(association.workspace).published.delegated["suite-stable"]?.content)
        channel.header = PayloadHeader(version: 2, expires: header.expires)
        channel.delegations = delegation(to: archive, .patterns([PathPattern("suite/stable/*/*")]), terminating: true)
        let content = [
            ("2.suite-stable", channel),
            (
                "1.suite-stable-archive",
                Targets(
                    header: header, targets: [:],
                    delegations: delegation(to: bin, .hashPrefixes(["0"]), terminating: false))
            ),
            ("1.suite-stable-archive-0", Targets(header: header, targets: [:], delegations: nil)),
        ]
        for (name, targets) in content {
            try association.folder.write(SignedFile(targets).bytes, to: "w/Staged/metadata/\(name).json")
        }
        try association.sign("alice", "bob")
        try association.publish()
        return association
    }

    private func copy() throws -> Association {
        try Self.base.get().copied(to: TemporaryFolder(in: TemporaryFolder.inMemory))
    }

    private func roles(_ result: RootProposal.Result) -> [String] {
        result.staged.map { "\($0.role) \($0.version) \($0.reason?.rawValue ?? "")" }
    }

    /// That an instance accepts all three, each by whoever delegates to it now.
    private func check(_ association: Association) throws {
        var updater = try HoldingInstance(pinnedRoot: association.anchor()).updater(for: association)
        try updater.refresh()
        let targets = try #require(updater.trusted.targets)
        let channel = try updater.delegated("suite-stable", by: targets)
        _ = try updater.delegated(Self.bin, by: updater.delegated(Self.archive, by: channel))
    }

    @Test func `a new keyholder changes whoever delegates, and leaves the bin alone`() throws {
        let association = try copy()
        let result = try association.propose { request in
            request.roles = ["stable"]
            request.add = [try association.publicFile("dave")]
        }
        #expect(
            roles(result) == ["targets 2 changed", "suite-stable 3 changed", "suite-stable-archive 2 changed"])
        try association.sign("alice", "bob")
        try association.publish()
        try check(association)
    }

    @Test func `a keyholder who signed and goes: the bin is signed anew as well`() throws {
        let association = try copy()
        let result = try association.propose { request in
            request.remove = ["bob"]
            request.add = [try association.publicFile("dave")]
        }
        #expect(
            roles(result) == [
                "root 2 changed", "targets 2 changed", "suite-stable 3 changed", "suite-stable-archive 2 changed",
                "suite-stable-archive-0 2 signatures_too_few",
            ])
        try association.signAsFarAsPossible(["alice", "carol"])
        try association.publish()
        try check(association)
        #expect(try association.propose().isEmpty)
    }

    @Test func `what expires is renewed down to the bins, by the channel's name too`() throws {
        var association = try copy()
        association.now += 1
        let result = try association.propose { request in
            request.renew = true
            request.roles = ["stable"]
        }
        #expect(result.staged.map(\.role) == ["suite-stable", Self.archive, Self.bin])
        #expect(result.staged.allSatisfy { $0.reason == .renewed })
        association.now += 310 * 86400
        #expect(try association.propose { $0.renew = true }.staged.map(\.role).contains(Self.bin))
    }

    @Test func `a channel that the policy leaves out stays as it is, with a warning`() throws {
        let association = try copy()
        try association.propose { $0.channels = [try ChannelNames.beta()] }
        try association.sign("alice", "bob")
        try association.publish()
        let text = String(decoding: try #require(try association.folder.read("w/Keys/policy.yaml")), as: UTF8.self)
        let beta = try #require(text.range(of: "  beta:"))
        try association.folder.write(String(text[..<beta.lowerBound]), to: "w/Keys/policy.yaml")
        let result = try association.propose()
        #expect(result.isEmpty)
        #expect(result.warnings.count == 1)
        #expect(result.warnings.first?.hasPrefix("suite-beta is published") == true)
    }
}
