import DurableStorage
import Primitives
import SystemPackage
import TUF
import TestSupport
import Testing
import Updating

/// The machine stops at every durable effect of a refresh.
@Suite("A refresh that is stopped")
struct InterruptionTests {
    private func updater(
        _ repository: RepositorySimulator, _ folder: TemporaryFolder, _ storage: DurableStorage
    ) throws -> MetadataUpdater {
        try MetadataUpdater(
            pinnedRoot: repository.roots[0],
            store: FileMetadataStore(folder: folder.path("metadata"), storage: storage),
            fetcher: repository, referenceTime: RepositorySimulator.now)
    }

    /// A repository that its client has seen, with new keys for all and new versions of everything since.
    private func changedRepository() throws -> (RepositorySimulator, old: [String: [UInt8]]) {
        let repository = RepositorySimulator()
        repository.delegate(to: "a", patterns: ["*"])
        repository.addTarget("x", [1], to: "a")
        repository.publish()
        let client = Client(repository)
        #expect(try client.refresh().target(at: "x") != nil)
        repository.setKeys(of: .root, to: [TestKey("root"), TestKey("new root")])
        for role in [RoleName.timestamp, .snapshot] { repository.setKeys(of: role, to: [TestKey("new \(role)")]) }
        repository.bumpRoot()
        repository.bumpRoot()
        // As after a fast-forward attack: lower than what is stored.
        repository.timestamp.header.version = 1
        repository.snapshot.header.version = 1
        repository.targets.header.version += 1
        repository.delegated["a"]?.header.version += 1
        repository.publish()
        return (repository, client.store.files)
    }

    @Test(arguments: FaultyStorage.Loss.allCases)
    func `leaves old or new files, whole, and the next one completes it`(loss: FaultyStorage.Loss) throws {
        let (repository, old) = try changedRepository()
        let served = Set(repository.files.values).union(old.values)
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            for (name, bytes) in old { try folder.write(bytes, to: "metadata/" + name) }
            var updater = try updater(repository, folder, storage)
            try updater.refresh()
            _ = try updater.target(at: "x")
        } afterwards: { folder, stop, finished in
            let names = try DurableStorage().list(folder.path("metadata")).filter { $0.hasSuffix(".json") }
            for name in names where !name.hasPrefix(".") {
                let bytes = try #require(try folder.read("metadata/" + name))
                #expect(served.contains(bytes), "\(name) at stop \(stop)")
            }
            var again = try updater(repository, folder, DurableStorage())
            repository.requests = []
            try again.refresh()
            #expect(try again.target(at: "x") != nil, "stop \(stop)")
            #expect(again.trusted.root.version == 3)
            #expect(again.trusted.snapshot?.version == repository.snapshot.header.version)
            if finished { #expect(repository.requests == ["4.root.json", "timestamp.json"]) }
        }
        #expect(stops > 15)
    }
}
