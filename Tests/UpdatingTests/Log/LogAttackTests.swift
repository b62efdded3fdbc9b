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

/// Who holds enough keys, or the log's key, or a mirror, and wants one instance to install what others do not see.
@Suite struct LogAttackTests {
    @Test(
        "a release with all its signatures that is not in the log is refused; everything is asked for once more before")
    func secretRelease() throws {
        let logged = try LoggedInstance()
        try logged.publishSecretly()
        try logged.refusesUpdate("log/unlogged")
        let simulator = logged.repository.simulator
        let role = try #require(simulator.delegated[ReleaseRepository.role]?.header.version)
        let once = [
            "2.root.json", "timestamp.json", "\(simulator.snapshot.header.version).snapshot.json",
            "\(role).mail-suite-stable.json", "log/checkpoint",
        ]
        #expect(logged.repository.requests == once + once)
        logged.repository.logAll()
        try logged.updates()
    }

    @Test("a secret release on a fork of the log that witnesses did not see is refused, and may be asked about")
    func uncosignedFork() throws {
        let logged = try LoggedInstance()
        let fork = logged.log.fork(keeping: logged.log.size)
        logged.log.append("notice", "log", "1", Array("{}".utf8))
        logged.log.publish(at: logged.repository.logTime)
        logged.log = fork
        try logged.repository.add("1.1", Sample.second)
        let fault = try logged.refusesUpdate("log/no-quorum")
        #expect(fault?.family == .refusal)
        #expect(fault?.found?.contains("w1, w2, w3") == true)
        #expect(fault?.hint?.contains("--accept-unwitnessed") == true)
    }

    @Test(
        "two trees of one size are a fork: refused for good, with evidence that stands alone", arguments: [true, false])
    func forkOfOneSize(isCosigned: Bool) throws {
        let logged = try LoggedInstance()
        let fork = logged.log.fork(keeping: logged.log.size - 1)
        for witness in fork.witnesses { witness.behaviour = isCosigned ? .complaisant : .honest }
        fork.append("notice", "log", "1", Array("{}".utf8))
        fork.publish(at: logged.repository.logTime)
        logged.log = fork
        let fault = try logged.refusesUpdate("log/fork")
        #expect(fault?.hint?.contains("--accept-unwitnessed") == false)
        let evidence = try #require(try logged.instance.folder.read("state/log/fork-\(fork.size).evidence"))
        #expect(fault?.message.contains("state/log/fork-\(fork.size).evidence") == true)
        #expect(try ForkEvidence(decoding: evidence).verify().size == fork.size)
    }

    @Test("a log that rewrites an old entry is a fork, whoever cosigned it; both notes are kept")
    func rewrittenEntry() throws {
        let logged = try LoggedInstance()
        let size = logged.log.size
        let fork = logged.log.fork(keeping: size - 1)
        for witness in fork.witnesses { witness.behaviour = .complaisant }
        fork.append("notice", "log", "1", Array("{}".utf8))
        fork.append("notice", "log", "2", Array("{}".utf8))
        fork.publish(at: logged.repository.logTime)
        logged.log = fork
        try logged.refusesUpdate("log/fork")
        #expect(
            try logged.instance.names(in: "state/log") == [
                "fork-\(size)-\(size + 1).\(size).note", "fork-\(size)-\(size + 1).\(size + 1).note", "state",
            ])
    }

    @Test("a log that became shorter is refused")
    func shrunk() throws {
        let logged = try LoggedInstance()
        for witness in logged.log.witnesses { witness.behaviour = .complaisant }
        logged.log = logged.log.fork(keeping: logged.log.size - 1)
        logged.log.publish(at: logged.repository.logTime)
        try logged.refusesUpdate("log/shrunk")
        #expect(logged.repository.requests == ["2.root.json", "timestamp.json", "log/checkpoint"])
    }

    @Test("an old checkpoint shown again freezes nobody: without fresh cosignatures nothing is up to date")
    func freeze() throws {
        var logged = try LoggedInstance()
        logged.instance.now += 72 * 3600
        _ = try logged.instance.agent().check()
        logged.instance.now += 1
        let fault = try logged.refusesUpdate("log/stale")
        #expect(fault?.found == UTCTime.encode(RepositorySimulator.now))
        logged.repository.logTime = logged.instance.now
        logged.log.publish(at: logged.instance.now)
        _ = try logged.instance.agent().check()
    }

    @Test("one witness's key that signed twice is one witness")
    func oneKeyTwice() throws {
        let logged = try LoggedInstance()
        let log = logged.log
        try logged.publishSecretly()
        log.record(logged.repository.simulator)
        for witness in log.witnesses { witness.behaviour = .absent }
        log.publish(at: logged.repository.logTime)
        let (text, witness) = (log.checkpointText(), log.witnesses[0])
        let lines = [0.0, 1.0].flatMap {
            witness.key.cosignatureLine(witness.name, over: text, at: logged.repository.logTime + $0)
        }
        log.publishCheckpoint(text + [UInt8(ascii: "\n")] + log.key.noteLine(log.origin, over: text) + lines)
        let fault = try logged.refusesUpdate("log/no-quorum")
        #expect(fault?.found == "1 cosignature, missing w2, w3")
    }

    @Test("an entry with another content behind the right header is refused")
    func swappedContent() throws {
        let logged = try LoggedInstance()
        try logged.repository.add("1.1", Sample.second)
        logged.bendBundle { bytes in
            bytes[bytes.count - 2] ^= 1
        }
        try logged.refusesUpdate("log/malformed-entry")
    }

    @Test(
        "entries that are not those of the checkpoint are refused, and no fork is claimed: it may be the mirror alone")
    func otherEntry() throws {
        let logged = try LoggedInstance()
        logged.log.append("notice", "log", "1", Array("{\"a\":1}".utf8))
        logged.log.publish(at: logged.repository.logTime)
        let other = LogSimulator.entry("notice", "log", "1", Array("{\"a\":2}".utf8))
        logged.bendBundle { $0.replaceSubrange(($0.count - other.count)..., with: other) }
        try logged.refusesUpdate("log/wrong-root")
        #expect(try logged.instance.names(in: "state/log") == ["state"])
    }

    @Test(
        "a log that says two things, the same twice, or leaves a version out is refused",
        arguments: [
            ("release", "mail-suite-stable", "1.0", "other", "log/second-content"),
            ("release", "mail-suite-stable", "1.0", "", "log/repeated"),
            ("snapshot", "snapshot", "99", "later", "log/gap"),
            ("root", "root", "1", "other", "log/second-content"),
            ("delegated", "targets", "1", "in disguise", "log/malformed-entry"),
        ])
    func contradiction(kind: String, role: String, version: String, content: String, code: String) throws {
        let logged = try LoggedInstance()
        let same = try #require(logged.repository.releases["1.0"]).manifestBytes
        logged.log.append(kind, ByteString(role), version, content.isEmpty ? same : Array(content.utf8))
        logged.log.publish(at: logged.repository.logTime)
        try logged.refusesUpdate(code)
    }

    @Test("metadata of a version that was logged with another content is refused, and cannot be excused")
    func otherContentThanLogged() throws {
        let logged = try LoggedInstance()
        try logged.publishSecretly()
        // Everything that is offered is logged under its version, but one file is another one.
        let role = try #require(logged.repository.simulator.delegated[ReleaseRepository.role]?.header.version)
        logged.log.append("delegated", "mail-suite-stable", "\(role)", Array("what others see".utf8))
        logged.log.publish(at: logged.repository.logTime)
        for entry in logged.repository.simulator.logEntries
        where !logged.log.entries.contains(entry) && !"\(ByteString(entry))".contains("delegated mail-suite-stable") {
            logged.log.append(entry)
        }
        logged.log.publish(at: logged.repository.logTime)
        let fault = try logged.refusesUpdate("log/second-content")
        #expect(fault?.hint?.contains("--accept-unwitnessed") != true)
    }

    @Test("a clock that went back is refused before anybody is asked, and a few minutes are forgiven")
    func clockBack() throws {
        var logged = try LoggedInstance()
        logged.instance.now -= 3600
        let fault = try logged.refusesUpdate("log/clock-behind")
        #expect(fault?.family == .local)
        #expect(logged.repository.requests == [])
        logged.instance.now += 3600 - 600
        _ = try logged.instance.agent().check()
    }

    @Test("a clock that was far ahead in one run does no harm once it is right again", arguments: [50.0, 7200])
    func clockAheadOnce(hours: Double) throws {
        var logged = try LoggedInstance()
        logged.instance.now += hours * 3600
        _ = try? logged.instance.agent().check()
        logged.instance.now -= hours * 3600
        try logged.repository.add("1.1", Sample.second)
        try logged.updates()
    }

    @Test("witnesses whose times are still to come show that this machine's clock is behind")
    func clockBehindWitnesses() throws {
        let logged = try LoggedInstance()
        logged.log.publish(at: logged.instance.now + 3600)
        try logged.refusesUpdate("log/clock-behind")
    }

    @Test("one witness whose clock is five hours wrong changes nothing", arguments: [-5.0, 5.0], [3, 2])
    func oneWrongClock(hours: Double, present: Int) throws {
        var logged = try LoggedInstance()
        logged.log.witnesses[0].clockSkew = hours * 3600
        if present == 2 { logged.log.witnesses[2].behaviour = .absent }
        logged.wait(3600 * 24)
        try logged.repository.add("1.1", Sample.second)
        try logged.updates()
        let cosigned = try #require(try logged.instance.agent().status().log?.lastCosigned)
        #expect(cosigned == logged.instance.now + (present == 2 ? min(0, hours) * 3600 : 0))
        // It makes no old checkpoint fresh either.
        logged.instance.now += 73 * 3600
        #expect(code { try logged.instance.agent().check() } == "log/stale")
    }

    @Test("the instance's own floor is not undercut by any policy")
    func floor() throws {
        var logged = try LoggedInstance()
        logged.log.witnesses[2].behaviour = .absent
        try logged.repository.add("1.1", Sample.second)
        logged.instance.log.floor.count = 3
        let fault = try logged.refusesUpdate("log/below-floor")
        #expect(fault?.found == "2 cosignatures" && fault?.expected == "at least 3")
        logged.log.witnesses[2].behaviour = .honest
        logged.log.publish(at: logged.repository.logTime)
        try logged.updates()
    }

    @Test("an own witness, which no policy names, must have cosigned")
    func ownWitness() throws {
        var logged = try LoggedInstance()
        let own = SimulatedWitness("ours")
        logged.instance.log.floor.witnesses = [try NoteKey(vkey: own.vkey)]
        try logged.repository.add("1.1", Sample.second)
        let fault = try logged.refusesUpdate("log/below-floor")
        #expect(fault?.found?.contains("\(own.name)") == true)
        logged.log.witnesses.append(own)
        logged.log.publish(at: logged.repository.logTime)
        try logged.updates()
    }

    @Test("of new entries no more is taken, nor waited for, than so many can have: who trickles gains little")
    func trickle() throws {
        let logged = try LoggedInstance()
        let before = logged.log.size
        try logged.repository.add("1.1", Sample.second)
        try logged.updates()
        let limit = logged.repository.logLimits["tile/entries/000.p/\(logged.log.size)"]
        #expect(limit == (logged.log.size - before) * 65_537)
    }

    @Test(
        "of a log that too few have seen no entry is read: whoever has its key alone could make it gigabytes",
        arguments: ["quorum", "floor", "root"])
    func unseenEntries(_ lacking: String) throws {
        var logged = try LoggedInstance()
        let log = logged.log
        switch lacking {
        case "quorum": for witness in log.witnesses[1...] { witness.behaviour = .absent }
        case "floor":
            log.witnesses[2].behaviour = .absent
            logged.instance.log.floor.count = 3
        default:
            // The keyholders' keys as well: they name witnesses of their own, and nobody else is asked.
            for witness in log.witnesses { witness.behaviour = .absent }
            log.witnesses += ["n1", "n2"].map { SimulatedWitness($0) }
            logged.repository.simulator.requireWitnesses(log.policy(2, of: Array(log.witnesses.suffix(2))))
            logged.repository.simulator.bumpRoot()
        }
        try logged.repository.add("1.1", Sample.second)
        try logged.refusesUpdate(lacking == "floor" ? "log/below-floor" : "log/no-quorum")
        #expect(logged.repository.requests.contains("log/checkpoint"))
        #expect(!logged.repository.requests.contains { $0.hasPrefix("log/tile/entries/") })
    }

    @Test("another past that too few have seen is told as a fork by its tiles, and no entry of it is read")
    func unseenFork() throws {
        let logged = try LoggedInstance()
        let size = logged.log.size
        let fork = logged.log.fork(keeping: size - 1)
        for number in 1...3 { fork.append("notice", "log", "\(number)", Array("{}".utf8)) }
        fork.publish(at: logged.repository.logTime)
        logged.log = fork
        // Honest witnesses have seen the other one.
        let fault = try logged.refusesUpdate("log/fork")
        #expect(fault?.hint?.contains("--accept-unwitnessed") == false)
        #expect(!logged.repository.requests.contains { $0.hasPrefix("log/tile/entries/") })
        #expect(try logged.instance.names(in: "state/log").contains("fork-\(size)-\(size + 2).\(size + 2).note"))
    }

    @Test("a log of an absurd size is refused before anything of it is fetched")
    func absurdSize() throws {
        let logged = try LoggedInstance()
        let log = logged.log
        let text = log.origin.bytes + Array("\n4000000000\n\(Base64.encode(MerkleHash.emptyTree.bytes))\n".utf8)
        let lines = log.witnesses.flatMap {
            $0.key.cosignatureLine($0.name, over: text, at: logged.repository.logTime)
        }
        log.publishCheckpoint(text + [UInt8(ascii: "\n")] + log.key.noteLine(log.origin, over: text) + lines)
        try logged.refusesUpdate("log/too-much")
        #expect(logged.repository.requests.last == "log/checkpoint")
    }

    @Test(
        "a checkpoint of another log, of nobody, or with a bad line is refused and cannot be excused",
        arguments: [
            ("other", "log/other-origin"), ("unsigned", "log/unsigned"), ("bad", "log/bad-signature"),
        ])
    func otherCheckpoint(what: String, code: String) throws {
        let logged = try LoggedInstance()
        let (log, time) = (logged.log, logged.repository.logTime)
        let (text, note) = (log.checkpointText(), log.cosigned(at: time))
        switch what {
        case "other": log.publishCheckpoint(LogSimulator(origin: "elsewhere").cosigned(at: time))
        case "unsigned":
            let witness = log.witnesses[0]
            log.publishCheckpoint(
                text + [UInt8(ascii: "\n")] + witness.key.cosignatureLine(witness.name, over: text, at: time))
        default:
            let other = Array("x".utf8) + text
            log.publishCheckpoint(
                note + log.witnesses[0].key.cosignatureLine(log.witnesses[0].name, over: other, at: time))
        }
        let fault = try logged.refusesUpdate(code)
        #expect(fault?.hint?.contains("--accept-unwitnessed") != true)
    }
}

extension LoggedInstance {
    /// Bends the bundle that holds the log's end.
    func bendBundle(_ bend: @escaping (inout [UInt8]) -> Void) {
        let path = "log/tile/entries/000.p/\(log.size)"
        log.bend[path] = { bytes in
            var bytes = bytes
            bend(&bytes)
            return bytes
        }
    }
}
