import DurableStorage
import Foundation
import Primitives
import Releases
import SystemPackage
import TestSupport
import Testing

@testable import Updating

/// What may be wrong with the instance itself.
@Suite struct TroubleTests {
    /// Release 1.0 is installed, 1.1 is waiting.
    private func instance() throws -> TestInstance {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        return instance
    }

    @Test(
        "state of another kind, a folder for a file or a file for a folder, heals by itself",
        arguments: [
            "journal", "installed.json", "history.jsonl", "last-error.json", "mirrors.json", "metadata/timestamp.json",
            "metadata",
            "releases", "releases/1.1", "downloads",
        ])
    func otherKind(name: String) throws {
        let instance = try instance()
        let place = instance.folder.path("state/\(name)")
        let storage = DurableStorage()
        let wasFolder = try storage.info(place)?.kind == .directory || name == "releases/1.1"
        try storage.removeTree(place)
        if wasFolder {
            try instance.folder.write("no folder", to: "state/\(name)")
        } else {
            try instance.folder.write("inside", to: "state/\(name)/inner/file")
        }
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().verify().differences == [])
    }

    @Test(
        "damaged state heals by itself: the next run completes, and nothing goes back",
        arguments: [
            "journal", "installed.json", "history.jsonl", "last-error.json", "metadata/root.json",
            "metadata/timestamp.json", "metadata/snapshot.json", "metadata/targets.json",
            "metadata/mail-suite-stable.json", "releases/1.0/release.json", "releases/1.0/tree.mtree",
        ])
    func damagedState(file: String) throws {
        for damage: [UInt8] in [[], Array("{\"format\"".utf8), [UInt8](repeating: 0xFF, count: 2 << 20)] {
            let instance = try instance()
            try instance.folder.write(damage, to: "state/\(file)")
            #expect(try instance.agent().check().available?.version == (try Version("1.1")))
            _ = try instance.agent().update()
            #expect(try instance.wholeVersion() == "1.1")
            let status = try instance.agent().status()
            #expect(status.installed?.version == (try Version("1.1")))
            #expect(status.installed?.previous == (try Version("1.0")))
            #expect(status.available == nil)
            #expect(try instance.agent().verify().differences == [])
        }
    }

    @Test("without any record, what is installed is known from current, and never replaced by an older release")
    func lostRecords() throws {
        let instance = try instance()
        _ = try instance.agent().update()
        for name in ["installed.json", "journal", "history.jsonl"] {
            try DurableStorage().remove(instance.folder.path("state/\(name)"))
        }
        #expect(try instance.agent().check().available == nil)
        let installed = try #require(try instance.agent().status().installed)
        #expect(installed.version == (try Version("1.1")))
        #expect(installed.tree == instance.repository.releases["1.1"]?.listing.digest)
        #expect(code { try instance.agent().update(to: Version("1.0")) } == "plan/older-version")
    }

    @Test("a release whose listing was lost is fetched again and proved, without touching its tree")
    func lostListing() throws {
        let instance = try instance()
        _ = try instance.agent().update()
        try DurableStorage().removeTree(instance.folder.path("state/releases"))
        try DurableStorage().remove(instance.folder.path("state/installed.json"))
        #expect(code { try instance.agent().verify() } == "agent/unknown-listing")
        instance.repository.requests = []
        #expect(try instance.agent().update().release == nil)
        #expect(!instance.repository.requests.contains { $0.hasSuffix(".tar.zst") })
        #expect(try instance.agent().verify().differences == [])
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("a damaged pinned root stops everything, says what to do, and init repairs it")
    func damagedRoot() throws {
        let instance = try instance()
        try instance.folder.write("{}", to: "state/root.json")
        for attempt in [{ _ = try instance.agent().update() }, { _ = try instance.agent().check() }] {
            #expect(code(attempt) == "agent/damaged-root")
        }
        #expect(AgentFaultCode.damagedRoot.hint?.contains("init --root") == true)
        #expect(try instance.wholeVersion() == "1.0")
        try instance.initialise()
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("a second agent at once is turned away and changes nothing")
    func twoAgents() throws {
        let instance = try instance()
        let lock = try DurableStorage().lock(instance.folder.path("state/lock"))
        instance.repository.requests = []
        let before = try instance.folder.contents()
        defer { withExtendedLifetime(lock) {} }
        #expect(code { try instance.agent().update() } == "storage/locked")
        #expect(code { try instance.agent().check() } == "storage/locked")
        #expect(code { try instance.agent().revert() } == "storage/locked")
        // Looking is allowed.
        #expect(try instance.agent().status().installed?.version == (try Version("1.0")))
        #expect(try instance.agent().verify().differences == [])
        #expect(instance.repository.requests == [])
        #expect(try instance.folder.contents() == before)
    }

    @Test("too little space is found out before the archive is fetched")
    func littleSpace() throws {
        var instance = try instance()
        instance.freeBytes = { _ in 100 }
        instance.repository.requests = []
        #expect(code { try instance.agent().update() } == "agent/not-enough-space")
        #expect(!instance.repository.requests.contains { $0.hasSuffix(".tar.zst") })
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
    }

    @Test("a disk that fills up at any point leaves either release whole; with space again the update completes")
    func fullDisk() throws {
        let effects = try FaultyStorage()
        let counted = try instance()
        _ = try counted.agent(effects.storage).update()
        // Every seventh, and the last ones, where the switch happens: each is a whole update.
        let count = effects.effects.count
        for effect in (1...count).filter({ $0.isMultiple(of: 7) || $0 > count - 8 }) {
            let instance = try instance()
            let faulty = try FaultyStorage(.failFrom(effect, .full))
            let found = code { try instance.agent(faulty.storage).update() }
            // Where only what is told afterwards cannot be written down, nothing is wrong with the update.
            let isLate = try found == nil && effect > count - 8 && instance.wholeVersion() == "1.1"
            #expect(found == "storage/full" || isLate, "effect \(effect)")
            #expect(["1.0", "1.1"].contains(try instance.wholeVersion()), "effect \(effect)")
            _ = try instance.agent().update()
            #expect(try instance.wholeVersion() == "1.1", "effect \(effect)")
            #expect(try instance.agent().status().installed?.previous == (try Version("1.0")), "effect \(effect)")
        }
    }

    @Test("a prefix that cannot be made, or holds something else, is said before anything is fetched for it")
    func unusablePrefix() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        try instance.folder.write("a file", to: "prefix")
        #expect(code { try instance.agent().update() } == "storage/exists")
        try DurableStorage().remove(instance.folder.path("prefix"))
        try instance.folder.write("mine", to: "prefix/current")
        #expect(code { try instance.agent().update() } == "agent/occupied")
        #expect(try instance.folder.read("prefix/current") == Array("mine".utf8))
        #expect(!repository.requests.contains { $0.hasSuffix(".tar.zst") })
        try DurableStorage().remove(instance.folder.path("prefix/current"))
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("a prefix that may not be written to leaves everything as it was")
    func deniedPrefix() throws {
        let instance = try instance()
        let denial = Denial(below: instance.folder.path("prefix"))
        #expect(code { try instance.agent(DurableStorage(observer: denial)).update() } == "storage/permission-denied")
        #expect(try instance.wholeVersion() == "1.0")
        #expect(try instance.names(in: "prefix/versions") == ["1.0"])
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("each way in which an installed tree was changed is reported, and an update goes past it")
    func changedTree() throws {
        let instance = try instance()
        try instance.folder.write("serve evil", to: "prefix/versions/1.0/bin/serve")
        try instance.folder.write("new", to: "prefix/versions/1.0/extra")
        try DurableStorage().remove(instance.folder.path("prefix/versions/1.0/share/doc/old"))
        let report = try instance.agent().verify()
        #expect(
            report.differences.map { "\($0.path) \($0.kind.rawValue)" } == [
                "bin/serve size", "extra extra", "share/doc/old missing",
            ])
        #expect(report.isListed)
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        // And back there is no way.
        #expect(code { try instance.agent().revert() } == "agent/damaged-tree")
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("a listing that was changed together with its release.json is found out by the signed metadata")
    func forgedListing() throws {
        let instance = try instance()
        let forged = try instance.repository.add("1.2", Sample.third)
        var manifest = forged.manifest
        manifest.version = try Version("1.0")
        try instance.folder.write(manifest.encode(), to: "state/releases/1.0/release.json")
        try instance.folder.write(forged.listing.encoding, to: "state/releases/1.0/tree.mtree")
        try DurableStorage().remove(instance.folder.path("state/installed.json"))
        #expect(code { try instance.agent().verify() } == "agent/damaged-tree")
    }

    @Test("a leftover tree under the new version's name is used when whole and built anew when not")
    func leftoverTree() throws {
        for isWhole in [true, false] {
            let instance = try instance()
            for (path, text) in Sample.second {
                try instance.folder.write(isWhole ? text : "half", to: "prefix/versions/1.1/\(path)")
            }
            _ = try instance.agent().update()
            #expect(try instance.wholeVersion() == "1.1")
            #expect(try instance.names(in: "prefix/versions") == ["1.0", "1.1"])
        }
    }
}

/// Refuses every change below a folder, as a read-only mount would.
private struct Denial: EffectObserver {
    let prefix: String

    init(below folder: FilePath) {
        prefix = folder.string
    }

    func willPerform(_ effect: DurableEffect) throws(StorageFault) {
        guard "\(effect)".contains(prefix) else { return }
        throw StorageFault(.permissionDenied, at: prefix)
    }
}
