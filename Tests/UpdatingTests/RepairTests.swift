import DurableStorage
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing

@testable import Updating

/// What an instance makes of a state that no run of its own would leave. Release 1.0 is installed.
@Suite struct RepairTests {
    private func instance() throws -> TestInstance {
        let instance = try TestInstance(ReleaseRepository())
        try instance.repository.add("1.0", Sample.first)
        try instance.initialise()
        _ = try instance.agent().update()
        return instance
    }

    @Test("an installed tree that is gone is installed again, and not called up to date")
    func lostTree() throws {
        let instance = try instance()
        try DurableStorage().removeTree(instance.folder.path("prefix/versions/1.0"))
        #expect(try instance.agent().check().available?.version == (try Version("1.0")))
        #expect(try instance.agent().status().available?.version == (try Version("1.0")))
        #expect(try instance.agent().update().release != nil)
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test(
        "what is kept of the installed release is fetched again where it was lost, as the refusal to verify says",
        arguments: ["release.json", "tree.mtree"], ["", nil])
    func lostKept(file: String, left: String?) throws {
        let instance = try instance()
        let path = "state/releases/1.0/\(file)"
        if let left {
            try instance.folder.write(left, to: path)
        } else {
            try DurableStorage().remove(instance.folder.path(path))
        }
        #expect(code { try instance.agent().verify() } == "agent/unknown-listing")
        #expect(try instance.agent().update().release == nil)
        #expect(try instance.agent().verify().differences == [])
    }

    @Test("what is here of an archive already needs no space a second time")
    func partialArchive() throws {
        var instance = try instance()
        let release = try instance.repository.add("1.1", Sample.second)
        let half = release.archive.count / 2
        let partial = "state/downloads/\(release.manifest.archive.sha256.hex)"
        let needed = release.archive.count + release.manifest.tree.bytes
        try instance.folder.write(Array(release.archive.prefix(half)), to: partial)
        instance.freeBytes = { _ in needed - half - 1 }
        #expect(code { try instance.agent().update() } == "agent/not-enough-space")
        instance.freeBytes = { _ in needed - half }
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("no release is called available that update would refuse for the role that lists it")
    func foreignRole() throws {
        let instance = try instance()
        let simulator = instance.repository.simulator
        simulator.targets.delegations = nil
        simulator.delegate(to: ReleaseRepository.role, patterns: ["mail-suite/beta/*/*"], terminating: true)
        simulator.targets.header.version += 1
        try instance.repository.add("1.1", Sample.second)
        #expect(code { try instance.agent().check() } == "agent/contradictory-release")
        #expect(code { try instance.agent().update() } == "agent/contradictory-release")
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("the release that was left stays out, though the record of two reverts in a row was lost")
    func lostPin() throws {
        let instance = try instance()
        for (version, files) in [("1.1", Sample.second), ("1.2", Sample.third)] {
            try instance.repository.add(version, files)
            _ = try instance.agent().update()
        }
        _ = try instance.agent().revert(to: Version("1.1"))
        _ = try instance.agent().revert(to: Version("1.0"))
        try DurableStorage().remove(instance.folder.path("state/installed.json"))
        #expect(try instance.agent().check().available == nil)
        #expect(try instance.agent().status().installed?.revertedFrom == (try Version("1.2")))
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
    }
}
