import CanonicalJSON
import FoundationEssentials
import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

/// Each attack is carried out on a client that refreshed once. It ends in the fault named, leaves what was trusted as it
/// was, and gets no further than the request named last.
@Suite("An attack")
struct AttackTests {
    struct Attack: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let code: MetadataFaultCode
        /// The last file asked for.
        let endsAt: String
        /// Files that honestly got newer before the attack was noticed.
        var renewed: Set<String> = []
        let bend: @Sendable (RepositorySimulator) -> Void
    }

    @Test(arguments: attacks)
    func `is refused, and what was trusted stays`(attack: Attack) throws {
        let repository = RepositorySimulator()
        repository.addTarget("a", Array("A".utf8))
        repository.targets.header.version = 2
        repository.publish()
        let client = Client(repository)
        try client.refresh()
        let before = client.store.files
        attack.bend(repository)
        #expect(client.refreshFault() == attack.code)
        #expect(repository.requests.last == attack.endsAt)
        let changed = client.store.files.filter { before[$0.key] != $0.value }
        #expect(Set(changed.keys) == attack.renewed)
        #expect(Set(before.keys).isSubset(of: client.store.files.keys))
    }

    @Test(arguments: MetadataFaultCode.allCases)
    func `of any kind ends in a message that says what to do`(code: MetadataFaultCode) {
        #expect(MetadataFault(code).hint?.isEmpty == false)
    }

    static let mallory = TestKey("mallory")

    static let attacks: [Attack] = rootAttacks + timestampAttacks + snapshotAttacks + targetsAttacks

    static let rootAttacks = [
        Attack(testDescription: "root not signed by the old keys", code: .thresholdNotMet, endsAt: "2.root.json") {
            $0.setKeys(of: .root, to: [mallory])
            $0.bumpRoot()
        },
        Attack(testDescription: "root not signed by its own keys", code: .thresholdNotMet, endsAt: "2.root.json") {
            $0.setKeys(of: .root, to: [mallory])
            $0.signers[.root] = [TestKey("root")]
            $0.bumpRoot()
        },
        Attack(testDescription: "root that skips a version", code: .wrongVersion, endsAt: "2.root.json") {
            $0.root.header.version = 2
            $0.bumpRoot()
        },
        Attack(testDescription: "old root served as the next", code: .wrongVersion, endsAt: "2.root.json") {
            $0.publishRoot()
        },
        Attack(testDescription: "endless root", code: .tooLong, endsAt: "2.root.json") {
            $0.bumpRoot()
            $0.bend["2.root.json"] = { _ in [UInt8](repeating: 0x20, count: 512_001) }
        },
        Attack(testDescription: "timestamp served as root", code: .wrongType, endsAt: "2.root.json") {
            let timestamp = $0.file(named: "timestamp.json")
            $0.bumpRoot()
            $0.bend["2.root.json"] = { _ in timestamp }
        },
        Attack(testDescription: "root after which no other can come", code: .malformed, endsAt: "2.root.json") {
            $0.root.header.version = Int.max - 1
            $0.bumpRoot()
        },
        Attack(testDescription: "root with a threshold of 0", code: .malformed, endsAt: "2.root.json") {
            $0.root.roles[.timestamp]?.threshold = 0
            $0.bumpRoot()
        },
    ]

    static let timestampAttacks = [
        Attack(testDescription: "freeze: timestamp has expired", code: .expired, endsAt: "timestamp.json") {
            $0.timestamp.header.expires = RepositorySimulator.now
            $0.publishTimestamp()
        },
        Attack(testDescription: "timestamp rollback", code: .rollback, endsAt: "timestamp.json") {
            $0.timestamp.header.version -= 1
        },
        Attack(
            testDescription: "snapshot version falls in a newer timestamp", code: .rollback, endsAt: "timestamp.json"
        ) {
            $0.snapshot.header.version -= 1
            $0.publishTimestamp()
        },
        Attack(testDescription: "timestamp signed by nobody", code: .thresholdNotMet, endsAt: "timestamp.json") {
            $0.signers[.timestamp] = []
            $0.publishTimestamp()
        },
        Attack(
            testDescription: "timestamp signed by the snapshot key", code: .thresholdNotMet, endsAt: "timestamp.json"
        ) {
            $0.signers[.timestamp] = [TestKey("snapshot")]
            $0.publishTimestamp()
        },
        Attack(testDescription: "arbitrary timestamp", code: .malformed, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { _ in Array("what".utf8) }
        },
        Attack(testDescription: "truncated timestamp", code: .malformed, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { Array($0.dropLast(2)) }
        },
        Attack(testDescription: "endless timestamp", code: .tooLong, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { $0 + [UInt8](repeating: 0x20, count: 16_384) }
        },
        Attack(testDescription: "withheld timestamp", code: .missing, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { _ in nil }
        },
        Attack(testDescription: "timestamp of specification 2", code: .unsupportedVersion, endsAt: "timestamp.json") {
            $0.timestamp.header.specVersion = "2.0.0"
            $0.publishTimestamp()
        },
        Attack(testDescription: "nesting bomb", code: .malformed, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { _ in [UInt8](repeating: UInt8(ascii: "["), count: 16_000) }
        },
        Attack(testDescription: "version as a float", code: .malformed, endsAt: "timestamp.json") {
            $0.publishTimestamp()
            $0.bend["timestamp.json"] = { replacing("\"version\": 4\n", "\"version\": 4.0\n", in: $0) }
        },
        Attack(testDescription: "duplicate JSON name", code: .malformed, endsAt: "timestamp.json") {
            $0.bend["timestamp.json"] = { replacing("\"signed\":", "\"signed\": 1, \"signed\":", in: $0) }
        },
        Attack(testDescription: "duplicate keyid in signatures", code: .duplicateKeyID, endsAt: "timestamp.json") {
            $0.publishTimestamp()
            let keyID = TestKey("timestamp").keyID
            $0.bend["timestamp.json"] = {
                replacing("\"signatures\": [", "\"signatures\": [{\"keyid\": \"\(keyID)\", \"sig\": \"\"},", in: $0)
            }
        },
    ]

    static let snapshotAttacks = [
        Attack(
            testDescription: "mix-and-match: another snapshot than the timestamp names", code: .wrongHash,
            endsAt: "4.snapshot.json", renewed: ["timestamp.json"]
        ) {
            $0.publish()
            $0.bend["4.snapshot.json"] = { replacing("2030-01-31", "2031-01-31", in: $0) }
        },
        Attack(
            testDescription: "snapshot of another version, without hashes", code: .wrongVersion,
            endsAt: "4.snapshot.json", renewed: ["timestamp.json"]
        ) {
            $0.statesFacts = false
            let old = $0.file(named: "3.snapshot.json")
            $0.publish()
            $0.bend["4.snapshot.json"] = { _ in old }
        },
        Attack(
            testDescription: "targets fall in a newer snapshot", code: .rollback, endsAt: "4.snapshot.json",
            renewed: ["timestamp.json"]
        ) {
            $0.targets.header.version = 1
            $0.snapshot.meta[RoleName.targets.metaName]?.version = 1
            $0.snapshot.meta["other.json"] = MetaFile(version: 1, facts: FileFacts(length: nil, hashes: [:]))
            $0.publishSnapshot()
        },
        Attack(
            testDescription: "role taken out of the snapshot", code: .roleRemoved, endsAt: "4.snapshot.json",
            renewed: ["timestamp.json"]
        ) {
            $0.snapshot.meta[RoleName.targets.metaName] = nil
            $0.publishSnapshot()
        },
        Attack(
            testDescription: "snapshot signed by the timestamp key", code: .thresholdNotMet, endsAt: "4.snapshot.json",
            renewed: ["timestamp.json"]
        ) {
            $0.signers[.snapshot] = [TestKey("timestamp")]
            $0.publish()
        },
        Attack(
            testDescription: "expired snapshot", code: .expired, endsAt: "4.snapshot.json", renewed: ["timestamp.json"]
        ) {
            $0.snapshot.header.expires = RepositorySimulator.now - 1
            $0.publish()
        },
        Attack(
            testDescription: "withheld snapshot", code: .missing, endsAt: "4.snapshot.json", renewed: ["timestamp.json"]
        ) {
            $0.publish()
            $0.bend["4.snapshot.json"] = { _ in nil }
        },
    ]

    static let targetsAttacks = [
        Attack(
            testDescription: "targets signed by too few", code: .thresholdNotMet, endsAt: "3.targets.json",
            renewed: ["timestamp.json", "snapshot.json"]
        ) {
            $0.signers[.targets] = [mallory]
            $0.targets.header.version = 3
            $0.publish()
        },
        Attack(
            testDescription: "targets with another content", code: .wrongHash, endsAt: "3.targets.json",
            renewed: ["timestamp.json", "snapshot.json"]
        ) {
            $0.targets.header.version = 3
            $0.publish()
            $0.bend["3.targets.json"] = { replacing("\"length\": 1", "\"length\": 2", in: $0) }
        },
        Attack(
            testDescription: "targets longer than stated", code: .tooLong, endsAt: "3.targets.json",
            renewed: ["timestamp.json", "snapshot.json"]
        ) {
            $0.targets.header.version = 3
            $0.publish()
            $0.bend["3.targets.json"] = { $0 + [0x0A] }
        },
        Attack(
            testDescription: "expired targets", code: .expired, endsAt: "3.targets.json",
            renewed: ["timestamp.json", "snapshot.json"]
        ) {
            $0.targets.header = PayloadHeader(version: 3, expires: RepositorySimulator.now)
            $0.publish()
        },
        Attack(
            testDescription: "only hashes of unknown kinds", code: .unknownHash, endsAt: "3.targets.json",
            renewed: ["timestamp.json", "snapshot.json"]
        ) {
            $0.targets.header.version = 3
            $0.publish()
            $0.snapshot.meta[RoleName.targets.metaName]?.facts.hashes = ["crc32": "00000000"]
            $0.publishTimestamp()
        },
    ]

    static func replacing(_ old: String, _ new: String, in bytes: [UInt8]) -> [UInt8] {
        Array(String(decoding: bytes, as: UTF8.self).replacingOccurrences(of: old, with: new).utf8)
    }
}

extension String {
    fileprivate func replacingOccurrences(of old: String, with new: String) -> String {
        split(separator: old, omittingEmptySubsequences: false).joined(separator: new)
    }
}
