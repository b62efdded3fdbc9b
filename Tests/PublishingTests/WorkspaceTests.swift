import DurableStorage
import Foundation
import Primitives
import Publishing
import Releases
import SecretKeys
import Settings
import SystemPackage
import TUF
import TestSupport
import Testing

@Suite struct `A workspace and its policy` {
    private func bare() throws -> Association {
        let names = Association.keyholderNames + ["online"]
        return Association(
            folder: try TemporaryFolder(in: TemporaryFolder.inMemory),
            keys: try Dictionary(uniqueKeysWithValues: names.map { ($0, try Association.key($0)) }))
    }

    @Test(arguments: [
        (-1, PublishingFaultCode.invalidThreshold), (0, .invalidThreshold), (4, .invalidThreshold),
    ]) func `a threshold that cannot be met is refused before anything is made`(
        threshold: Int, code: PublishingFaultCode
    ) throws {
        let association = try bare()
        let fault = #expect(throws: PublishingFault.self) {
            try association.initialisation(threshold: threshold).run(now: association.now)
        }
        #expect(fault?.code == code)
        #expect(fault?.family == .usage)
        #expect(try association.folder.contents().isEmpty)
    }

    @Test func `two keyholders of one name, or with one key, are refused`() throws {
        let association = try bare()
        let alice = try association.key("alice")
        let namesake = try Association.key("alice")
        let online = try association.key("online")
        for keyholders in [[alice, namesake], [alice, alice], [alice, online]] {
            let fault = #expect(throws: PublishingFault.self) {
                try association.initialisation(keyholders: keyholders)
            }
            #expect(fault?.code == .duplicateKeyholder)
        }
    }

    @Test func `a threshold of all keyholders is warned about`() throws {
        let association = try bare()
        #expect(try association.initialisation(threshold: 3).warnings.count == 1)
        #expect(try association.initialisation(threshold: 2).warnings.isEmpty)
    }

    @Test func `a workspace is never made over another`() throws {
        let association = try Association()
        let before = try association.files(below: "w")
        let fault = #expect(throws: PublishingFault.self) {
            try association.initialisation().run(now: association.now)
        }
        #expect(fault?.code == .workspaceExists)
        #expect(try association.files(below: "w") == before)
    }

    @Test func `the policy that init writes reads back as it was`() throws {
        let association = try Association(channels: ["stable", "beta"])
        let policy = try association.workspace.loadPolicy()
        #expect(try Policy.decode(Array(policy.text.utf8), at: "policy.yaml") == policy)
        #expect(policy.channels.map(\.name.description) == ["stable", "beta"])
        #expect(policy.root.keyholders == Association.keyholderNames)
    }

    struct Edit: Sendable, CustomTestStringConvertible {
        let from: String
        let to: String
        let says: String
        var testDescription: String { "\(from) becomes \(to)" }
    }

    @Test(arguments: [
        Edit(from: "online_key: online", to: "online_keys: online", says: "\"online_keys\""),
        Edit(from: "    keep: 16", to: "    keep: many", says: "\"many\""),
        Edit(from: "    keep: 16", to: "", says: "keep: …"),
        Edit(from: "    threshold: 2", to: "    threshold: 4", says: "at most 3"),
        Edit(from: "[alice, bob, carol]", to: "[alice, bob, alice]", says: "each keyholder once"),
        Edit(from: "[alice, bob, carol]", to: "[alice, ../bob, carol]", says: "\"../bob\""),
        Edit(from: "product: suite", to: "product: Suite", says: "\"Suite\""),
        Edit(from: "product: suite", to: "product: suite\nproduct: suite", says: "twice"),
        Edit(from: "product: suite", to: "product: [suite", says: "line"),
        Edit(from: "  stable:", to: "  Stable!:", says: "a channel's name"),
    ]) func `a mistake in the policy is named with its line`(_ edit: Edit) throws {
        let association = try Association()
        let text = try association.workspace.loadPolicy().text
        #expect(text.contains(edit.from))
        let range = try #require(text.range(of: edit.from))
        let fault = #expect(throws: SettingsFault.self) {
            try Policy.decode(
                Array(text.replacingCharacters(in: range, with: edit.to).utf8), at: "policy.yaml")
        }
        #expect(fault?.code == .invalid)
        #expect(fault?.message.contains(edit.says) == true, "\(fault?.message ?? "")")
        #expect(fault?.message.contains("line ") == true, "\(fault?.message ?? "")")
    }

    @Test func `status warns within the warning time, and not a second before`() throws {
        var association = try Association()
        try association.release("1.0")
        let day = 86400.0
        for (days, expiring) in [(0.0, []), (4 * day - 1, []), (4 * day + 1, ["timestamp"]), (8 * day, ["timestamp"])] {
            association.now = Association.now + days
            let status = try WorkspaceStatus.load(association.workspace, now: association.now)
            #expect(status.roles.filter(\.isExpiring).map(\.role.description) == expiring, "after \(days) s")
        }
    }

    @Test func `refresh renews the timestamp, and the snapshot in the second half of its life`() throws {
        var association = try Association()
        try association.release("1.0")
        try association.add("2.0")
        association.now += 5 * 86400
        #expect(try association.refresh().report.metadata == ["timestamp.json"])
        association.now += 11 * 86400
        #expect(try association.refresh().report.metadata == ["2.snapshot.json", "timestamp.json"])
        let client = Client(association: association, pinnedRoot: try #require(try association.pinned()))
        #expect(try client.newestVersion() == "1.0")
        #expect(try Staging.load(association.workspace).roles.map(\.version) == [2])
    }
}
