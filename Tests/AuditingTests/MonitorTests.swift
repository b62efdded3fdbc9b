import DurableStorage
import Foundation
import Primitives
import Signatures
import SystemPackage
import TUF
import TestSupport
import Testing
import TransparencyLog
import Transport

@testable import Auditing

@Suite("A monitor's rounds")
struct MonitorTests {
    private static let alice = KeyholderKey(name: "alice", publicKey: TestKey("alice").publicKey)

    // MARK: a publication under way

    @Test func `a publication under way is looked at twice, and does not ring`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        #expect(watch.secondLooks == 0)
        try watch.made.prepare(3)
        try watch.made.published.publish()
        watch.meanwhile = { try watch.made.publishLog() }
        #expect(try watch.ids() == [])
        #expect(watch.secondLooks == 1)
        #expect(try watch.round().size == 11)
    }

    @Test func `a log that is ahead of the metadata for a moment does not ring`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        let timestamp = try watch.made.published.read("metadata/timestamp.json")
        try watch.made.publishThird()
        let newest = try watch.made.published.read("metadata/timestamp.json")
        try watch.made.published.replace("metadata/timestamp.json", with: timestamp)
        watch.meanwhile = { try watch.made.published.replace("metadata/timestamp.json", with: newest) }
        #expect(try watch.ids() == [])
        #expect(watch.secondLooks == 1)
        #expect(try watch.round().size == 11)
    }

    @Test func `what was missing and is there at last rings no more`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        try watch.made.publishThird()
        let name = watch.made.published.stored("1.1", "suite-1.1.tar.zst")
        let bytes = try watch.made.published.read(name)
        try watch.made.published.remove(name)
        #expect(try watch.ids().count == 1)
        try watch.made.published.replace(name, with: bytes)
        #expect(try watch.ids() == [])
    }

    // MARK: words and evidence

    @Test func `says how many public days a weaker policy has left, and since when it counts`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        try watch.made.published.nextRoot { try watch.made.setPolicy(watch.made.log.policy(1)) }
        try watch.made.publishLog()
        let first = try #require(try watch.round().alarms.first)
        #expect(
            first.message
                == "a new root asks for fewer or other witnesses: found a weaker policy, in force from "
                + "2030-01-07T23:02:00Z, 7 public days left (metadata/2.root.json)")
        watch.now += 6.5 * 86_400
        try watch.made.publishCheckpoint()
        #expect(
            try watch.round().alarms.first { $0.code == .weakerPolicy }?.message.contains("1 public day left") == true)
        watch.now += 86_400
        #expect(try watch.round().alarms.first { $0.code == .weakerPolicy }?.message.contains("in force since") == true)
    }

    @Test func `evidence of a fork stands alone, and rings until it is acknowledged`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        for witness in watch.made.log.witnesses { witness.behaviour = .complaisant }
        watch.shows["w3"] = watch.made.log.secondFace(lastEntry: [1], at: watch.now)
        watch.hidden = ["w1", "w2"]
        let alarm = try #require(try watch.round().alarms.first)
        let name = try #require(alarm.evidence.first)
        let fork = try ForkEvidence(decoding: watch.evidence(name)).verify()
        #expect(fork.size == 7)
        #expect(fork.log.vkey == watch.made.log.vkey)
        // The witness thinks better of it: what it showed stays shown.
        watch.hidden = ["w1", "w2", "w3"]
        #expect(try watch.round().alarms == [alarm])
        #expect(try Monitor.acknowledge([alarm.id], in: watch.state.path("state")) == [alarm.id])
        #expect(try watch.ids() == [])
    }

    @Test func `two checkpoints that do not fit together are kept in one file`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        watch.made.log.append([1])
        let note = watch.made.log.cosigned(at: watch.now)
        let alarm = try #require(try watch.round().alarms.first)
        let name = try #require(alarm.evidence.first)
        #expect(name.wholeMatch(of: /checkpoints-7-8-[0-9a-f]{16}-[0-9a-f]{16}\.txt/) != nil)
        let text = try watch.evidence(name)
        #expect(String(decoding: text, as: UTF8.self).contains("--- witness w1\n"))
        #expect(String(decoding: text, as: UTF8.self).contains(String(decoding: note.prefix(90), as: UTF8.self)))
    }

    // MARK: did I sign this?

    @Test func `everything that my key signed rings until I say that I know of it`() throws {
        let watch = try Watch()
        watch.mine = [Self.alice]
        // Root and targets once, the channel twice.
        let signed = try watch.round().alarms.map { Self.withoutDigest($0.id) }.sorted()
        #expect(
            signed
                == ["root/1", "suite-stable/1", "suite-stable/2", "targets/1"].map { "signed-by-you/alice/\($0)" })
        #expect(try Monitor.acknowledge(["all"], in: watch.state.path("state")).count == 4)
        #expect(try watch.ids() == [])
        try watch.made.publishThird()
        let report = try watch.round()
        #expect(
            report.alarms.map { Self.withoutDigest($0.id) }
                == ["root/2", "suite-stable/3"].map { "signed-by-you/alice/\($0)" })
        #expect(report.alarms.last?.message.contains("with release 1.1 new in it, by the key of alice") == true)
        // Nothing new, and still not acknowledged.
        #expect(try watch.round().alarms == report.alarms)
        _ = try Monitor.acknowledge([report.alarms[0].id], in: watch.state.path("state"))
        #expect(try watch.round().alarms == [report.alarms[1]])
    }

    private static func withoutDigest(_ id: String) -> String {
        id.split(separator: "/").dropLast().joined(separator: "/")
    }

    @Test func `what somebody knows of and is over rings when it comes again`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        let checkpoint = try watch.made.published.read("log/checkpoint")
        try watch.made.published.remove("log/checkpoint")
        let ids = try watch.round().alarms.map(\.id)
        #expect(ids == ["cosigned-not-served/log/checkpoint"])
        _ = try Monitor.acknowledge(ids, in: watch.state.path("state"))
        #expect(try watch.ids() == [])
        try watch.made.published.replace("log/checkpoint", with: checkpoint)
        #expect(try watch.ids() == [])
        try watch.made.published.remove("log/checkpoint")
        #expect(try watch.ids() == ids)
    }

    @Test func `long subjects are told apart, and their ids stay short`() {
        let subject = String(repeating: "x", count: 400)
        let ids = ["1", "2"].map { Alarm(.gap, about: subject + $0, at: "log").id }
        #expect(Set(ids).count == 2 && ids.allSatisfy { $0.count <= 300 })
    }

    @Test func `what others signed is no business of mine`() throws {
        let watch = try Watch()
        watch.mine = [KeyholderKey(name: "carol", publicKey: TestKey("carol").publicKey)]
        #expect(try watch.ids() == [])
    }

    @Test(arguments: ["nonsense", "forked", "no-such-code/1"])
    func `what is no id is not acknowledged`(id: String) throws {
        let watch = try Watch()
        watch.mine = [Self.alice]
        let before = try watch.round().alarms
        let folder = watch.state.path("state")
        let fault = #expect(throws: FollowFault.self) { try Monitor.acknowledge(["all", id], in: folder) }
        #expect(fault?.code == .unknownAlarm)
        #expect(try watch.round().alarms == before)
    }

    // MARK: the state

    @Test(arguments: [FaultyStorage.Loss.nothing, .everythingUnflushed])
    func `stopped at any instant, no alarm is lost`(losing loss: FaultyStorage.Loss) throws {
        let watch = try Watch()
        watch.mine = [Self.alice]
        for witness in watch.made.log.witnesses { witness.behaviour = .complaisant }
        watch.hidden = ["w1", "w2"]
        watch.shows["w3"] = watch.made.log.secondFace(lastEntry: [1], at: watch.now)
        let expected = Set(try watch.round().alarms.map(\.id))
        #expect(expected.count == 5)
        var told: Set<String> = []
        let stops = try FaultyStorage.crashAtEveryEffect(losing: loss, in: TemporaryFolder.inMemory) {
            storage, folder in
            told = []
            watch.folder = folder.path("state")
            _ = try watch.round(storage: storage) { told.formUnion($0.alarms.map(\.id)) }
        } afterwards: { folder, _, finished in
            #expect(!finished || told == expected)
            // The witness hides it again; what was only seen then must have been told or be remembered.
            watch.folder = folder.path("state")
            let hasState = try folder.read("state/state") != nil
            if hasState {
                #expect(told == expected)
                #expect(Set(try watch.round().alarms.map(\.id)) == expected)
            } else {
                #expect(Set(try watch.round().alarms.map(\.id)) == expected)
            }
        }
        #expect(stops > 8)
    }

    @Test func `an announcement that fails leaves nothing remembered`() throws {
        let watch = try Watch()
        watch.mine = [Self.alice]
        #expect(throws: CancellationError.self) {
            try watch.round(storage: DurableStorage()) { _ in throw CancellationError() }
        }
        #expect(try watch.state.read("state/state") == nil)
        #expect(try watch.ids().count == 4)
    }

    @Test func `a damaged state is refused and left as it is`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        var bytes = try #require(try watch.state.read("state/state"))
        bytes[bytes.count / 2] ^= 1
        try watch.state.write(bytes, to: "state/state")
        let fault = #expect(throws: FollowFault.self) { try watch.round() }
        #expect(fault?.code == .stateDamaged)
        #expect(fault?.family.exitStatus == 1)
        #expect(try watch.state.read("state/state") == bytes)
    }

    @Test func `two monitors do not work in one folder`() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        let lock = try DurableStorage().lock(watch.state.path("state/lock"))
        let fault = #expect(throws: StorageFault.self) { try watch.round() }
        #expect(fault?.code == .locked)
        withExtendedLifetime(lock) {}
    }

    @Test func `a repository without a log cannot be followed`() throws {
        let watch = try Watch()
        let plain = try PublishedFolder.threeStates()
        try watch.made.published.replace("metadata/1.root.json", with: plain.read("metadata/1.root.json"))
        let fault = #expect(throws: FollowFault.self) {
            try watch.round(over: .init(name: "plain") { try DirectorySource(plain.published()) })
        }
        #expect(fault?.code == .noLog)
    }
}

@Suite("A monitor over HTTP")
struct FollowedServerTests {
    private func watch(_ watch: Watch, _ server: HostileServer) throws -> [String] {
        let scratch = try TemporaryFolder()
        let place = FollowedPlaces.Place(name: "server") {
            try URLSource(server.url, client: HTTPClient(), scratch: scratch.path)
        }
        let digest = /[0-9a-f]{64}/
        return try watch.round(over: place).alarms.map { $0.id.replacing(digest, with: "*") }.sorted()
    }

    @Test func `is silent over an honest server, and reads only what is new`() throws {
        let follower = try Watch()
        let server = try HostileServer(publishing: follower.made.published.published())
        #expect(try watch(follower, server) == [])
        let first = server.requests.count
        #expect(try watch(follower, server) == [])
        // Checkpoint, root 2, timestamp, snapshot, targets, channel.
        #expect(
            server.requests.dropFirst(first).map(\.path).sorted()
                == [
                    "/log/checkpoint", "/metadata/1.suite-stable.json", "/metadata/1.targets.json",
                    "/metadata/2.root.json",
                    "/metadata/2.snapshot.json", "/metadata/timestamp.json",
                ].map { $0.replacing("1.suite-stable", with: "2.suite-stable") }.sorted())
    }

    @Test func `rings for files without end, and reads no further`() throws {
        for (path, expected) in [
            ("log/checkpoint", ["bad-checkpoint/log/checkpoint", "cosigned-not-served/7"]),
            ("log/tile/entries/000.p/7", ["bad-log/log/tile/entries/000.p/7", "cosigned-not-served/7"]),
        ] {
            let follower = try Watch()
            let server = try HostileServer(
                publishing: follower.made.published.published(), except: ["/" + path: .endless])
            let found = try watch(follower, server)
            #expect(found == expected)
        }
    }

    @Test func `a log of giant size is not read`() throws {
        let follower = try Watch()
        let log = follower.made.log
        let root = Data(MerkleHash.emptyTree.bytes).base64EncodedString()
        let text = log.origin.bytes + Array("\n\(1 << 53)\n\(root)\n".utf8)
        let lines = log.witnesses.flatMap { $0.key.cosignatureLine($0.name, over: text, at: follower.now) }
        let server = try HostileServer(
            publishing: follower.made.published.published(),
            except: ["/log/checkpoint": .file(text + [0x0A] + log.key.noteLine(log.origin, over: text) + lines)])
        let found = try watch(follower, server)
        #expect(found == ["bad-checkpoint/log/too-much"])
        #expect(!server.requests.contains { $0.path.hasPrefix("/log/tile") })
    }

    @Test func `a server that is gone is no alarm: it could not look`() throws {
        let follower = try Watch()
        let server = try HostileServer([:])
        server.stop()
        let fault = #expect(throws: TransportFault.self) { try watch(follower, server) }
        #expect(fault?.family.exitStatus == 1)
        #expect(try follower.state.read("state/state") == nil)
    }
}
