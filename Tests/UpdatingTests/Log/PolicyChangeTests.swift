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

/// New roots: each has to be public under the policy of the root before, and a weaker policy counts after seven days.
@Suite struct PolicyChangeTests {
    private static let day = RepositorySimulator.day

    @Test("a new root that was not logged is refused, and nothing of it is stored")
    func unloggedRoot() throws {
        let logged = try LoggedInstance()
        logged.repository.isLogging = false
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        try logged.refusesUpdate("log/unlogged")
        let proof = Digest.sha256(of: logged.repository.simulator.roots[1])
        #expect(logged.repository.requests.contains("log/proofs/\(proof).tlog-proof"))
        logged.repository.logAll()
        _ = try logged.instance.agent().update()
        #expect(try logged.instance.trustedVersions()["root"] == 2)
    }

    @Test("a root whose proof has a quorum under its own, weaker policy only is refused")
    func provedUnderNewPolicyOnly() throws {
        let logged = try LoggedInstance()
        let log = logged.log
        for witness in log.witnesses[1...] { witness.behaviour = .absent }
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[0]]))
        logged.repository.simulator.bumpRoot()
        try logged.repository.add("1.1", Sample.second)
        let fault = try logged.refusesUpdate("log/no-quorum")
        #expect(fault?.found == "1 cosignature, missing w2, w3")
    }

    @Test("the proof of another file does not let a root pass")
    func otherProof() throws {
        let logged = try LoggedInstance()
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        let (old, new) = (logged.repository.simulator.roots[0], logged.repository.simulator.roots[1])
        let proof = logged.log.files[LogSimulator.proofPath(ofContent: old)]
        logged.log.bend[LogSimulator.proofPath(ofContent: new)] = { _ in proof }
        try logged.refusesUpdate("log/unlogged")
    }

    @Test(
        "a weaker policy counts seven days after it was public; until then the old one is asked for as well",
        arguments: [true, false])
    func weakening(knowsNewRoot: Bool) throws {
        var logged = try LoggedInstance()
        let log = logged.log
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[0]]))
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        if knowsNewRoot {
            _ = try logged.instance.agent().check()
            #expect(try logged.instance.trustedVersions()["root"] == 2)
            let older = try #require(try logged.instance.agent().status().log?.older)
            #expect(older.map(\.until) == [RepositorySimulator.now + 7 * Self.day])
        }
        for witness in log.witnesses[1...] { witness.behaviour = .absent }
        logged.wait(6.9 * Self.day)
        try logged.repository.add("1.1", Sample.second)
        let fault = try logged.refusesUpdate("log/no-quorum")
        #expect(fault?.found == "1 cosignature, missing w2, w3")
        logged.wait(0.2 * Self.day)
        logged.log.publish(at: logged.repository.logTime)
        try logged.updates()
        #expect(try logged.instance.agent().status().log?.older.isEmpty == true)
    }

    @Test("a root without any policy after one that had one is refused, and so is one more root after it")
    func droppedPolicy() throws {
        let logged = try LoggedInstance()
        let log = logged.log
        logged.repository.simulator.requireWitnesses(nil)
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        try logged.refusesUpdate("log/no-policy")
        // The way round it: a root without, and a root with another policy.
        for witness in log.witnesses[1...] { witness.behaviour = .absent }
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [log.witnesses[0]]))
        logged.repository.simulator.bumpRoot()
        try logged.repository.add("1.1", Sample.second)
        try logged.refusesUpdate("log/no-quorum")
        #expect(try logged.instance.trustedVersions()["root"] == nil)
    }

    @Test("a policy that was publicly dropped does not come back with a secret root, however late")
    func droppedAndBack() throws {
        var logged = try LoggedInstance()
        logged.repository.simulator.requireWitnesses(nil)
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        logged.wait(8 * Self.day)
        try secretRoot(logged)
        try logged.refusesUpdate("log/unlogged")
    }

    @Test("a root that names a policy again is followed over those that named none, all public under the last named")
    func publicGap() throws {
        var logged = try LoggedInstance()
        let log = logged.log
        logged.repository.simulator.requireWitnesses(nil)
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        logged.wait(8 * Self.day)
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        try logged.refusesUpdate("log/no-policy")
        // Another quorum from now on, and for seven days the last one that was named as well.
        let fresh = SimulatedWitness("w4")
        log.witnesses.append(fresh)
        logged.repository.simulator.requireWitnesses(log.policy(1, of: [fresh]))
        logged.repository.simulator.bumpRoot()
        try logged.repository.add("1.1", Sample.second)
        logged.repository.requests = []
        try logged.updates()
        #expect(logged.repository.requests.filter { $0.hasPrefix("log/proofs/") }.count == 3)
        #expect(try logged.instance.trustedVersions()["root"] == 4)
        for witness in log.witnesses.dropLast() { witness.behaviour = .absent }
        try logged.repository.add("1.2", Sample.third)
        #expect(code { try logged.instance.agent().update() } == "log/no-quorum")
        logged.wait(7.1 * Self.day)
        logged.log.publish(at: logged.repository.logTime)
        try logged.updates(to: "1.2")
    }

    @Test("a root that came in while no log was asked for is judged when one is asked for again")
    func offAndBack() throws {
        var logged = try LoggedInstance()
        try secretRoot(logged)
        logged.instance.log.isRequired = false
        _ = try logged.instance.agent().check()
        #expect(try logged.instance.trustedVersions()["root"] == 2)
        logged.instance.log.isRequired = true
        try logged.refusesUpdate("log/unlogged")
        try DurableStorage().remove(logged.instance.folder.path("state/log/state"))
        try logged.refusesUpdate("log/unlogged")
    }

    @Test("without the state of the log a second root of the version that is stored does not take its place")
    func secondRoot() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        // Root 2 begins a log; what came before could name no witness.
        let log = LogSimulator()
        repository.log = log
        repository.simulator.requireWitnesses(log.policy(2))
        repository.simulator.bumpRoot()
        repository.publish()
        instance.log.isRequired = true
        _ = try instance.agent().update()
        let stored = try instance.folder.read("state/metadata/root.json")
        try DurableStorage().remove(instance.folder.path("state/log/state"))
        _ = try instance.agent().check()
        try DurableStorage().remove(instance.folder.path("state/log/state"))
        let other = LogSimulator(origin: "sceau-log/suite/other")
        repository.simulator.requireWitnesses(other.policy(2))
        repository.simulator.replaceRoot()
        repository.log = other
        repository.publish()
        #expect(code { try instance.agent().check() } == "log/second-content")
        #expect(try instance.folder.read("state/metadata/root.json") == stored)
    }

    /// A root that was never in the log, and names another one in which all the rest is.
    private func secretRoot(_ logged: LoggedInstance) throws {
        let other = LogSimulator(origin: "sceau-log/suite/other")
        logged.repository.simulator.requireWitnesses(other.policy(2))
        logged.repository.simulator.bumpRoot()
        logged.log = other
        try logged.repository.add("1.1", Sample.second)
        let root = try #require(logged.repository.simulator.roots.last)
        #expect(other.files[LogSimulator.proofPath(ofContent: root)] != nil)
    }

    @Test("several roots in one walk, each under the policy before, with witnesses exchanged one by one")
    func manyRoots() throws {
        var logged = try LoggedInstance()
        let log = logged.log
        let fresh = SimulatedWitness("w4")
        log.witnesses.append(fresh)
        for members in [[0, 1, 3], [0, 2, 3], [1, 2, 3]] {
            logged.wait(8 * Self.day)
            logged.repository.simulator.requireWitnesses(log.policy(2, of: members.map { log.witnesses[$0] }))
            logged.repository.simulator.bumpRoot()
            logged.repository.publish()
        }
        try logged.repository.add("1.1", Sample.second)
        logged.repository.requests = []
        try logged.updates()
        #expect(try logged.instance.trustedVersions()["root"] == 4)
        #expect(logged.repository.requests.filter { $0.hasPrefix("log/proofs/") }.count == 3)
    }

    @Test("a product that begins a log later is followed from the root that names it")
    func beginning() throws {
        let repository = try ReleaseRepository()
        try repository.add("1.0", Sample.first)
        var instance = try TestInstance(repository)
        try instance.initialise()
        _ = try instance.agent().update()
        let log = LogSimulator()
        repository.log = log
        repository.simulator.requireWitnesses(log.policy(2))
        repository.simulator.bumpRoot()
        try repository.add("1.1", Sample.second)
        instance.log.isRequired = true
        _ = try instance.agent().update()
        #expect(try instance.wholeVersion() == "1.1")
        #expect(try instance.rememberedLog()?.state.size == log.size)
    }

    @Test("a new log, named by a root that is public in the old one, is read from its beginning")
    func newLog() throws {
        let logged = try LoggedInstance()
        let (old, new) = (logged.log, LogSimulator(origin: "sceau-log/suite/second"))
        logged.repository.simulator.requireWitnesses(new.policy(2))
        logged.repository.simulator.bumpRoot()
        logged.repository.publish()
        // The old log vouches for the root, the new one for everything.
        let root = logged.repository.simulator.roots[1]
        new.files[LogSimulator.proofPath(ofContent: root)] = old.files[LogSimulator.proofPath(ofContent: root)]
        let proof = new.files[LogSimulator.proofPath(ofContent: root)]
        logged.log = new
        try logged.repository.add("1.1", Sample.second)
        new.files[LogSimulator.proofPath(ofContent: root)] = proof
        try logged.updates()
        #expect(try logged.instance.agent().status().log?.origin == "\(new.origin)")
        #expect(try logged.instance.rememberedLog()?.state.size == new.size)
    }
}
