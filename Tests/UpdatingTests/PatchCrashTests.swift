import DurableStorage
import Primitives
import Releases
import TestSupport
import Testing

@testable import Updating

/// Like `CrashTests`, with a release that comes by patches.
@Suite struct PatchCrashTests {
    enum Way: CaseIterable, Sendable {
        case patch, chain
        /// Refused, so that the archive follows in the same run.
        case damaged
    }

    private static func template(_ way: Way) async throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", LargeSample.files("1.0"))
        let instance = try TestInstance(repository, in: TemporaryFolder(in: TemporaryFolder.inMemory))
        try instance.initialise()
        _ = try instance.agent().update()
        if way == .chain { try await repository.add("1.1", LargeSample.files("1.1"), patchesFrom: ["1.0"]) }
        try await repository.add(
            "1.2", LargeSample.files("1.2"), patchesFrom: [way == .chain ? "1.1" : "1.0"])
        if way == .damaged { try instance.folder.write("port 26", to: "prefix/versions/1.0/etc/default.conf") }
        return instance
    }

    @Test(
        "stopped anywhere, an update by patches leaves the old release or the new one, and the next run completes it",
        arguments: [
            (Way.patch, FaultyStorage.Loss.nothing), (.patch, .everythingUnflushed), (.chain, .everythingUnflushed),
            (.damaged, .everythingUnflushed),
        ])
    func update(_ way: Way, losing loss: FaultyStorage.Loss) async throws {
        let template = try await Self.template(way)
        let trusted = try template.trustedVersions()
        let old = try template.tree("1.0")
        var seen: Set<String> = []
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            _ = try CrashTests.copy(template, to: folder).agent(storage).update()
        } afterwards: { folder, stop, finished in
            let instance = try TestInstance(template.repository, in: folder)
            let version = try #require(try instance.agent().linkedVersion?.description, "stop \(stop)")
            seen.insert(version)
            if version == "1.2" { _ = try instance.wholeVersion() }
            #expect(try instance.tree("1.0") == old, "stop \(stop)")
            if finished { #expect(version == "1.2") }
            try CrashTests.expectNoRollback(instance, since: trusted, stop)
            _ = try instance.agent().update()
            try CrashTests.expectComplete(
                instance, "1.2", previous: "1.0", refusals: way == .damaged ? 1...1 : 0...0, stop)
        }
        #expect(seen == ["1.0", "1.2"])
        #expect(stops > 45)
    }

    @Test("a disk that is full at any instant leaves the old release or the new one, whole")
    func full() async throws {
        let template = try await Self.template(.patch)
        var (effect, finished) = (0, false)
        while !finished {
            effect += 1
            let faulty = try FaultyStorage(.failFrom(effect, .full), in: TemporaryFolder.inMemory)
            let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
            do {
                _ = try CrashTests.copy(template, to: folder).agent(faulty.storage).update()
                finished = faulty.effects.count < effect
            } catch let fault as StorageFault {
                #expect(fault.code == .full, "at effect \(effect)")
            }
            let instance = try TestInstance(template.repository, in: folder)
            let version = try #require(try instance.wholeVersion(), "at effect \(effect)")
            #expect(["1.0", "1.2"].contains(version), "at effect \(effect)")
        }
    }
}
