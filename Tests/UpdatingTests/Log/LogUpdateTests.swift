import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import TUF
import TestSupport
import Testing
import TransparencyLog

@testable import Updating

/// An agent that requires the log, and a log that is in order.
@Suite struct LogUpdateTests {
    @Test("a first run reads the whole log, installs, and remembers the log to its end")
    func firstRun() throws {
        let repository = try ReleaseRepository()
        let log = repository.beginLog()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
        let status = try #require(try instance.agent().status().log)
        #expect(status.size == log.size)
        #expect(status.origin == log.origin.description)
        #expect(status.lastCosigned == RepositorySimulator.now)
        #expect(status.policy == log.policy(2))
        #expect(try instance.rememberedLog()?.state.ledger.newest("snapshot")?.version == 4)
    }

    @Test("with nothing new in the log only its checkpoint is fetched, and nothing is written")
    func nothingNew() throws {
        let repository = try ReleaseRepository()
        repository.beginLog()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        repository.requests = []
        let storage = try FaultyStorage()
        _ = try instance.agent(storage.storage).check()
        #expect(repository.requests == ["2.root.json", "timestamp.json", "log/checkpoint"])
        #expect(!storage.effects.contains { "\($0)".contains("log") })
    }

    @Test("of new entries only the part of a bundle is fetched that was not there before")
    func newEntries() throws {
        let repository = try ReleaseRepository()
        let log = repository.beginLog()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        let offset = try #require(try instance.rememberedLog()?.state.bundleBytes)
        #expect(offset > 0)
        try repository.add("1.1", Sample.second)
        repository.requests = []
        #expect(try instance.agent().check().available?.version == (try Version("1.1")))
        let ofLog = repository.requests.filter { $0.hasPrefix("log/") }
        #expect(ofLog == ["log/checkpoint", "log/tile/entries/000.p/\(log.size) from \(offset)"])
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
    }

    @Test("a log of several bundles is read bundle by bundle, and went on with in the middle of one")
    func manyBundles() throws {
        let repository = try ReleaseRepository()
        let log = repository.beginLog()
        try repository.add("1.0", Sample.first)
        for number in 1...600 {
            log.append("notice", "log", "\(number)", Array("{\"format\":\"sceau-notice/1\"}".utf8))
        }
        log.publish(at: repository.logTime, proofs: false)
        let instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        #expect(repository.requests.filter { $0.hasPrefix("log/tile/entries/") }.count == 3)
        #expect(try instance.rememberedLog()?.state.size == log.size)
        for number in 601...900 { log.append("notice", "log", "\(number)", Array("{}".utf8)) }
        try repository.add("1.1", Sample.second)
        repository.requests = []
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        let offsets = repository.requests.filter { $0.hasPrefix("log/tile/entries/") }
        #expect(offsets.map { $0.contains(" from ") } == [true, false])
    }

    @Test("a product without a policy in its root is refused, and with transparency: off installed")
    func noPolicy() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        instance.log.isRequired = true
        let fault = #expect(throws: (any Error).self) { try instance.agent().update() }
        #expect((fault as? any ReportableFault)?.codeText == "log/no-policy")
        #expect((fault as? any ReportableFault)?.hint?.contains("transparency: off") == true)
        #expect(try instance.names(in: "state/metadata") == [])
        instance.log.isRequired = false
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.0")
    }

    @Test("init, status, verify and revert need no log")
    func withoutNetwork() throws {
        let repository = try ReleaseRepository()
        repository.beginLog()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        try repository.add("1.1", Sample.second)
        _ = try instance.agent().update()
        repository.requests = []
        instance.now += 400 * RepositorySimulator.day
        #expect(try instance.agent().verify().differences == [])
        #expect(try instance.agent().status().log != nil)
        _ = try instance.agent().revert()
        #expect(try instance.wholeVersion() == "1.0")
        #expect(repository.requests == [])
    }

    @Test("a lost or damaged log state is read anew, and roots are walked anew from the pinned one")
    func lostState() throws {
        let repository = try ReleaseRepository()
        let log = repository.beginLog()
        try repository.add("1.0", Sample.first)
        let instance = try TestInstance(repository)
        try instance.initialise()
        repository.simulator.bumpRoot()
        repository.publish()
        _ = try instance.agent().update()
        #expect(try instance.trustedVersions()["root"] == 2)
        for damage in [nil, Array("sceau-log-state/1\nnothing".utf8)] as [[UInt8]?] {
            if let damage {
                try instance.folder.write(damage, to: "state/log/state")
            } else {
                try DurableStorage().remove(instance.folder.path("state/log/state"))
            }
            repository.requests = []
            _ = try instance.agent().check()
            #expect(repository.requests.first == "2.root.json")
            #expect(repository.requests.contains { $0.hasPrefix("log/proofs/") })
            #expect(try instance.rememberedLog()?.state.size == log.size)
            #expect(try instance.trustedVersions()["root"] == 2)
        }
        // A mirror that hides the newer root must not take it away by that.
        try DurableStorage().remove(instance.folder.path("state/log/state"))
        repository.simulator.bend["2.root.json"] = { _ in nil }
        #expect(code { try instance.agent().check() } == "tuf/rollback")
        #expect(try instance.trustedVersions()["root"] == 2)
    }
}
