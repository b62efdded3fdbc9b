import Auditing
import DurableStorage
import Foundation
import Primitives
import SystemPackage
import TestSupport
import Testing
import TransparencyLog
import Transport

/// A source that breaks off, withholds, or does the same once more in another way: what a monitor has seen still rings.
@Suite("An alarm cannot be silenced")
struct SilencedAlarmTests {
    private func quietWatch() throws -> Watch {
        let watch = try Watch()
        #expect(try watch.ids() == [])
        return watch
    }

    private func alarms(_ watch: Watch, over source: BreakingSource) throws -> [String] {
        try watch.round(over: .init(name: "source") { source }).alarms.map(\.code.rawValue).sorted()
    }

    /// A witness shows another tree of the size that is live.
    private func showFork(_ watch: Watch) {
        watch.made.log.witnesses[2].behaviour = .complaisant
        watch.shows["w3"] = watch.made.log.secondFace(lastEntry: [1], at: watch.now)
    }

    // MARK: breaking off

    @Test(arguments: ["metadata/timestamp.json", "metadata/2.snapshot.json", "log/tile/entries/000.p/11"])
    func `a source that breaks off does not keep witnesses from being asked`(path: String) throws {
        let watch = try quietWatch()
        if path.hasPrefix("log/") { try watch.made.publishThird() }
        let source = try BreakingSource(watch.made.published.published(), at: [path])
        #expect(throws: TransportFault.self, "nothing rings: it could not look") { try alarms(watch, over: source) }
        showFork(watch)
        #expect(try alarms(watch, over: source).contains("follow/forked"))
    }

    @Test func `what is known already does not turn a source that breaks off into silence`() throws {
        let watch = try quietWatch()
        try watch.made.published.nextRoot { try watch.made.setPolicy(watch.made.log.policy(1)) }
        try watch.made.publishLog()
        let ids = try watch.round().alarms.map(\.id)
        #expect(ids == ["weaker-policy/root-2"])
        _ = try Monitor.acknowledge(ids, in: watch.folder)
        let source = try BreakingSource(watch.made.published.published(), at: ["metadata/timestamp.json"])
        #expect(throws: TransportFault.self) { try alarms(watch, over: source) }
    }

    @Test func `a source that is away for the second look has been seen at the first`() throws {
        let watch = try quietWatch()
        try watch.made.published.remove("log/checkpoint")
        let source = try BreakingSource(watch.made.published.published(), at: [])
        watch.meanwhile = { source.places = ["log/checkpoint"] }
        #expect(try alarms(watch, over: source) == ["follow/cosigned-not-served"])
    }

    // MARK: the same once more

    /// The source goes on from another past; `content` is what differs.
    private func anotherPast(_ watch: Watch, _ content: [UInt8]) throws {
        let other = watch.made.log.fork(keeping: 6)
        for number in 1...2 { other.append("delegated", "suite-beta", "\(number)", content) }
        for witness in other.witnesses { witness.behaviour = .complaisant }
        watch.hidden = ["w1", "w2", "w3"]
        other.publish(at: watch.now)
        try other.write(to: watch.made.published.published())
    }

    @Test func `a second other past of the same size rings although the first is known, and its evidence is kept`()
        throws
    {
        let watch = try quietWatch()
        var evidence: Set<String> = []
        for content in [UInt8(1), 2] {
            try anotherPast(watch, [content])
            let rings = try watch.round().alarms.filter { $0.code == .inconsistent }
            #expect(rings.count == 1, "the \(content)th")
            let names = rings.flatMap(\.evidence)
            #expect(try names.allSatisfy { try !watch.evidence($0).isEmpty })
            evidence.formUnion(names)
            _ = try Monitor.acknowledge(rings.map(\.id), in: watch.folder)
        }
        #expect(evidence.count == 2)
    }

    @Test func `a third content of one thing rings although the second is known`() throws {
        let watch = try quietWatch()
        for content in [UInt8(1), 2] {
            let log = watch.made.log.fork(keeping: 7)
            log.append("release", "suite-stable", "1.0", [content])
            for witness in log.witnesses { witness.behaviour = .complaisant }
            log.publish(at: watch.now)
            try log.write(to: watch.made.published.published())
            let rings = try watch.round().alarms.filter { $0.code == .secondContent }
            #expect(rings.count == 1, "the \(content)th")
            _ = try Monitor.acknowledge(rings.map(\.id), in: watch.folder)
        }
    }

    // MARK: what is needed to compare

    @Test(arguments: [
        (nil, "follow/unavailable"), ([UInt8](repeating: 1, count: 224), "follow/bad-log"), ([1], "follow/bad-log"),
    ])
    func `withheld or bent tiles do not hide that a witness saw another beginning`(
        tile: [UInt8]?, code: String
    ) throws {
        let watch = try quietWatch()
        let other = watch.made.log.fork(keeping: 4)
        other.append([1])
        for witness in other.witnesses { witness.behaviour = .complaisant }
        watch.shows["w3"] = other.cosigned(at: watch.now)
        watch.hidden = ["w1", "w2"]
        let name = "log/tile/0/000.p/7"
        if let tile {
            try watch.made.published.replace(name, with: tile)
        } else {
            try watch.made.published.remove(name)
        }
        let rings = try watch.round().alarms.map(\.code.rawValue)
        #expect(rings == [code])
    }

    @Test func `a witness that only the earlier policy names is asked while that policy counts`() throws {
        let watch = try quietWatch()
        let log = watch.made.log
        try watch.made.published.nextRoot {
            try watch.made.setPolicy(log.policy(1, of: Array(log.witnesses[..<2])))
        }
        try watch.made.publishLog()
        let ids = try watch.round().alarms.map(\.id)
        #expect(ids == ["weaker-policy/root-2"])
        _ = try Monitor.acknowledge(ids, in: watch.folder)
        showFork(watch)
        #expect(try watch.round().alarms.map(\.code) == [.forked])
        watch.now += 8 * 86_400
        try watch.made.publishCheckpoint()
        watch.shows["w3"] = log.secondFace(lastEntry: [2], at: watch.now)
        #expect(try watch.round().alarms.filter { $0.code == .forked }.count == 1, "the one that stands")
    }
}

/// A folder that does not answer for some of its files.
private final class BreakingSource: AuditSource {
    private let base: DirectorySource
    var places: Set<String>

    init(_ folder: FilePath, at places: Set<String>) throws {
        base = try DirectorySource(folder)
        self.places = places
    }

    var name: String { "source" }
    var entries: [PublishedEntry]? { base.entries }

    func read(_ path: PublishedPath, limit: Int) throws -> [UInt8]? {
        if places.contains(path.description) { throw TransportFault(.connectFailed, at: path.description) }
        return try base.read(path, limit: limit)
    }

    func withFile(_ path: PublishedPath, length: Int, _ body: (FilePath) throws -> Void) throws -> Bool {
        try base.withFile(path, length: length, body)
    }
}
