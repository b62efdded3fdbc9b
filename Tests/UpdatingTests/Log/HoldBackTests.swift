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

/// A release is applied when it has been public for as long as the administrator wants.
@Suite struct HoldBackTests {
    private static let hour: TimeInterval = 3600

    /// 1.1, important, was published and logged just now; this instance wants six hours.
    private func held() throws -> LoggedInstance {
        var logged = try LoggedInstance()
        logged.instance.log.holdBack = HoldBack()
        try logged.repository.add("1.1", Sample.second)
        return logged
    }

    @Test("a release is held back for its time, said so, and then installed; --version does not lift it")
    func waits() throws {
        var logged = try held()
        logged.instance.now += 6 * Self.hour - 1
        let until = RepositorySimulator.now + 6 * Self.hour
        let check = try logged.instance.agent().check()
        #expect(check.available == nil)
        #expect(check.held?.until == until)
        #expect(try logged.instance.agent().update().held?.until == until)
        #expect(try logged.instance.agent().update(to: Version("1.1")).held?.until == until)
        #expect(try logged.instance.wholeVersion() == "1.0")
        #expect(try logged.instance.agent().status().held?.until == until)
        #expect(!logged.repository.requests.contains { $0.hasPrefix("targets/") })
        logged.instance.now += 1
        #expect(try logged.instance.agent().check().available?.version == (try Version("1.1")))
        try logged.updates()
        #expect(try logged.instance.agent().status().held == nil)
    }

    @Test("its time counts from when witnesses saw it, not from when this instance did; the proof is fetched once")
    func countsFromPublication() throws {
        var logged = try held()
        logged.instance.now += 5 * Self.hour
        logged.repository.requests = []
        #expect(try logged.instance.agent().check().held?.until == RepositorySimulator.now + 6 * Self.hour)
        let proofs = { logged.repository.requests.filter { $0.hasPrefix("log/proofs/") }.count }
        #expect(proofs() == 1)
        _ = try logged.instance.agent().check()
        #expect(proofs() == 1)
        logged.instance.now += 2 * Self.hour
        try logged.updates()
    }

    @Test("without a proof its time counts from when this instance saw it", arguments: [true, false])
    func withoutProof(isAbsent: Bool) throws {
        var logged = try held()
        let manifest = try #require(logged.repository.releases["1.1"]).manifestBytes
        let other = logged.log.files[LogSimulator.proofPath(ofContent: logged.repository.rootBytes)]
        logged.log.bend[LogSimulator.proofPath(ofContent: manifest)] = { _ in isAbsent ? nil : other }
        logged.instance.now += 5 * Self.hour
        let until = logged.instance.now + 6 * Self.hour
        #expect(try logged.instance.agent().check().held?.until == until)
        logged.instance.now += 2 * Self.hour
        #expect(try logged.instance.agent().check().held?.until == until)
    }

    @Test("a newer release that has to wait does not keep one from being installed that has waited")
    func nextBest() throws {
        var logged = try held()
        logged.wait(6 * Self.hour)
        try logged.repository.add("1.2", Sample.third)
        let check = try logged.instance.agent().check()
        #expect(check.available?.version == (try Version("1.1")))
        #expect(check.held?.release.version == (try Version("1.2")))
        try logged.updates(to: "1.1")
        logged.wait(6 * Self.hour)
        try logged.updates(to: "1.2")
    }

    @Test("the administrator's hours count, by severity")
    func hours() throws {
        var logged = try held()
        logged.instance.log.holdBack.important = 0
        try logged.updates()
    }

    @Test("of more releases at once than proofs are asked for, none is installed before its time")
    func manyAtOnce() throws {
        var logged = try LoggedInstance()
        logged.instance.log.holdBack = HoldBack()
        for number in 1...18 { try logged.repository.add("1.\(number)", Sample.second) }
        #expect(try logged.instance.agent().check().available == nil)
        #expect(try logged.instance.agent().update().held?.release.version == (try Version("1.18")))
        #expect(try logged.instance.wholeVersion() == "1.0")
    }

    @Test("what is installed already is mended without waiting")
    func mending() throws {
        var logged = try LoggedInstance()
        logged.instance.log.holdBack = HoldBack()
        try DurableStorage().removeTree(logged.instance.folder.path("prefix/versions/1.0"))
        try logged.updates(to: "1.0")
    }
}
