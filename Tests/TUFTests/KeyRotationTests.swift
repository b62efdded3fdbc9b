import Primitives
import Signatures
import TUF
import TestSupport
import Testing
import Updating

@Suite("A key rotation")
struct KeyRotationTests {
    /// The client looks at every step when it is published, and another one at all of them at the end.
    @Test(arguments: KeyRotation.ofRoot)
    func `of root is accepted only with the old and the new threshold`(rotation: KeyRotation) throws {
        let repository = RepositorySimulator()
        var client: Client?
        for (index, step) in rotation.steps.enumerated() {
            repository.take(step, as: .root)
            if index == 0 {
                repository.restartRoots()
                client = Client(repository)
            } else {
                repository.bumpRoot()
            }
            let isRefused = !rotation.holds && index == rotation.steps.count - 1
            #expect(client?.refreshFault() == (isRefused ? .thresholdNotMet : nil))
            // What the client was given is not stored again.
            let last = isRefused ? index - 1 : index
            let isKept = client?.store.files["root.json"] == (last == 0 ? nil : repository.roots[last])
            #expect(isKept)
        }
        let late = Client(repository)
        #expect(late.refreshFault() == (rotation.holds ? nil : .thresholdNotMet))
        let isSame = late.store.files["root.json"] == client?.store.files["root.json"]
        #expect(isSame)
    }

    /// Nothing but signatures changes: neither a version nor, where none are stated, a hash tells the client to look.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets], KeyRotation.ofAnotherRole)
    func `of another role is accepted only with the threshold that root names`(
        role: RoleName, rotation: KeyRotation
    ) throws {
        let repository = RepositorySimulator()
        repository.statesFacts = false
        repository.publish()
        let (early, late) = (Client(repository), Client(repository))
        try early.refresh()
        let version = try #require(early.stored[role.fileName])
        let name = role == .timestamp ? role.fileName : role.fileName(version: version)
        repository.take(rotation.steps[0], as: role)
        repository.bumpRoot()
        for client in [early, late] {
            #expect(client.refreshFault() == (rotation.holds ? nil : .thresholdNotMet))
            #expect(client.stored["root.json"] == 2)
            let isTaken = client.store.files[role.fileName] == repository.file(named: name)
            #expect(isTaken == rotation.holds)
        }
    }

    @Test(arguments: KeyRotation.ofAnotherRole)
    func `of a delegated role is accepted only with the threshold that its delegator names`(
        rotation: KeyRotation
    ) throws {
        let repository = RepositorySimulator()
        let step = rotation.steps[0]
        let key = { (number: Int) in TestKey("rotation \(number)") }
        repository.delegate(to: "a", patterns: ["*"], keys: [TestKey("old")])
        repository.addTarget("file", [1], to: "a")
        repository.publish()
        let client = Client(repository)
        #expect(try client.refresh().target(at: "file") != nil)
        repository.targets.delegations = nil
        repository.delegate(to: "a", patterns: ["*"], keys: step.keys.map(key), threshold: step.threshold)
        repository.signers["a"] = step.signedBy.map(key)
        repository.targets.header.version += 1
        repository.publish()
        let updater = try client.refresh()
        if rotation.holds {
            #expect(try updater.target(at: "file") != nil)
            let isTaken = client.store.files["a.json"] == repository.file(named: "1.a.json")
            #expect(isTaken)
        } else {
            let fault = #expect(throws: MetadataFault.self) { try updater.target(at: "file") }
            #expect(fault?.code == .thresholdNotMet)
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
