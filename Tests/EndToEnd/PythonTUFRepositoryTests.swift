import CanonicalJSON
import Foundation
import Primitives
import SystemPackage
import TUF
import TestSupport
import Testing
import Updating

@Suite("A repository made by python-tuf")
struct PythonTUFRepositoryTests {
    /// Mixed key types, rotated roots, a terminating delegation by pattern and one by hash prefixes.
    @Test func `is read by our client, target by target`() throws {
        let folder = try TemporaryFolder()
        let made = try Tool.python().run(["Tests/Peers/tuf_make_repository.py", folder.path("repository").string])
        try #require(made.status == 0, "\(made.errors)")
        let expected = JSONReader(
            try JSONValue.decode(try #require(try folder.read("repository/expected.json"))), at: "expected")
        let pinned = try #require(try folder.read("repository/root.json"))
        let store = MemoryMetadataStore()
        var updater = try MetadataUpdater(
            pinnedRoot: pinned, store: store, fetcher: FolderMetadataFetcher(folder.path("repository/metadata")),
            referenceTime: RepositorySimulator.now)
        try updater.refresh()
        let versions = try expected.field("versions")
        #expect(updater.trusted.root.version == (try versions.field("root").integer(in: 1...99)))
        #expect(updater.trusted.targets?.version == (try versions.field("targets").integer(in: 1...99)))
        let targets = try expected.field("targets").members()
        try #require(!targets.isEmpty)
        for (path, facts) in targets {
            let target = try #require(try updater.target(at: path))
            #expect(target.facts.hashes["sha256"] == (try facts.field("sha256").string()))
        }
        #expect(try updater.target(at: "mail-suite/stable/9.9.9/absent") == nil)
    }
}
