import TUF
import TestSupport
import Testing

@Suite("Keys that change before tuf-client's eyes")
struct RotationTests {
    @Test(arguments: KeyRotation.ofRoot)
    func `of root are followed as far as they hold`(rotation: KeyRotation) throws {
        let repository = RepositorySimulator()
        repository.publishRoots(rotation)
        let client = try ClientUnderTest(repository)
        #expect(try client.initialise() == 0)
        #expect(try client.refresh() == (rotation.holds ? 0 : 1))
        let last = repository.roots.count - (rotation.holds ? 1 : 2)
        let isKept = try client.trusted()["root.json"] == repository.roots[last]
        #expect(isKept)
        // What is behind a root that does not hold is not asked for.
        #expect(client.requests.contains("metadata/timestamp.json") == rotation.holds)
    }

    /// One role after the other, in one folder, without a new version of anything but root.
    @Test(arguments: KeyRotation.ofAnotherRole)
    func `of the other roles hold from the root that names them`(rotation: KeyRotation) throws {
        let repository = RepositorySimulator()
        repository.statesFacts = false
        repository.publish()
        let client = try ClientUnderTest(repository)
        #expect(try client.initialise() == 0)
        for role in [RoleName.timestamp, .snapshot, .targets] {
            repository.take(rotation.steps[0], as: role)
            repository.bumpRoot()
            #expect(try client.refresh() == (rotation.holds ? 0 : 1))
            #expect(try client.versions()["root.json"] == repository.roots.count)
            if rotation.holds {
                let name = role == .timestamp ? role.fileName : role.fileName(version: role == .snapshot ? 3 : 1)
                let isKept = try client.trusted()[role.fileName] == repository.file(named: name)
                #expect(isKept)
            } else {
                #expect(try client.versions() == ["root.json": repository.roots.count])
            }
        }
    }

    /// The second signature is by a key that root lists, and gives to no role.
    @Test(arguments: [RoleName.timestamp, .snapshot, .targets])
    func `are refused for a role when they are root's only`(role: RoleName) throws {
        let repository = RepositorySimulator()
        repository.statesFacts = false
        repository.publish()
        let client = try ClientUnderTest(repository)
        try client.initialise()
        #expect(try client.refresh() == 0)
        repository.root.roles[role]?.threshold = 2
        repository.root.keys[TestKey("more").keyID] = TestKey("more").publicKey
        repository.signers[role]?.append(TestKey("more"))
        repository.bumpRoot()
        #expect(try client.refresh() == 1)
        #expect(client.errors.contains("threshold-not-met"))
    }
}
