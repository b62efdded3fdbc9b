import CanonicalJSON
import DurableStorage
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing

@testable import Updating

/// What a publisher who errs, or holds enough keys to lie, may try; and what a mirror may serve in place of a release.
/// Release 1.0 is installed, 1.1 is the attack.
@Suite struct ReleaseAttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: String
        /// The file of the release that is asked for last; nil when none is.
        let last: String?
        let arrange: @Sendable (ReleaseRepository) throws -> Void
    }

    static let attacks: [Attack] = [
        Attack(
            testDescription: "release.json of another version", code: "agent/contradictory-release",
            last: "release.json"
        ) { try $0.add("1.1", Sample.second, lies: .init(manifest: { $0.version = version("1.2") })) },
        Attack(
            testDescription: "release.json of another product", code: "agent/contradictory-release",
            last: "release.json"
        ) { repository in
            let product = try ProductName("other-suite")
            try repository.add("1.1", Sample.second, lies: .init(manifest: { $0.product = product }))
        },
        Attack(
            testDescription: "release.json of another channel", code: "agent/contradictory-release",
            last: "release.json"
        ) { repository in
            let channel = try ChannelName("beta")
            try repository.add("1.1", Sample.second, lies: .init(manifest: { $0.channel = channel }))
        },
        Attack(
            testDescription: "release.json of another severity than was listed", code: "agent/contradictory-release",
            last: "release.json"
        ) { try $0.add("1.1", Sample.second, lies: .init(manifest: { $0.severity = .none })) },
        Attack(
            testDescription: "release.json that is not in its one spelling", code: "release/not-canonical",
            last: "release.json"
        ) { repository in
            let bytes = repository.releases["1.0"].map { $0.manifestBytes + [10] } ?? []
            try repository.add("1.1", Sample.second, lies: .init(files: ["release.json": bytes]))
        },
        Attack(
            testDescription: "a listing other than the one in release.json", code: "agent/contradictory-release",
            last: "release.json"
        ) { repository in
            let other = repository.releases["1.0"]?.listing.encoding ?? []
            try repository.add("1.1", Sample.second, lies: .init(files: ["tree.mtree": other]))
        },
        Attack(
            testDescription: "an archive other than the one in release.json", code: "agent/contradictory-release",
            last: "release.json"
        ) { repository in
            let other = repository.releases["1.0"]?.archive ?? []
            try repository.add("1.1", Sample.second, lies: .init(files: ["mail-suite-1.1.tar.zst": other]))
        },
        Attack(
            testDescription: "the archive of another release, consistently listed", code: "archive/wrong-content",
            last: "mail-suite-1.1.tar.zst"
        ) { repository in
            let other = repository.releases["1.0"]?.archive ?? []
            let digest = Digest.sha256(of: other)
            try repository.add(
                "1.1", Sample.third,
                lies: .init(
                    manifest: { $0.archive = .init(sha256: digest, bytes: other.count) },
                    files: ["mail-suite-1.1.tar.zst": other]))
        },
        Attack(
            testDescription: "a listing with another number of files than release.json says",
            code: "agent/contradictory-release", last: "tree.mtree"
        ) { try $0.add("1.1", Sample.second, lies: .init(manifest: { $0.tree.files += 1 })) },
        Attack(
            testDescription: "custom facts that name another version", code: "agent/contradictory-release", last: nil
        ) { try $0.add("1.1", Sample.second, lies: .init(custom: facts("1.2"))) },
        Attack(
            testDescription: "custom facts that are missing", code: "agent/contradictory-release", last: nil
        ) { try $0.add("1.1", Sample.second, lies: .init(custom: [:])) },
        Attack(
            testDescription: "a path of another channel", code: "agent/contradictory-release", last: nil
        ) {
            try $0.add("1.1", Sample.second, lies: .init(manifestPath: "mail-suite/beta/1.1/release.json"))
        },
        Attack(
            testDescription: "a path of another version", code: "agent/contradictory-release", last: nil
        ) {
            try $0.add("1.1", Sample.second, lies: .init(manifestPath: "mail-suite/stable/9.9/release.json"))
        },
        Attack(
            testDescription: "a path that leaves its folder", code: "agent/contradictory-release", last: nil
        ) { try $0.add("1.1", Sample.second, lies: .init(manifestPath: "mail-suite/stable/../release.json")) },
        Attack(
            testDescription: "a release without its listing", code: "agent/missing-target", last: "release.json"
        ) { try $0.add("1.1", Sample.second, lies: .init(isMissing: ["tree.mtree"])) },
        Attack(
            testDescription: "a release without its archive", code: "agent/missing-target", last: "release.json"
        ) { try $0.add("1.1", Sample.second, lies: .init(isMissing: ["mail-suite-1.1.tar.zst"])) },
        Attack(
            testDescription: "a release for a newer agent", code: "agent/agent-too-old", last: "release.json"
        ) { try $0.add("1.1", Sample.second, lies: .init(manifest: { $0.minimumAgentVersion = version("99.0") })) },
        Attack(
            testDescription: "an archive with one bit changed by the mirror", code: "agent/wrong-hash",
            last: "mail-suite-1.1.tar.zst"
        ) { repository in
            var archive = try repository.add("1.1", Sample.second).archive
            archive[archive.count / 2] ^= 1
            repository.served["mail-suite-1.1.tar.zst"] = archive
        },
        Attack(
            testDescription: "a release.json swapped by the mirror", code: "agent/wrong-hash", last: "release.json"
        ) { repository in
            let count = try repository.add("1.1", Sample.second).manifestBytes.count
            repository.served["release.json"] = [UInt8](repeating: 0x20, count: count)
        },
        Attack(
            testDescription: "an archive that the mirror does not have", code: "agent/target-unavailable",
            last: "mail-suite-1.1.tar.zst"
        ) { repository in
            try repository.add("1.1", Sample.second)
            repository.served["mail-suite-1.1.tar.zst"] = .some(nil)
        },
        Attack(
            testDescription: "a role reached through another delegation first", code: "agent/contradictory-release",
            last: nil
        ) { repository in
            // The first delegation that covers the path decides; here that is no longer the channel's.
            let own = repository.simulator.targets.delegations
            repository.simulator.targets.delegations = nil
            repository.simulator.delegate(to: "thief", patterns: ["mail-suite/*/*/*"], terminating: true)
            if case .listed(let roles)? = own?.roles, let first = repository.simulator.targets.delegations,
                case .listed(let thief) = first.roles
            {
                repository.simulator.targets.delegations?.roles = .listed(thief + roles)
                for (keyID, key) in own?.keys ?? [:] {
                    repository.simulator.targets.delegations?.keys[keyID] = key
                }
            }
            repository.simulator.targets.header.version += 1
            try repository.add("1.1", Sample.second)
        },
    ]

    private static func version(_ text: String) -> Version {
        // The texts of the table above are versions.
        guard let version = try? Version(text) else { preconditionFailure(text) }
        return version
    }

    private static func facts(_ text: String) -> JSONObject {
        ["sceau": ["version": .string(ByteString(text)), "severity": "low", "time": "2030-01-01T00:00:00Z"]]
    }

    @Test("is refused, and the installed release stays as it was", arguments: attacks)
    func attack(_ attack: Attack) throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        let trusted = try instance.trustedVersions()
        let record = try instance.folder.read("state/installed.json")
        repository.requests = []
        try attack.arrange(repository)

        let agent = try instance.agent()
        let before = agent.linkedVersion
        #expect(code { try agent.update() } == attack.code)
        #expect(agent.stateInWords(before: before) == "nothing was changed; still on 1.0")
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.folder.read("state/installed.json") == record)
        #expect(try instance.names(in: "prefix") == ["current", "versions"])
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
        for (role, version) in try instance.trustedVersions() { #expect(version >= trusted[role] ?? 0) }
        let asked = repository.requests.filter { $0.hasPrefix("targets/") }.last
        #expect(asked.map { String($0.split(separator: "/").last?.dropFirst(65) ?? "") } == attack.last)
        #expect(try instance.agent().status().lastError?.code == attack.code)

        // And the next honest release is installed over all that was left, unless the metadata itself still lies.
        guard attack.last != nil else { return }
        repository.served = [:]
        try repository.add("1.2", Sample.third)
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.2")
    }
}
