import Auditing
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

/// Something that happens after a monitor has read two states without an alarm, and the ids of what rings then.
struct FollowScenario: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let rings: [String]
    let happens: @Sendable (Watch) throws -> Void

    init(_ name: String, rings: [String], _ happens: @escaping @Sendable (Watch) throws -> Void) {
        testDescription = name
        self.rings = rings
        self.happens = happens
    }

    func check() throws {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        try happens(watch)
        let first = try watch.ids()
        #expect(first == rings.sorted())
        // It goes on, and nothing is lost by having been told once.
        let second = try watch.ids()
        #expect(second == first)
    }
}

@Suite("A monitor")
struct FollowTests {
    @Test(arguments: quiet) func `is silent`(_ scenario: FollowScenario) throws { try scenario.check() }
    @Test(arguments: log) func `rings for the log`(_ scenario: FollowScenario) throws { try scenario.check() }
    @Test(arguments: files) func `rings for what is published`(_ scenario: FollowScenario) throws {
        try scenario.check()
    }
    @Test(arguments: trust) func `rings for roots and witnesses`(_ scenario: FollowScenario) throws {
        try scenario.check()
    }
    @Test(arguments: faces) func `rings for two faces of one log`(_ scenario: FollowScenario) throws {
        try scenario.check()
    }

    static let quiet: [FollowScenario] = [
        .init("when the next state is published as it should be", rings: []) { try $0.made.publishThird() },
        .init("when cosignatures are renewed", rings: []) { try $0.made.publishCheckpoint() },
        .init("when a witness shows nothing, and another is out of reach", rings: []) { watch in
            watch.hidden = ["w1"]
            watch.unreachable = ["w2"]
        },
        .init("when a witness shows what is none of this log", rings: []) { $0.shows["w1"] = [1, 2, 3] },
        .init("when one witness is ahead, while a publication waits for its quorum", rings: []) { watch in
            for witness in watch.made.log.witnesses.dropFirst() { witness.behaviour = .absent }
            watch.made.log.append([1])
            _ = watch.made.log.cosigned(at: watch.now)
        },
        .init("when witnesses show a larger log that they did not cosign", rings: []) { watch in
            for witness in watch.made.log.witnesses { witness.behaviour = .absent }
            watch.made.log.append([1])
            let note = watch.made.log.cosigned(at: watch.now)
            for witness in watch.made.log.witnesses { watch.shows[witness.label] = note }
        },
        .init("when a mirror is behind", rings: []) { watch in
            try watch.addMirror(watch.made.log)
            try watch.made.publishThird()
        },
    ]

    static let log: [FollowScenario] = [
        .init("a quorum cosigned what is not served", rings: ["cosigned-not-served/8"]) { watch in
            watch.made.log.append([1])
            _ = watch.made.log.cosigned(at: watch.now)
        },
        .init("one witness has been ahead for a day", rings: ["cosigned-not-served/8"]) { watch in
            for witness in watch.made.log.witnesses.dropFirst() { witness.behaviour = .absent }
            watch.made.log.append([1])
            _ = watch.made.log.cosigned(at: watch.now)
            try #require(watch.ids() == [])
            watch.now += 25 * 3600
        },
        .init("a checkpoint whose entries are not there", rings: ["cosigned-not-served/11"]) { watch in
            try watch.made.publishThird()
            try watch.made.published.remove("log/tile/entries/000.p/11")
        },
        .init("no checkpoint", rings: ["cosigned-not-served/log/checkpoint"]) {
            try $0.made.published.remove("log/checkpoint")
        },
        .init("an older checkpoint than before", rings: ["rolled-back/7"]) { watch in
            watch.made.log.rewind(to: 0)
            try watch.made.log.write(to: watch.made.published.published())
        },
        .init("a checkpoint of another log", rings: ["bad-checkpoint/log/other-origin"]) { watch in
            let other = LogSimulator(origin: "mallory")
            other.append([1])
            try watch.made.published.replace("log/checkpoint", with: other.cosigned(at: watch.now))
        },
        .init("a gap", rings: ["gap/entry-7"]) { watch in
            watch.made.log.append("snapshot", "snapshot", "4", [1])
            try watch.made.publishCheckpoint()
        },
        .init("a repetition", rings: ["repeated/entry-7"]) { watch in
            watch.made.log.append(watch.made.log.entries[0])
            try watch.made.publishCheckpoint()
        },
        .init("a second content", rings: ["bad-release/suite-stable/1.0/*", "second-content/entry-7/*"]) { watch in
            watch.made.log.append("release", "suite-stable", "1.0", [1])
            try watch.made.publishCheckpoint()
        },
        .init("a release that says to be another one", rings: ["bad-release/suite-stable/9.9/*"]) { watch in
            watch.made.log.append("release", "suite-stable", "9.9", Array("{}\n".utf8))
            try watch.made.publishCheckpoint()
        },
        .init("something malformed", rings: ["bad-log/entry-7"]) { watch in
            watch.made.log.append([1])
            try watch.made.publishCheckpoint()
        },
        .init("an entry that was changed on the way", rings: ["inconsistent/7-11/*"]) { watch in
            try watch.made.publishThird()
            let name = "log/tile/entries/000.p/11"
            var entries = try EntryBundle.decode(watch.made.published.read(name), width: 11)
            entries[8] = LogSimulator.entry("delegated", "suite-stable", "3", [1])
            try watch.made.published.replace(name, with: EntryBundle.encode(entries))
        },
    ]

    static let files: [FollowScenario] = [
        .init("metadata that was logged and is not there", rings: ["unavailable/metadata/1.suite-beta.json"]) { watch in
            watch.made.log.append("delegated", "suite-beta", "1", [1])
            try watch.made.publishCheckpoint()
        },
        .init("an archive that is not there", rings: ["unavailable/targets/suite/stable/1.1/*.suite-1.1.tar.zst"]) {
            watch in
            try watch.made.publishThird()
            try watch.made.published.remove(watch.made.published.stored("1.1", "suite-1.1.tar.zst"))
        },
        .init("an archive of another content", rings: ["unavailable/targets/suite/stable/1.1/*.suite-1.1.tar.zst"]) {
            watch in
            try watch.made.publishThird()
            try watch.made.published.replace(watch.made.published.stored("1.1", "suite-1.1.tar.zst"), with: [1])
        },
        .init("a snapshot that was published and not logged", rings: ["unlogged/snapshot-3"]) { watch in
            try watch.made.published.publish()
        },
        .init(
            "a release that was published and not logged",
            rings: ["unlogged/snapshot-3", "unlogged/suite-stable-3", "unlogged/release-suite-stable-6.6"]
        ) { watch in
            watch.made.published.channel.header.version = 3
            try watch.made.published.addRelease("6.6")
            try watch.made.published.publish()
        },
        .init(
            "metadata that was published and logged with two contents",
            rings: ["second-content/snapshot-2/*"]
        ) { watch in
            watch.made.published.snapshot.header.version = 1
            watch.made.published.snapshot.header.expires += 60
            try watch.made.published.publish()
        },
        .init(
            "metadata that was logged and is not offered",
            rings: ["not-offered/snapshot-2", "unavailable/metadata/3.snapshot.json"]
        ) { watch in
            watch.made.log.append("snapshot", "snapshot", "3", [1])
            try watch.made.publishCheckpoint()
        },
        .init("a timestamp that nobody signed", rings: ["bad-metadata/timestamp-2"]) { watch in
            try watch.made.published.replace("metadata/timestamp.json", text: "\"sig\": \"", with: "\"sig\": \"00")
        },
        .init("metadata that has expired", rings: ["bad-metadata/root-1", "no-heartbeat/2029-12-31T23:01:00Z"]) {
            watch in
            watch.now += 40 * 86_400
        },
    ]

    static let trust: [FollowScenario] = [
        .init("a root that its predecessor did not sign", rings: ["bad-metadata/root-2"]) { watch in
            let published = watch.made.published
            published.setKeys(of: .root, to: [TestKey("mallory")], threshold: 1)
            published.root.header.version = 2
            try published.write(published.root, .root, signers: [TestKey("mallory")])
        },
        .init("a root that was not logged", rings: ["root-not-public/root-2", "unlogged/root-2"]) { watch in
            try watch.made.published.nextRoot()
        },
        .init("a weaker policy", rings: ["weaker-policy/root-2"]) { watch in
            try watch.made.published.nextRoot { try watch.made.setPolicy(watch.made.log.policy(1)) }
            try watch.made.publishLog()
        },
        .init("no policy any more", rings: ["weaker-policy/root-2"]) { watch in
            try watch.made.published.nextRoot { try watch.made.setPolicy(nil) }
            try watch.made.publishLog()
        },
        .init("too few cosignatures", rings: ["no-quorum/7"]) { watch in
            for witness in watch.made.log.witnesses.dropFirst() { witness.behaviour = .absent }
            try watch.made.publishCheckpoint()
        },
        .init("no heartbeat for two days", rings: ["no-heartbeat/2029-12-31T23:01:00Z"]) { $0.now += 2 * 86_400 },
    ]

    static let faces: [FollowScenario] = [
        .init("a witness saw another tree of this size", rings: ["forked/7-*"]) { watch in
            watch.made.log.witnesses[2].behaviour = .complaisant
            watch.shows["w3"] = watch.made.log.secondFace(lastEntry: [1], at: watch.now)
        },
        .init("the source shows another tree than before", rings: ["forked/7-*"]) { watch in
            for witness in watch.made.log.witnesses { witness.behaviour = .complaisant }
            let note = watch.made.log.secondFace(lastEntry: [1], at: watch.now)
            watch.hidden = ["w1", "w2", "w3"]
            try watch.made.published.replace("log/checkpoint", with: note)
        },
        .init("a mirror shows another tree", rings: ["forked/7-*"]) { watch in
            let other = watch.made.log.fork(keeping: 6)
            other.append([1])
            for witness in other.witnesses { witness.behaviour = .complaisant }
            watch.hidden = ["w1", "w2", "w3"]
            other.publish(at: watch.now)
            try watch.addMirror(other)
        },
        .init("a mirror shows another beginning", rings: ["inconsistent/5-7/*"]) { watch in
            let other = watch.made.log.fork(keeping: 4)
            other.append([1])
            for witness in other.witnesses { witness.behaviour = .complaisant }
            watch.hidden = ["w1", "w2", "w3"]
            other.publish(at: watch.now)
            try watch.addMirror(other)
        },
        .init("a mirror shows more than the source", rings: ["mirror-differs/mirror"]) { watch in
            let other = watch.made.log.fork(keeping: 7)
            other.append([1])
            for witness in other.witnesses { witness.behaviour = .complaisant }
            watch.hidden = ["w1", "w2", "w3"]
            other.publish(at: watch.now)
            try watch.addMirror(other)
        },
        .init("a mirror shows no log", rings: ["mirror-differs/mirror"]) { watch in
            try watch.addMirror(LogSimulator())
        },
        .init("the source goes on from another past", rings: ["inconsistent/7-8/*"]) { watch in
            let other = watch.made.log.fork(keeping: 6)
            other.append("delegated", "suite-beta", "1", [1])
            other.append("delegated", "suite-beta", "2", [1])
            for witness in other.witnesses { witness.behaviour = .complaisant }
            watch.hidden = ["w1", "w2", "w3"]
            other.publish(at: watch.now)
            try other.write(to: watch.made.published.published())
        },
        .init("root names another log", rings: ["new-log/*"]) { watch in
            let other = LogSimulator(origin: "another")
            try watch.made.published.nextRoot { try watch.made.setPolicy(other.policy(2)) }
            try watch.made.publishLog()
            // The proof of a root is the old log's, and stays.
            let root = try watch.made.published.read("metadata/2.root.json")
            let proof = LogSimulator.proofPath(ofContent: root)
            for entry in try watch.made.newestEntries() { other.append(entry) }
            other.publish(at: watch.now)
            other.files[proof] = nil
            watch.hidden = ["w1", "w2", "w3"]
            try other.write(to: watch.made.published.published())
        },
    ]
}
