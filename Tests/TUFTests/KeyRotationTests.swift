import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

@Suite("A key rotation")
struct KeyRotationTests {
    struct Step: Sendable {
        /// Keys named in root, by number.
        let keys: [Int]
        let threshold: Int
        /// Who signs, by number.
        let signedBy: [Int]
        var fault: MetadataFaultCode?
    }

    struct Rotation: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let steps: [Step]
    }

    static let rotations = [
        Rotation(testDescription: "one key, no change", steps: [Step(keys: [1], threshold: 1, signedBy: [1])]),
        Rotation(
            testDescription: "one key to another, signed by both",
            steps: [Step(keys: [1], threshold: 1, signedBy: [1]), Step(keys: [2], threshold: 1, signedBy: [1, 2])]),
        Rotation(
            testDescription: "one key to another, old signature missing",
            steps: [
                Step(keys: [1], threshold: 1, signedBy: [1]),
                Step(keys: [2], threshold: 1, signedBy: [2], fault: .thresholdNotMet),
            ]),
        Rotation(
            testDescription: "one key to another, new signature missing",
            steps: [
                Step(keys: [1], threshold: 1, signedBy: [1]),
                Step(keys: [2], threshold: 1, signedBy: [1], fault: .thresholdNotMet),
            ]),
        Rotation(
            testDescription: "2 of 3, two of them sign",
            steps: [
                Step(keys: [1, 2, 3], threshold: 2, signedBy: [1, 2]),
                Step(keys: [1, 3, 4], threshold: 2, signedBy: [1, 3]),
            ]),
        Rotation(
            testDescription: "2 of 3, old threshold not met",
            steps: [
                Step(keys: [1, 2, 3], threshold: 2, signedBy: [1, 2]),
                Step(keys: [1, 3, 4], threshold: 2, signedBy: [1, 4], fault: .thresholdNotMet),
            ]),
        Rotation(
            testDescription: "2 of 3, new threshold not met",
            steps: [
                Step(keys: [1, 2, 3], threshold: 2, signedBy: [1, 2]),
                Step(keys: [1, 4, 5], threshold: 2, signedBy: [1, 2], fault: .thresholdNotMet),
            ]),
        Rotation(
            testDescription: "threshold grows from 1 to 2",
            steps: [
                Step(keys: [1, 2], threshold: 1, signedBy: [1]),
                Step(keys: [1, 2], threshold: 2, signedBy: [1], fault: .thresholdNotMet),
            ]),
        Rotation(
            testDescription: "threshold falls from 2 to 1",
            steps: [
                Step(keys: [1, 2], threshold: 2, signedBy: [1, 2]),
                Step(keys: [1, 2], threshold: 1, signedBy: [1], fault: .thresholdNotMet),
            ]),
    ]

    @Test(arguments: rotations)
    func `of root is accepted only with the old and the new threshold`(rotation: Rotation) throws {
        let repository = RepositorySimulator()
        var client: Client?
        for (index, step) in rotation.steps.enumerated() {
            repository.setKeys(of: .root, to: step.keys.map { TestKey("root \($0)") }, threshold: step.threshold)
            repository.signers[.root] = step.signedBy.map { TestKey("root \($0)") }
            if index == 0 {
                // The client begins with this one, so who signed the simulator's own first root does not matter.
                repository.restartRoots()
                client = Client(repository)
            } else {
                repository.bumpRoot()
            }
            let before = client?.stored["root.json"]
            #expect(client?.refreshFault() == step.fault)
            if step.fault != nil { #expect(client?.stored["root.json"] == before) }
        }
    }

    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func `of another role holds from the next refresh`(role: RoleName) throws {
        let repository = RepositorySimulator()
        let client = Client(repository)
        try client.refresh()
        repository.setKeys(of: role, to: [TestKey("new")])
        repository.bumpRoot()
        repository.targets.header.version += 1
        repository.publish()
        try client.refresh()
        repository.signers[role] = [TestKey(role.description)]
        repository.targets.header.version += 1
        repository.publish()
        #expect(client.refreshFault() == .thresholdNotMet)
    }

    @Test(arguments: [RoleName.timestamp, .snapshot])
    func `recovers from a fast-forward attack with the old key`(role: RoleName) throws {
        let repository = RepositorySimulator()
        let client = Client(repository)
        let (timestamp, snapshot) = (repository.timestamp.header.version, repository.snapshot.header.version)
        repository.timestamp.header.version = 1_000_000
        repository.snapshot.header.version = 1_000_000
        repository.publish()
        try client.refresh()
        #expect(client.stored["snapshot.json"] == 1_000_001)
        repository.timestamp.header.version = timestamp
        repository.snapshot.header.version = snapshot
        repository.publish()
        #expect(client.refreshFault() == .rollback)
        repository.setKeys(of: role, to: [TestKey("new")])
        repository.bumpRoot()
        repository.publishTimestamp()
        try client.refresh()
        #expect(client.stored["snapshot.json"] == snapshot + 1)
        #expect(client.stored["timestamp.json"] == timestamp + 2)
    }

    @Test func `One key under two keyids is one signer`() throws {
        let repository = RepositorySimulator()
        let alice = TestKey("alice")
        let alias = KeyID("alias")
        repository.setKeys(of: .timestamp, to: [alice], threshold: 2)
        repository.root.keys[alias] = alice.publicKey
        repository.root.roles[.timestamp]?.keyIDs.append(alias)
        repository.bumpRoot()
        repository.bend["timestamp.json"] = { _ in
            var file = SignedFile(repository.timestamp)
            file.signatures = [alice.keyID: alice.sign(file.signedBytes), alias: alice.sign(file.signedBytes)]
            return file.bytes
        }
        #expect(Client(repository).refreshFault() == .thresholdNotMet)
    }

    @Test func `The message names who signed and who did not`() throws {
        let repository = RepositorySimulator()
        repository.setKeys(of: .timestamp, to: [TestKey("alice"), TestKey("bob")], threshold: 2)
        repository.bumpRoot()
        repository.signers[.timestamp] = [TestKey("bob")]
        let fault = #expect(throws: MetadataFault.self) { try Client(repository).refresh() }
        let (alice, bob) = (TestKey("alice").keyID.short, TestKey("bob").keyID.short)
        #expect(
            fault?.message == """
                not enough valid signatures: found 1 (valid bob \(bob); no signature from alice \(alice)), expected 2 \
                (timestamp version 2)
                """)
    }
}
