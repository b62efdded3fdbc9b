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

/// Who has keys, and an administrator on the telephone: what the override must not be good for.
@Suite struct OverrideAttackTests {
    /// What `RefreshedMetadata.fingerprint` is of what is offered now.
    private func fingerprint(_ logged: LoggedInstance, root: Int = 0) throws -> Digest {
        let simulator = logged.repository.simulator
        let name = RoleName.snapshot.fileName(version: simulator.snapshot.header.version)
        let snapshot = try #require(simulator.file(named: name))
        let digests = [simulator.roots[root], snapshot].map { Digest.sha256(of: $0).hex + "\n" }
        return Digest.sha256(of: Array("sceau-unwitnessed/1\n\(digests.joined())".utf8))
    }

    /// A refusal that offers no override, and one that does not take it either.
    private func refusesOverride(
        _ logged: LoggedInstance, _ code: String, accepted: String? = nil, remembering: Bool = false,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let fault = try logged.refusesUpdate(code, remembering: remembering, sourceLocation: sourceLocation)
        #expect(fault?.hint?.contains("--accept-unwitnessed") != true, sourceLocation: sourceLocation)
        try logged.refusesUpdate(
            accepted ?? code, accepting: fingerprint(logged), sourceLocation: sourceLocation)
    }

    @Test("a snapshot that does not say which files it means is not accepted: its fingerprint would cover others too")
    func snapshotWithoutDigests() throws {
        let logged = try LoggedInstance()
        for witness in logged.log.witnesses[1...] { witness.behaviour = .absent }
        logged.repository.simulator.statesFacts = false
        try logged.repository.add("1.1", Sample.second)
        try refusesOverride(logged, "log/no-quorum")
    }

    @Test("who holds former keys and withholds the public root that took them away is not accepted")
    func withheldRoot() throws {
        let logged = try LoggedInstance()
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        logged.repository.simulator.bend["2.root.json"] = { _ in nil }
        try logged.publishSecretly()
        try refusesOverride(logged, "log/unlogged", remembering: true)
        // Without the log: what was read of it counts all the same.
        logged.log.bend["log/checkpoint"] = { _ in nil }
        try refusesOverride(logged, "log/unreachable")
    }

    /// Another tree of the size that the instance has read.
    private func secondFace(_ logged: LoggedInstance) -> LogSimulator {
        let fork = logged.log.fork(keeping: logged.log.size - 1)
        fork.append("notice", "log", "1", Array("{}".utf8))
        fork.publish(at: logged.repository.logTime)
        return fork
    }

    /// A fork was shown once; then the log is gone.
    private func forkedAndGone() throws -> (LoggedInstance, evidence: String) {
        let logged = try LoggedInstance()
        let log = logged.log
        let fork = secondFace(logged)
        logged.log = fork
        try logged.refusesUpdate("log/fork")
        logged.log = log
        try logged.repository.add("1.1", Sample.second)
        logged.log.bend["log/checkpoint"] = { _ in nil }
        return (logged, "state/log/fork-\(fork.size).evidence")
    }

    @Test("a fork that was proved once is not hidden by taking the log away; status shows where the evidence is")
    func forkThenSilence() throws {
        let (logged, evidence) = try forkedAndGone()
        try refusesOverride(logged, "log/unreachable", accepted: "log/fork")
        #expect(try logged.instance.agent().status().forkEvidence == [logged.instance.folder.path(evidence).string])
        // The administrator has shown it to others, and moved it away.
        try DurableStorage().remove(logged.instance.folder.path(evidence))
        let fault = try logged.refusesUpdate("log/unreachable")
        try logged.updates(accepting: try logged.fingerprint(in: fault))
        #expect(try logged.instance.agent().status().forkEvidence == [])
    }

    @Test("a fork is told as a fork also when its evidence cannot be written")
    func evidenceCannotBeWritten() throws {
        let logged = try LoggedInstance()
        logged.log = secondFace(logged)
        let storage = DurableStorage(observer: NoRoomForEvidence())
        let fault = #expect(throws: LogFault.self) { try logged.instance.agent(storage).update() }
        #expect(fault?.code == .fork)
        #expect(fault?.location?.contains("could not be written") == true)
        #expect(try logged.instance.names(in: "state/log") == ["state"])
    }

    @Test("a fork that shows only when the override is tried ends it, whatever the next mirror offers")
    func forkInSecondPass() throws {
        var logged = try LoggedInstance()
        let fork = secondFace(logged)
        try logged.repository.add("1.1", Sample.second)
        let late = LateMirror(repository: logged.repository)
        logged.instance.mirrors = [late, LoglessMirror(repository: logged.repository)]
        logged.log = fork
        try logged.refusesUpdate("log/fork", accepting: fingerprint(logged))
    }

    @Test("an override under a clock that is days ahead does not end the notice of a weaker policy")
    func clockAhead() throws {
        var logged = try LoggedInstance()
        let (log, day) = (logged.log, RepositorySimulator.day)
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[0]]))
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        _ = try logged.instance.agent().check()
        try logged.repository.add("1.1", Sample.second)
        logged.instance.now += 8 * day
        let fault = try logged.refusesUpdate("log/stale")
        try logged.updates(accepting: try logged.fingerprint(in: fault))
        logged.instance.now -= 7 * day
        logged.repository.logTime += day
        for witness in log.witnesses[1...] { witness.behaviour = .absent }
        try logged.repository.add("1.2", Sample.third)
        #expect(code { try logged.instance.agent().update() } == "log/no-quorum")
        #expect(try logged.instance.wholeVersion() == "1.1")
    }

    @Test("one witness whose clock is years ahead does not keep the old policy in force for years")
    func futureProof() throws {
        var logged = try LoggedInstance()
        let (log, day) = (logged.log, RepositorySimulator.day)
        // It is needed for the quorum under which the new root becomes public.
        log.witnesses[0].clockSkew = 3650 * day
        log.witnesses[2].behaviour = .absent
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[1]]))
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        _ = try logged.instance.agent().check()
        log.witnesses[0].behaviour = .absent
        logged.wait(7.1 * day)
        try logged.repository.add("1.1", Sample.second)
        try logged.updates()
    }
}

/// A disk with room for all but evidence.
private struct NoRoomForEvidence: EffectObserver {
    func willPerform(_ effect: DurableEffect) throws(StorageFault) {
        if case .write(let path) = effect, path.string.contains("evidence") {
            throw StorageFault(.failed, found: "no space left", at: path.string)
        }
    }
}

/// Out of reach when it is first asked.
private final class LateMirror: RepositoryMirror {
    let repository: ReleaseRepository
    let name = "late"
    private var hasBeenAsked = false

    init(repository: ReleaseRepository) { self.repository = repository }

    func fetchMetadata(_ name: String, limit: Int, held: Digest?) throws -> FetchedFile {
        guard hasBeenAsked else {
            hasBeenAsked = true
            throw TransportFault(.connectFailed)
        }
        return try repository.fetchMetadata(name, limit: limit, held: held)
    }

    func fetchTarget(_ path: ByteString, length: Int, to partial: FilePath, progress: (Int) -> Void) throws {
        try repository.fetchTarget(path, length: length, to: partial, progress: progress)
    }

    func fetchLog(
        _ path: ByteString, from offset: Int, limit: Int, into sink: (UnsafeRawBufferPointer) throws -> Void
    ) throws -> Bool { try repository.fetchLog(path, from: offset, limit: limit, into: sink) }
}
