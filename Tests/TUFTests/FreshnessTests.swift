import FoundationEssentials
import Primitives
import TUF
import TestSupport
import Testing
import Updating

/// A client that only warns of old online metadata, since a person carried it here.
@Suite("Freshness that is warned of")
struct FreshnessTests {
    private static let long = RepositorySimulator.now + 365 * RepositorySimulator.day
    private static let later = RepositorySimulator.now + 31 * RepositorySimulator.day

    /// Keyholders' metadata lives for a year, the online half for thirty days.
    private func repository(butNot short: RoleName? = nil) -> RepositorySimulator {
        let repository = RepositorySimulator()
        repository.delegate(to: "a", patterns: ["*"])
        repository.addTarget("x", [1], to: "a")
        if short != .root { repository.root.header.expires = Self.long }
        if short != .targets { repository.targets.header.expires = Self.long }
        if short != "a" { repository.delegated["a"]?.header.expires = Self.long }
        repository.restartRoots()
        repository.publish()
        return repository
    }

    private func client(_ repository: RepositorySimulator, _ freshness: Freshness) -> Client {
        var client = Client(repository)
        client.now = Self.later
        client.freshness = freshness
        return client
    }

    @Test("takes an expired timestamp and snapshot, says since when, and only then")
    func online() throws {
        let repository = repository()
        #expect(client(repository, .required).refreshFault() == .expired)
        let updater = try client(repository, .warned).refresh()
        #expect(updater.trusted.expiredSince == RepositorySimulator.now + 30 * RepositorySimulator.day)
        #expect(try updater.target(at: "x") != nil)
        var early = client(repository, .warned)
        early.now = RepositorySimulator.now
        #expect(try early.refresh().trusted.expiredSince == nil)
    }

    @Test("refuses what keyholders signed when that has expired", arguments: [RoleName.root, .targets, "a"])
    func keyholders(role: RoleName) throws {
        let repository = repository(butNot: role)
        let fault = #expect(throws: MetadataFault.self) {
            _ = try client(repository, .warned).refresh().target(at: "x")
        }
        #expect(fault?.code == .expired)
        #expect(fault?.location?.hasPrefix("\(role) ") == true)
    }

    @Test("refuses older versions than were trusted, whichever role they are of")
    func rollback() throws {
        let repository = repository()
        let client = client(repository, .warned)
        try client.refresh()
        let stored = client.stored
        repository.timestamp.header.version -= 1
        #expect(client.refreshFault() == .rollback)
        repository.timestamp.header.version += 2
        repository.snapshot.header.version -= 1
        repository.publishTimestamp()
        #expect(client.refreshFault() == .rollback)
        repository.snapshot.header.version += 2
        repository.targets.header.version -= 1
        repository.snapshot.meta[RoleName.targets.metaName]?.version -= 1
        repository.publishTimestamp()
        #expect(client.refreshFault() != nil)
        #expect(client.stored["root.json"] == stored["root.json"])
        #expect(client.stored["targets.json"] == stored["targets.json"])
    }

    @Test("of a copy at hand that has expired fetches nothing again, and still refuses it when freshness is required")
    func storedCopy() throws {
        let repository = repository()
        var client = client(repository, .warned)
        try client.refresh()
        try client.refresh()
        #expect(repository.requests == ["2.root.json", "timestamp.json"])
        client.freshness = .required
        #expect(client.refreshFault() == .expired)
    }
}
