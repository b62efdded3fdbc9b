import DurableStorage
import Primitives
import Releases
import TUF
import TestSupport
import Testing

@testable import Updating

@Suite struct UpdateTests {
    @Test("the newest release is installed whole, recorded, and nothing unfinished is left")
    func install() throws {
        let repository = try ReleaseRepository()
        try repository.add("2.10.0", Sample.first)
        try repository.add("2.9.0", Sample.third)
        let instance = try TestInstance(repository)
        try instance.initialise()
        let report = try instance.agent().update()
        #expect(report.installed?.version == (try Version("2.10.0")))
        #expect(try instance.wholeVersion() == "2.10.0")
        #expect(try instance.names(in: "prefix/versions") == ["2.10.0"])
        #expect(try instance.names(in: "state/downloads") == [])
        #expect(try instance.names(in: "state/releases/2.10.0") == ["release.json", "tree.mtree"])
        let status = try instance.agent().status()
        #expect(status.installed?.tree == repository.releases["2.10.0"]?.listing.digest)
        #expect(status.installed?.since == instance.now)
        #expect(status.available == nil)
        #expect(status.metadata?.root == 1)
    }

    @Test("an update switches to the new tree, keeps the old one, and asks for each file once, metadata first")
    func update() throws {
        let repository = try ReleaseRepository()
        try repository.add("2.11.1", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("2.12.0", Sample.second)
        repository.requests = []
        let check = try instance.agent().check()
        #expect(check.available?.version == (try Version("2.12.0")))
        #expect(repository.requests.allSatisfy { !$0.hasPrefix("targets/") })
        repository.requests = []
        let report = try instance.agent().update()
        #expect(report.before == (try Version("2.11.1")))
        #expect(try instance.wholeVersion() == "2.12.0")
        #expect(try instance.names(in: "prefix/versions") == ["2.11.1", "2.12.0"])
        let names = repository.requests.map { $0.split(separator: "/").last.map(String.init) ?? "" }
        let withoutHashes = names.map { $0.count > 65 ? String($0.dropFirst(65)) : $0 }
        #expect(
            withoutHashes == [
                "2.root.json", "timestamp.json", "release.json", "tree.mtree", "mail-suite-2.12.0.tar.zst",
            ])
    }

    @Test("when the newest release is installed there is nothing to do")
    func nothingToDo() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        let before = try instance.folder.read("state/installed.json")
        repository.requests = []
        let report = try instance.agent().update()
        #expect(report.release == nil)
        #expect(report.installed?.version == (try Version("1.0")))
        #expect(repository.requests == ["2.root.json", "timestamp.json"])
        #expect(try instance.folder.read("state/installed.json") == before)
    }

    @Test("only the newest and the releases to keep stay; the one before always does")
    func keep() throws {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        try instance.initialise()
        // Nothing the agent made, whatever it looks like.
        try instance.folder.write("notes", to: "prefix/versions/0.9-of-mine/notes")
        for version in ["1.0", "1.1", "1.2", "1.3"] {
            try repository.add(version, ["version": version])
            _ = try instance.agent().update()
        }
        #expect(try instance.names(in: "prefix/versions") == ["0.9-of-mine", "1.1", "1.2", "1.3"])
        #expect(try instance.names(in: "state/releases") == ["1.1", "1.2", "1.3"])
    }

    @Test("a chosen version is installed; an older or unknown one is refused")
    func chosenVersion() throws {
        let repository = try ReleaseRepository()
        for version in ["1.0", "1.1", "1.2"] { try repository.add(version, ["version": version]) }
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update(to: Version("1.1"))
        #expect(try instance.wholeVersion() == "1.1")
        #expect(code { try instance.agent().update(to: Version("1.0")) } == "plan/older-version")
        #expect(code { try instance.agent().update(to: Version("1.7")) } == "plan/unknown-version")
        #expect(try instance.wholeVersion() == "1.1")
        // What was typed wrongly is no error of the instance.
        #expect(try instance.agent().status().lastError == nil)
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.2")
        #expect(try instance.agent().status().lastError == nil)
    }

    @Test("a channel without a release, or one that only lost releases, installs nothing")
    func neverDown() throws {
        let repository = try ReleaseRepository()
        let instance = try TestInstance(repository)
        try instance.initialise()
        #expect(try instance.agent().update().installed == nil)
        try repository.add("1.0", Sample.first)
        try repository.add("1.1", Sample.second)
        _ = try instance.agent().update()
        for (path, _) in repository.simulator.contents where path.description.contains("/1.1/") {
            repository.simulator.delegated[ReleaseRepository.role]?.targets[path] = nil
        }
        repository.publish()
        #expect(try instance.agent().update().release == nil)
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.agent().verify().isListed == false)
    }
}
