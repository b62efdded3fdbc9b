import DurableStorage
import FoundationEssentials
import Primitives
import Releases
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog
import Transport

@testable import Updating

/// What an administrator may decide when the log cannot vouch for what is offered, and what not.
@Suite struct AcceptanceTests {
    private func history(_ logged: LoggedInstance) throws -> [HistoryEntry] {
        let folders = InstanceFolders(logged.instance.configuration)
        return try Instance(folders: folders, storage: DurableStorage()).history()
    }

    /// 1.1 is logged, and only one of the witnesses is there.
    private func unwitnessed() throws -> LoggedInstance {
        let logged = try LoggedInstance()
        for witness in logged.log.witnesses[1...] { witness.behaviour = .absent }
        try logged.repository.add("1.1", Sample.second)
        return logged
    }

    @Test("what is exactly this may be used once though witnesses are missing; it is written to the history")
    func accepted() throws {
        let logged = try unwitnessed()
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        try logged.refusesUpdate("agent/other-fingerprint", accepting: Digest.sha256(of: []))
        #expect(try history(logged).filter { $0.event == .acceptedUnwitnessed } == [])
        let report = try logged.instance.agent().update(accepting: fingerprint)
        #expect(report.accepted == fingerprint)
        #expect(try logged.instance.wholeVersion() == "1.1")
        let entry = try #require(try history(logged).first { $0.event == .acceptedUnwitnessed })
        #expect(entry.fingerprint == fingerprint && entry.despite == "log/no-quorum")
        // For this run only.
        #expect(code { try logged.instance.agent().check() } == "log/no-quorum")
    }

    @Test("an acceptance that is not needed changes nothing and is not recorded")
    func unneeded() throws {
        let logged = try unwitnessed()
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        for witness in logged.log.witnesses { witness.behaviour = .honest }
        logged.log.publish(at: logged.repository.logTime)
        let report = try logged.instance.agent().update(accepting: fingerprint)
        #expect(report.accepted == nil)
        #expect(try logged.instance.wholeVersion() == "1.1")
        #expect(try history(logged).map(\.event) == [.updated, .updated])
    }

    @Test("it covers this root and this snapshot, and not the next one")
    func onlyThis() throws {
        let logged = try unwitnessed()
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        try logged.repository.add("1.2", Sample.third)
        try logged.refusesUpdate("agent/other-fingerprint", accepting: fingerprint)
    }

    @Test(
        "a log that is out of reach, stale, or does not hold it may be done without",
        arguments: [
            "out of reach", "absent", "stale", "unlogged", "below the floor",
        ])
    func reasons(reason: String) throws {
        var logged = try LoggedInstance()
        if reason == "unlogged" {
            try logged.publishSecretly()
        } else {
            try logged.repository.add("1.1", Sample.second)
        }
        var expected = "log/unreachable"
        switch reason {
        case "out of reach": logged.repository.logFailures["checkpoint"] = TransportFault(.connectFailed)
        case "absent": logged.log.bend["log/checkpoint"] = { _ in nil }
        case "stale":
            logged.instance.now += 80 * 3600
            expected = "log/stale"
        case "unlogged": expected = "log/unlogged"
        default:
            logged.instance.log.floor.count = 4
            expected = "log/below-floor"
        }
        let fault = try logged.refusesUpdate(expected)
        try logged.updates(accepting: try logged.fingerprint(in: fault))
    }

    @Test("a fork is never accepted")
    func fork() throws {
        let logged = try unwitnessed()
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        let fork = logged.log.fork(keeping: 1)
        for _ in 1..<logged.log.size { fork.append("notice", "log", "\(fork.size)", Array("{}".utf8)) }
        fork.publish(at: logged.repository.logTime)
        logged.log = fork
        // The instance remembers a shorter tree: the new one does not continue it.
        try logged.refusesUpdate("log/fork", accepting: fingerprint)
    }

    @Test("a fork that one mirror shows is not accepted because another shows no log")
    func forkBesideNoLog() throws {
        var logged = try unwitnessed()
        logged.instance.mirrors = [logged.repository, LoglessMirror(repository: logged.repository)]
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        let fork = logged.log.fork(keeping: 1)
        for _ in 1..<logged.log.size { fork.append("notice", "log", "\(fork.size)", Array("{}".utf8)) }
        fork.publish(at: logged.repository.logTime)
        logged.log = fork
        try logged.refusesUpdate("log/fork", accepting: fingerprint)
    }

    @Test("a second content of what was logged is not excused by a mirror without a log")
    func secondContentWithoutLog() throws {
        let logged = try LoggedInstance()
        // The log is ahead, and the instance has read it.
        let snapshot = try #require(try logged.instance.trustedVersions()["snapshot"])
        logged.log.append("snapshot", "snapshot", "\(snapshot + 1)", Array("{}".utf8))
        logged.log.publish(at: logged.repository.logTime)
        try logged.refusesUpdate("log/publication-under-way", remembering: true)
        try logged.publishSecretly()
        #expect(logged.repository.simulator.snapshot.header.version == snapshot + 1)
        logged.log.bend["log/checkpoint"] = { _ in nil }
        try logged.refusesUpdate("log/second-content")
    }

    @Test("a weaker policy that comes with an acceptance lets the old one be asked for all the same")
    func weakerAccepted() throws {
        var logged = try LoggedInstance()
        let log = logged.log
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[0]]))
        logged.repository.simulator.bumpRoot()
        try logged.repository.add("1.1", Sample.second)
        logged.repository.logFailures["checkpoint"] = TransportFault(.connectFailed)
        let fault = try logged.refusesUpdate("log/unreachable")
        try logged.updates(accepting: try logged.fingerprint(in: fault))
        logged.repository.logFailures = [:]
        for witness in log.witnesses[1...] { witness.behaviour = .absent }
        logged.wait(3600)
        try logged.repository.add("1.2", Sample.third)
        #expect(code { try logged.instance.agent().update() } == "log/no-quorum")
        #expect(try logged.instance.wholeVersion() == "1.1")
    }

    @Test("signatures are checked all the same")
    func metadata() throws {
        let logged = try unwitnessed()
        let fingerprint = try logged.fingerprint(in: try logged.refusesUpdate("log/no-quorum"))
        logged.repository.simulator.bend["timestamp.json"] = { bytes in
            let text = String(decoding: bytes, as: UTF8.self)
            return Array(
                text.replacing("\"sig\": \"", with: "\"sig\": \"00").replacing("\"sig\":\"", with: "\"sig\":\"00").utf8)
        }
        try logged.refusesUpdate("tuf/threshold-not-met", accepting: fingerprint)
        #expect(try logged.instance.wholeVersion() == "1.0")
    }

    @Test("a root that names new witnesses, since the old ones are gone for good, is trusted from then on")
    func newWitnesses() throws {
        let logged = try LoggedInstance()
        let gone = logged.log.witnesses
        for witness in gone { witness.behaviour = .absent }
        let fresh = ["n1", "n2", "n3"].map { SimulatedWitness($0) }
        logged.log.witnesses = fresh
        logged.repository.simulator.requireWitnesses(logged.log.policy(2, of: fresh))
        logged.repository.simulator.bumpRoot()
        try logged.repository.add("1.1", Sample.second)
        let fault = try logged.refusesUpdate("log/no-quorum")
        try logged.updates(accepting: try logged.fingerprint(in: fault))
        #expect(try logged.instance.trustedVersions()["root"] == 2)
        #expect(try logged.instance.agent().check().available == nil)
        try logged.repository.add("1.2", Sample.third)
        try logged.updates(to: "1.2")
    }

    @Test("an instance that never saw the log may begin with an acceptance, and goes on with the log later")
    func first() throws {
        let repository = try ReleaseRepository()
        let log = repository.beginLog()
        try repository.add("1.0", Sample.first)
        repository.logFailures["checkpoint"] = TransportFault(.connectFailed)
        var logged = try LoggedInstance()
        logged.instance = try TestInstance(repository)
        try logged.instance.initialise()
        var found: (any ReportableFault)?
        do { _ = try logged.instance.agent().update() } catch let fault as any ReportableFault { found = fault }
        _ = try logged.instance.agent().update(accepting: try logged.fingerprint(in: found))
        #expect(try logged.instance.wholeVersion() == "1.0")
        repository.logFailures = [:]
        _ = try logged.instance.agent().check()
        #expect(try logged.instance.rememberedLog()?.state.ledger.size == log.size)
    }
}

/// The same repository, and no log.
struct LoglessMirror: RepositoryMirror {
    let repository: ReleaseRepository
    let name = "logless"

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        try repository.fetchMetadata(name, limit: limit, held: held)
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        try repository.fetchTarget(path, length: length, to: partial, progress: progress)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool { false }
}
