import FoundationEssentials
import Primitives
import TUF
import TestSupport
import Testing
import Updating

@Suite("A refresh")
struct RefreshTests {
    let repository = RepositorySimulator()

    @Test func `A newcomer asks for each file once, in the order of the specification`() throws {
        let client = Client(repository)
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "timestamp.json", "2.snapshot.json", "1.targets.json"])
        #expect(client.store.saves == ["timestamp.json", "snapshot.json", "targets.json"])
    }

    @Test func `When nothing is new only root and timestamp are asked for and nothing is written`() throws {
        let client = Client(repository)
        try client.refresh()
        client.store.saves = []
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "timestamp.json"])
        #expect(client.store.saves == [])
    }

    @Test(arguments: [-1, 98])
    func `A timestamp of the version at hand is not taken, and no error, whatever it names`(difference: Int) throws {
        let client = Client(repository)
        try client.refresh()
        let before = client.store.files
        repository.timestamp.snapshot.version += difference
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "timestamp.json"])
        #expect(client.store.files == before)
    }

    @Test func `What is stored is byte for byte what was served`() throws {
        let client = Client(repository)
        try client.refresh()
        #expect(client.store.files["timestamp.json"] == repository.file(named: "timestamp.json"))
        #expect(client.store.files["snapshot.json"] == repository.file(named: "2.snapshot.json"))
        #expect(client.store.files["targets.json"] == repository.file(named: "1.targets.json"))
    }

    @Test func `Three new roots are walked one by one and each is stored`() throws {
        let client = Client(repository)
        for _ in 1...3 { repository.bumpRoot() }
        try client.refresh()
        #expect(repository.requests.prefix(4) == ["2.root.json", "3.root.json", "4.root.json", "5.root.json"])
        #expect(client.store.saves.prefix(3) == ["root.json", "root.json", "root.json"])
        #expect(client.stored["root.json"] == 4)
    }

    @Test func `An expired root on the way is fine, an expired last root is not`() throws {
        let client = Client(repository)
        let good = repository.root.header.expires
        repository.root.header.expires = RepositorySimulator.now - 1
        repository.bumpRoot()
        #expect(client.refreshFault() == .expired)
        #expect(client.stored == ["root.json": 2])
        repository.root.header.expires = good
        repository.bumpRoot()
        try client.refresh()
        #expect(client.stored["root.json"] == 3)
    }

    @Test func `Metadata expires at its second, not after it`() throws {
        var client = Client(repository)
        repository.timestamp.header.expires = RepositorySimulator.now + 60
        client.now = RepositorySimulator.now + 59
        #expect(client.refreshFault() == nil)
        client.now = RepositorySimulator.now + 60
        #expect(client.refreshFault() == .expired)
        #expect(client.stored["timestamp.json"] == 2)
    }

    @Test func `A transport fault while asking for the next root does not end the chain of roots`() throws {
        struct Unreachable: Error {}
        let client = Client(repository)
        repository.failures["2.root.json"] = Unreachable()
        #expect(throws: Unreachable.self) { try client.refresh() }
        #expect(repository.requests == ["2.root.json"])
        #expect(client.stored == [:])
    }

    @Test func `More new roots than the limit are refused, and the next run goes on from there`() throws {
        var client = Client(repository)
        client.limits.rootRotations = 3
        for _ in 1...4 { repository.bumpRoot() }
        #expect(client.refreshFault() == .tooManyRoots)
        #expect(client.stored == ["root.json": 4])
        #expect(client.refreshFault() == nil)
        #expect(client.stored["root.json"] == 5)
    }

    @Test(arguments: ["root.json", "timestamp.json", "snapshot.json", "targets.json"])
    func `A stored file that rotted is replaced without being told to delete anything`(name: String) throws {
        let client = Client(repository)
        repository.bumpRoot()
        try client.refresh()
        let whole = client.store.files
        for damage in [[], Array("{".utf8), Array((whole[name] ?? []).dropLast(40))] {
            client.store.files[name] = damage
            try client.refresh()
            #expect(client.store.files == whole)
        }
    }

    @Test func `A stored snapshot whose hash was never stated is taken for what it is`() throws {
        repository.statesFacts = false
        repository.publish()
        let client = Client(repository)
        try client.refresh()
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "timestamp.json"])
    }
}
