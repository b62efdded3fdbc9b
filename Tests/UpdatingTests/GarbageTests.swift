import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TestSupport
import Testing
import UpdatePlan

@testable import Updating

@Suite struct GarbageTests {
    @Test("what is over keep, partial downloads and output go, and their size is said")
    func removes() throws {
        let repository = try ReleaseRepository()
        var instance = try TestInstance(repository)
        try instance.initialise()
        for version in ["1.0", "1.1", "1.2", "1.3"] {
            try repository.add(version, Sample.first)
            _ = try instance.agent().update()
        }
        #expect(try instance.names(in: "prefix/versions") == ["1.1", "1.2", "1.3"])
        try instance.folder.write([UInt8](repeating: 1, count: 5000), to: "state/downloads/partial")
        try instance.folder.write([UInt8](repeating: 1, count: 300), to: "state/output/checking.txt")
        try instance.folder.write("mine", to: "prefix/versions/notes.txt")
        instance.configure = { $0.keep = 1 }
        let report = try instance.agent().collectGarbage()
        #expect(report.bytes > 5300)
        #expect(report.versions == [try Version("1.1")])
        #expect(try instance.names(in: "prefix/versions") == ["1.2", "1.3", "notes.txt"])
        #expect(try instance.names(in: "state/downloads") == [])
        #expect(try instance.names(in: "state/output") == [])
        #expect(try instance.wholeVersion() == "1.3")
        let again = try instance.agent().collectGarbage()
        #expect(again.bytes == 0)
        #expect(again.versions == [])
        _ = try instance.agent().revert()
        #expect(try instance.wholeVersion() == "1.2")
    }

    @Test("a release that waits here stays, with what was gone back from")
    func waiting() throws {
        let repository = try ReleaseRepository()
        var instance = try TestInstance(repository)
        try instance.initialise()
        for version in ["1.0", "1.1", "1.2"] {
            try repository.add(version, Sample.first)
            _ = try instance.agent().update()
        }
        _ = try instance.agent().revert()
        _ = try instance.agent().revert(to: Version("1.0"))
        try repository.add("1.3", Sample.second)
        instance.configure = { ($0.keep, $0.install.mode) = (1, .download) }
        #expect(try instance.agent().update().held?.waiting.isReady == true)
        _ = try instance.agent().collectGarbage()
        // 1.0 is installed, 1.1 was before it, 1.2 is what was left first, and 1.3 waits.
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1", "1.2", "1.3"])
        _ = try instance.agent().approve(Version("1.3"))
        #expect(try instance.wholeVersion() == "1.3")
    }

    @Test("a release that was made ready before a hold stays through it")
    func held() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        instance.configure = { $0.install.mode = .download }
        _ = try instance.agent().update()
        _ = try instance.agent().hold(until: nil, reason: "")
        #expect(try instance.agent().update().held?.waiting.reason == .hold)
        _ = try instance.agent().collectGarbage()
        #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
    }

    @Test("whatever stands there, gc never removes current, previous, pinned or what waits", arguments: 0..<40)
    func property(seed: Int) throws {
        var random = Numbers(seed: UInt64(seed))
        let folder = try TemporaryFolder(in: TemporaryFolder.inMemory)
        var instance = try TestInstance(try ReleaseRepository(), in: folder)
        try instance.initialise()
        let keep = Int.random(in: 1...3, using: &random)
        instance.configure = { $0.keep = keep }
        let all = try (0..<8).map { try Version("1.\($0)") }
        func some() throws -> Version { try #require(all.randomElement(using: &random)) }
        let storage = DurableStorage()
        let folders = InstanceFolders(instance.configuration)
        let state = Instance(folders: folders, storage: storage)
        for version in all where Int.random(in: 0..<5, using: &random) > 0 {
            try folder.write("x", to: "prefix/versions/\(version)/file")
            // Some are not the agent's.
            if Bool.random(using: &random) { try state.keep(version, manifest: [], listing: []) }
        }
        let (current, previous, pinned, waits) = (try some(), try some(), try some(), try some())
        let others = ["prefix/versions/\(current)/file", "prefix/versions/mine/file", "prefix/shared/data"]
        for name in others { try folder.write("x", to: name) }
        try storage.replaceLink(at: folders.current, target: InstanceFolders.linkTarget(current))
        try state.record(
            Installation(
                version: current, tree: Digest.sha256(of: []), since: instance.now, previous: previous,
                revertedFrom: pinned))
        try state.writeJournal(.waiting(Waiting(waits, .approval, isReady: Bool.random(using: &random))))
        let before = Set(try storage.list(folders.versions))
        let agents = Set(try state.keptVersions().map(\.description))
        _ = try instance.agent().collectGarbage()
        let after = Set(try storage.list(folders.versions))
        let gone = before.subtracting(after)
        #expect(gone.isSubset(of: agents))
        #expect(gone.isDisjoint(with: [current, previous, pinned, waits].map(\.description)))
        for name in others { #expect(try folder.read(name) != nil) }
        #expect(try state.linkedVersion() == current)
        #expect(after.intersection(agents).count <= keep + 4)
    }
}

/// The same numbers for the same seed (SplitMix64).
private struct Numbers: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}
